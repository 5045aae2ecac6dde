//! The project of a handler: the folder that `framebox new` creates and `framebox dev` builds.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

/// Name of the project file.
pub const FILE: &str = "framebox.toml";
/// Largest project file, bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The content of [`FILE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Name of the handler. Each build becomes a version of it.
    pub name: String,
    /// The build command, run by `sh` in the project's folder.
    pub command: String,
    /// The component that the build writes, relative to the project's folder.
    pub component: PathBuf,
    /// Folders with sources, relative to the project's folder. A change in them starts a build.
    pub watch: Vec<PathBuf>,
}

/// Why a project cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder has no project file.
    #[error(
        "there is no {FILE} in {}: create a project with `framebox new`, or add a {FILE} like this one:\n\n{EXAMPLE}",
        folder.display()
    )]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// The project file cannot be read.
    #[error("cannot read {}: {error}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The reason.
        error: std::io::Error,
    },
    /// The content of the project file is invalid.
    #[error("{} is invalid: {detail}", file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What is invalid.
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
    #[serde(default = "default_watch")]
    watch: Vec<PathBuf>,
}

fn default_watch() -> Vec<PathBuf> {
    vec![".".into()]
}

impl Project {
    /// Reads the project file in `folder`.
    ///
    /// # Errors
    /// There is none, or it is invalid.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let file = folder.join(FILE);
        let text = match std::fs::metadata(&file) {
            Ok(meta) if meta.len() > MAX_BYTES => {
                let detail = format!("the file is larger than {MAX_BYTES} bytes");
                return Err(Error::Content { file, detail });
            }
            Ok(_) => std::fs::read_to_string(&file),
            Err(error) => Err(error),
        };
        let text = text.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::Missing { folder: folder.to_owned() },
            _ => Error::Unreadable { file: file.clone(), error },
        })?;
        Self::parse(&text).map_err(|detail| Error::Content { file, detail })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let File { handler, build } = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        let Build { command, component, watch } = build;
        if handler.name.is_empty() || command.trim().is_empty() {
            return Err("`handler.name` and `build.command` must not be empty".to_owned());
        }
        for path in watch.iter().chain([&component]) {
            if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
                return Err(format!("{} must be a path within the project's folder", path.display()));
            }
        }
        if component.file_name().is_none() {
            return Err("`build.component` must be the path of the file that the build writes".to_owned());
        }
        Ok(Self { name: handler.name, command, component, watch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_file_is_parsed_and_errors_name_what_is_invalid() {
        let project = Project::parse(EXAMPLE).unwrap();
        assert_eq!(project.name, "my-handler");
        assert_eq!((project.command.as_str(), project.watch), ("sh build", vec![PathBuf::from(".")]));
        assert_eq!(project.component, Path::new("build/my-handler.wasm"));
        for (invalid, text) in [
            ("", "handler"),
            ("[handler]\nname = 'a'", "build"),
            ("[handler]\nname = 'a'\n[build]\ncommand = ''\ncomponent = 'a'", "empty"),
            ("[handler]\nname = 'a'\n[build]\ncommand = 'b'\ncomponent = '../a'", "within"),
            ("[handler]\nname = 'a'\n[build]\ncommand = 'b'\ncomponent = '.'", "file"),
            ("[handler]\nname = 'a'\n[build]\ncommand = 'b'\ncomponent = 'a'\nwatch = ['/etc']", "within"),
            ("[handler]\nname = 'a'\ncolour = 1", "colour"),
        ] {
            let error = Project::parse(invalid).unwrap_err();
            assert!(error.contains(text), "{invalid}: {error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let error = Project::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("framebox new") && error.contains("[build]"), "{error}");
    }
}
