//! `framebox dev`: builds a project after each change and uploads the component; open pages switch to it.
//!
//! | module | what it holds |
//! |---|---|
//! | `build` | runs the build command and keeps the end of its output |
//! | `watch` | finds changed source files |

mod build;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use framebox_tools::project::Project;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::client::{Client, Server, printable};
use super::exit::{Code, CommandError};
use super::progress::Line;
use super::push::{Push, read, summary, upload};
use build::Outcome;
use watch::Watcher;

/// Time between two scans of the sources.
const SCAN_INTERVAL: Duration = Duration::from_millis(250);
/// Time between two tries to reach the server.
const RETRY: Duration = Duration::from_secs(2);
/// Time after an upload during which a rollback by the server is reported.
const PROBATION: Duration = Duration::from_secs(20);

/// The arguments of `framebox dev`.
#[derive(Debug, Args)]
#[command(after_help = super::exit::HELP)]
pub struct Dev {
    /// Folder of the project, with a framebox.toml as `framebox new` creates it.
    #[arg(default_value = ".", value_name = "DIR")]
    pub folder: PathBuf,
    /// Name of the handler [default: the name in framebox.toml]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Server and token.
    #[command(flatten)]
    pub server: Server,
}

/// The loop of building, uploading and waiting for changes.
struct Loop {
    client: Client,
    push: Push,
    project: Project,
    folder: PathBuf,
    page: String,
}

impl Dev {
    /// Builds and uploads until it is interrupted.
    ///
    /// # Errors
    /// There is no valid project, or the server does not allow uploads.
    pub async fn run(self) -> Result<(), CommandError> {
        let client = self.server.client()?;
        let usage = |message: String| CommandError::new(Code::Usage, message);
        let project = Project::read(&self.folder).map_err(|error| usage(error.to_string()))?;
        let folder =
            self.folder.canonicalize().map_err(|error| usage(format!("{}: {error}", self.folder.display())))?;
        let name = self.name.unwrap_or_else(|| project.name.clone());
        let page = client.page(&name);
        let file = folder.join(&project.component);
        let push = Push { file, name, no_activate: false, limits: Vec::new(), server: self.server };
        let work = Loop { client, push, project, folder, page };
        tokio::select! {
            result = work.run() => result,
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    }
}

impl Loop {
    async fn run(&self) -> Result<(), CommandError> {
        let folders = self.project.watch.iter().map(|folder| self.folder.join(folder)).collect();
        let mut watcher = Watcher::new(folders, self.push.file.clone());
        watcher.scan().map_err(unreadable)?;
        let mut is_page_shown = false;
        loop {
            let version = self.build_and_upload().await?;
            if !is_page_shown && version.is_some() {
                eprintln!(
                    "open {} to see the handler: each saved change goes live there; press Ctrl-C to stop",
                    self.page
                );
                is_page_shown = true;
            }
            let changed = self.wait(&mut watcher, version).await?;
            eprintln!("{} changed", self.describe(&changed));
        }
    }

    /// Builds and uploads; returns the version, unless that failed.
    async fn build_and_upload(&self) -> Result<Option<u64>, CommandError> {
        let command = &self.project.command;
        eprintln!("building: {command}");
        self.report("running", "").await;
        let begin = Instant::now();
        let outcome = build::run(command, &self.folder).await;
        let outcome = outcome.map_err(|error| CommandError::new(Code::Failed, format!("cannot run `sh`: {error}")))?;
        if let Outcome::Failed(text) = outcome {
            eprintln!("the build failed; waiting for a change of the sources");
            self.report("failed", &text).await;
            return Ok(None);
        }
        eprintln!("built in {:.1} s", begin.elapsed().as_secs_f64());
        match self.upload().await {
            Ok(response) => {
                self.report("done", "").await;
                match self.push.server.json {
                    true => println!("{response}"),
                    false => println!("{}", summary(&self.push.name, &response)),
                }
                Ok(response["version"].as_u64())
            }
            Err(error) if error.code == Code::NotAllowed => Err(error),
            Err(error) => {
                eprintln!("framebox: {error}\nwaiting for a change of the sources");
                self.report("failed", &error.message).await;
                Ok(None)
            }
        }
    }

    /// Uploads the component, as soon as the server can be reached.
    async fn upload(&self) -> Result<Value, CommandError> {
        let with_hint = |error: CommandError| {
            let hint = "the build must write the file that `component` in framebox.toml names";
            CommandError::new(Code::Failed, format!("{error}; {hint}"))
        };
        let bytes = bytes::Bytes::from(read(&self.push.file).map_err(with_hint)?);
        let mut is_waiting = false;
        loop {
            let mut line = Line::new(!self.push.server.json);
            let result = upload(&self.client, &self.push, bytes.clone(), &mut line).await;
            line.clear();
            match result {
                Err(error) if error.code == Code::Unreachable => {
                    if !is_waiting {
                        eprintln!("{error}\nwaiting for the server; start one with `framebox --data DIR`");
                        is_waiting = true;
                    }
                    sleep(RETRY).await;
                }
                result => return result,
            }
        }
    }

    /// Waits until sources change, and then until they no longer change. Meanwhile reports a rollback of `version`.
    async fn wait(&self, watcher: &mut Watcher, version: Option<u64>) -> Result<Vec<PathBuf>, CommandError> {
        let (begin, mut asked) = (Instant::now(), Instant::now());
        let mut on_probation = version;
        loop {
            let mut changed = watcher.scan().map_err(unreadable)?;
            if !changed.is_empty() {
                loop {
                    sleep(SCAN_INTERVAL).await;
                    let more = watcher.scan().map_err(unreadable)?;
                    if more.is_empty() {
                        return Ok(changed);
                    }
                    changed.extend(more);
                }
            }
            sleep(SCAN_INTERVAL).await;
            if let Some(number) = on_probation
                && asked.elapsed() >= RETRY
            {
                asked = Instant::now();
                if let Some(reason) = self.rollback_reason(number).await {
                    eprintln!("the server rolled back version {number}: {reason}");
                    on_probation = None;
                } else if begin.elapsed() > PROBATION {
                    on_probation = None;
                }
            }
        }
    }

    /// Returns the reason for which the server rolled the version back, if it did.
    async fn rollback_reason(&self, number: u64) -> Option<String> {
        let request = self.client.request(Method::GET, &["handlers", &self.push.name, "versions"]);
        let response = self.client.send(request).await.ok()?;
        let version = response["versions"].as_array()?.iter().find(|version| version["version"] == number)?;
        version["rolled_back"].as_str().map(printable)
    }

    /// Sends the state of the build to the server, which shows it on open pages. An error is ignored, because the terminal shows
    /// the state, too.
    async fn report(&self, state: &str, message: &str) {
        let request = self.client.request(Method::POST, &["handlers", &self.push.name, "build"]);
        let _ = self.client.send(request.json(&json!({ "state": state, "message": message }))).await;
    }

    /// Formats the changed files: the first one and the number of others.
    fn describe(&self, changed: &[PathBuf]) -> String {
        let first = changed.first().map(|path| path.strip_prefix(&self.folder).unwrap_or(path).display().to_string());
        match changed.len() {
            0 | 1 => first.unwrap_or_default(),
            more => format!("{} and {} more", first.unwrap_or_default(), more - 1),
        }
    }
}

fn unreadable(error: std::io::Error) -> CommandError {
    CommandError::new(Code::Failed, format!("cannot watch the folder of the project: {error}"))
}
