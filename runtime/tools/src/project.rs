//! A project of a handler: the folder that `framebox new` makes and `framebox dev` builds.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

/// The file that makes a folder a project.
pub const FILE: &str = "framebox.toml";
/// Largest such file, bytes.
const LARGEST: u64 = 64 * 1024;

/// What [`FILE`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The handler of which its components become versions.
    pub name: String,
    /// What builds it: a command for `sh`, run in the project's folder.
    pub command: String,
    /// The component that the build makes, relative to the project's folder.
    pub component: PathBuf,
    /// Folders whose change asks for a build, relative to the project's folder.
    pub watch: Vec<PathBuf>,
}

/// Why a folder is no project.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// There is no such file.
    #[error(
        "there is no {FILE} in {}: `framebox new` makes a project, and this makes one of a folder:\n\n{EXAMPLE}",
        folder.display()
    )]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// It cannot be read.
    #[error("cannot read {}: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It says something wrong.
    #[error("{} is wrong: {detail}", file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What.
        detail: String,
    },
}

const EXAMPLE: &str = "\
    [handler]
    name = \"my-handler\"

    [build]
    command = \"sh build\"
    component = \"build/my-handler.wasm\"
    watch = [\".\"]
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    handler: Handler,
    build: Build,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Handler {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    command: String,
    component: PathBuf,
    #[serde(default = "everything")]
    watch: Vec<PathBuf>,
}

fn everything() -> Vec<PathBuf> {
    vec![".".into()]
}

impl Project {
    /// That in `folder`.
    ///
    /// # Errors
    /// When there is none, or what it says is wrong.
    pub fn read(folder: &Path) -> Result<Self, Wrong> {
        let file = folder.join(FILE);
        let text = match std::fs::metadata(&file) {
            Ok(meta) if meta.len() > LARGEST => {
                let detail = format!("it is larger than {LARGEST} bytes");
                return Err(Wrong::Content { file, detail });
            }
            Ok(_) => std::fs::read_to_string(&file),
            Err(error) => Err(error),
        };
        let text = text.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Wrong::Missing { folder: folder.to_owned() },
            _ => Wrong::Unreadable { file: file.clone(), error },
        })?;
        Self::parse(&text).map_err(|detail| Wrong::Content { file, detail })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let File { handler, build } = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        let Build { command, component, watch } = build;
        if handler.name.is_empty() || command.trim().is_empty() {
            return Err("`handler.name` and `build.command` must not be empty".to_owned());
        }
        for path in watch.iter().chain([&component]) {
            if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
                return Err(format!("{} must be within the project's folder", path.display()));
            }
        }
        if component.file_name().is_none() {
            return Err("`build.component` must be the file that the build makes".to_owned());
        }
        Ok(Self { name: handler.name, command, component, watch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_says_what_builds_it() {
        let project = Project::parse(EXAMPLE).unwrap();
        assert_eq!(project.name, "my-handler");
        assert_eq!((project.command.as_str(), project.watch), ("sh build", vec![PathBuf::from(".")]));
        assert_eq!(project.component, Path::new("build/my-handler.wasm"));
        for (wrong, names) in [
            ("", "handler"),
            ("[handler]\nname = 'a'", "build"),
            ("[handler]\nname = 'a'\n[build]\ncommand = ''\ncomponent = 'a'", "empty"),
            ("[handler]\nname = 'a'\n[build]\ncommand = 'b'\ncomponent = '../a'", "within"),
            ("[handler]\nname = 'a'\n[build]\ncommand = 'b'\ncomponent = '.'", "file"),
            ("[handler]\nname = 'a'\n[build]\ncommand = 'b'\ncomponent = 'a'\nwatch = ['/etc']", "within"),
            ("[handler]\nname = 'a'\ncolour = 1", "colour"),
        ] {
            let error = Project::parse(wrong).unwrap_err();
            assert!(error.contains(names), "{wrong}: {error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let error = Project::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("framebox new") && error.contains("[build]"), "{error}");
    }
}
