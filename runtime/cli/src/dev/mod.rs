//! `framebox dev`: builds on each change, pushes what is built, and an open page moves to it by itself.

mod build;
mod sources;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use framebox_tools::project::Project;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::client::{Client, Server, printable};
use super::exit::{Code, Failure};
use super::progress::Line;
use super::push::{Push, read, said, upload};
use build::Outcome;
use sources::Sources;

/// Time between two looks at the sources.
const LOOK: Duration = Duration::from_millis(250);
/// Time between two tries to reach the server.
const RETRY: Duration = Duration::from_secs(2);
/// A version that does harm is taken back by the server within this time, and then that is told.
const TRIAL: Duration = Duration::from_secs(20);

/// `framebox dev`
#[derive(Debug, Args)]
#[command(after_help = super::exit::HELP)]
pub struct Dev {
    /// The project: a folder with a framebox.toml, as `framebox new` makes it.
    #[arg(default_value = ".", value_name = "DIR")]
    pub folder: PathBuf,
    /// The handler of which versions are made. [default: the project's name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The server.
    #[command(flatten)]
    pub server: Server,
}

/// The loop's own.
struct Loop {
    client: Client,
    push: Push,
    project: Project,
    folder: PathBuf,
    page: String,
}

impl Dev {
    /// Does it until it is interrupted.
    ///
    /// # Errors
    /// When there is no project, or the server lets nobody in.
    pub async fn run(self) -> Result<(), Failure> {
        let client = self.server.client()?;
        let usage = |text: String| Failure::new(Code::Usage, text);
        let project = Project::read(&self.folder).map_err(|error| usage(error.to_string()))?;
        let folder =
            self.folder.canonicalize().map_err(|error| usage(format!("{}: {error}", self.folder.display())))?;
        let name = self.name.unwrap_or_else(|| project.name.clone());
        let page = format!("{}/?handler={name}", self.server.server.trim_end_matches('/'));
        let file = folder.join(&project.component);
        let push = Push { file, name, no_activate: false, limits: Vec::new(), server: self.server };
        let work = Loop { client, push, project, folder, page };
        tokio::select! {
            ended = work.run() => ended,
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    }
}

impl Loop {
    async fn run(&self) -> Result<(), Failure> {
        let folders = self.project.watch.iter().map(|folder| self.folder.join(folder)).collect();
        let mut sources = Sources::new(folders, self.push.file.clone());
        sources.look().map_err(unreadable)?;
        let mut greeted = false;
        loop {
            let version = self.turn().await?;
            if !greeted && version.is_some() {
                eprintln!("open {} and edit: what is saved is live there; Ctrl-C ends this", self.page);
                greeted = true;
            }
            let changed = self.wait(&mut sources, version).await?;
            eprintln!("{} changed", self.short(&changed));
        }
    }

    /// Builds and pushes. Returns the version, if there is one.
    async fn turn(&self) -> Result<Option<u64>, Failure> {
        let command = &self.project.command;
        eprintln!("building: {command}");
        self.tell("running", "").await;
        let begin = Instant::now();
        let outcome = build::run(command, &self.folder).await;
        let outcome = outcome.map_err(|error| Failure::new(Code::Failed, format!("cannot run `sh`: {error}")))?;
        if let Outcome::Failed(text) = outcome {
            eprintln!("the build failed; waiting for a change");
            self.tell("failed", &text).await;
            return Ok(None);
        }
        eprintln!("built in {:.1} s", begin.elapsed().as_secs_f64());
        match self.push().await {
            Ok(answer) => {
                self.tell("done", "").await;
                println!("{}", if self.push.server.json { answer.to_string() } else { said(&self.push.name, &answer) });
                Ok(answer["version"].as_u64())
            }
            Err(failure) if failure.code == Code::NotAllowed => Err(failure),
            Err(failure) => {
                eprintln!("framebox: {failure}\nwaiting for a change");
                self.tell("failed", &failure.text).await;
                Ok(None)
            }
        }
    }

    /// Pushes, as soon as there is a server.
    async fn push(&self) -> Result<Value, Failure> {
        let missing = |failure: Failure| match failure.code {
            Code::Usage | Code::Failed => {
                let text = format!("{failure}; framebox.toml names it as the `component` that the build makes");
                Failure::new(Code::Failed, text)
            }
            _ => failure,
        };
        let bytes = bytes::Bytes::from(read(&self.push.file).map_err(missing)?);
        let mut waits = false;
        loop {
            let mut line = Line::new(!self.push.server.json);
            let answer = upload(&self.client, &self.push, bytes.clone(), &mut line).await;
            line.clear();
            match answer {
                Err(failure) if failure.code == Code::Unreachable => {
                    if !waits {
                        eprintln!("{failure}; waiting for it (`framebox --data DIR` starts one)");
                        waits = true;
                    }
                    sleep(RETRY).await;
                }
                answer => return answer,
            }
        }
    }

    /// Waits until sources change, and then until they rest.
    async fn wait(&self, sources: &mut Sources, version: Option<u64>) -> Result<Vec<PathBuf>, Failure> {
        let (begin, mut asked) = (Instant::now(), Instant::now());
        let mut on_trial = version;
        loop {
            let mut changed = sources.look().map_err(unreadable)?;
            if !changed.is_empty() {
                loop {
                    sleep(LOOK).await;
                    let more = sources.look().map_err(unreadable)?;
                    if more.is_empty() {
                        return Ok(changed);
                    }
                    changed.extend(more);
                }
            }
            sleep(LOOK).await;
            if let Some(number) = on_trial
                && asked.elapsed() >= RETRY
            {
                asked = Instant::now();
                if let Some(reason) = self.verdict(number).await {
                    eprintln!("the server took version {number} back: {reason}");
                    on_trial = None;
                } else if begin.elapsed() > TRIAL {
                    on_trial = None;
                }
            }
        }
    }

    /// Why the version was taken back, if it was.
    async fn verdict(&self, number: u64) -> Option<String> {
        let request = self.client.request(Method::GET, &["handlers", &self.push.name, "versions"]);
        let answer = self.client.send(request).await.ok()?;
        let version = answer["versions"].as_array()?.iter().find(|version| version["version"] == number)?;
        version["rolled_back"].as_str().map(printable)
    }

    /// Tells those who watch. They may be none, and the server may not be there: that is no failure.
    async fn tell(&self, state: &str, message: &str) {
        let request = self.client.request(Method::POST, &["handlers", &self.push.name, "build"]);
        let _ = self.client.send(request.json(&json!({ "state": state, "message": message }))).await;
    }

    fn short(&self, changed: &[PathBuf]) -> String {
        let first = changed.first().map(|path| path.strip_prefix(&self.folder).unwrap_or(path).display().to_string());
        match changed.len() {
            0 | 1 => first.unwrap_or_default(),
            more => format!("{} and {} more", first.unwrap_or_default(), more - 1),
        }
    }
}

fn unreadable(error: std::io::Error) -> Failure {
    Failure::new(Code::Failed, format!("the project's folder cannot be watched: {error}"))
}
