//! `framebox new`: creates the project of a handler, which builds unchanged.
//!
//! | module | contents |
//! |---|---|
//! | `language` | the languages, and the files that their projects share with the examples |
//! | `kind` | the kinds of handlers |
//! | `files` | the files of a project |
//! | `write` | writes them to a new folder |

mod files;
mod kind;
mod language;
mod write;

use std::path::Path;

use clap::Args;

use crate::Error;
use kind::Kind;
use language::Language;

/// `framebox new`
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct New {
    /// Name of the handler, and of the folder that is created.
    pub name: String,
    /// Programming language: c, go, js, python, rust, ts or zig.
    #[arg(long, value_parser = language::parse)]
    pub lang: Language,
    /// Kind of handler.
    #[arg(long, value_enum, default_value_t = Kind::Transform)]
    pub kind: Kind,
}

const HELP: &str = "\
The project builds unchanged. It contains a handler with a parameter and an output, tests, the interface, and a README with every
command. `sh build.sh` installs missing tools of the language into the project's own folder.

Exit codes:
  0  done
  1  failed: a file cannot be written
  2  wrong usage; or the folder exists, and is left unchanged";

impl New {
    /// Creates the project in the current folder. `fits` returns whether a name is valid for a handler.
    ///
    /// # Errors
    /// The name is invalid or taken, or a file cannot be written.
    pub fn run(&self, fits: impl Fn(&str) -> bool) -> Result<(), Error> {
        let Self { name, lang, kind } = self;
        if !fits(name) {
            let rule = "a handler's name has 1 to 64 characters out of a-z, 0-9, - and _";
            return Err(Error::Usage(format!("{name:?} cannot be the name of a handler: {rule}")));
        }
        let files = files::of(name, *lang, *kind);
        write::write(Path::new(name), &files)?;
        print!("{}", summary(name, *lang, *kind, files.len()));
        Ok(())
    }
}

/// Returns the summary and the next steps.
fn summary(name: &str, lang: Language, kind: Kind, files: usize) -> String {
    // A name that starts with - would be taken for an option.
    let folder = if name.starts_with('-') { format!("./{name}") } else { name.to_owned() };
    let (what, language) = (kind.with_article(), lang.display_name());
    format!(
        "Created {folder}/ with {files} files: {what} in {language}. Next:

  cd {folder}
  sh build.sh          # builds it; installs missing tools
  framebox check build/{name}.wasm
  framebox             # in another terminal: a server, with its page at http://127.0.0.1:8080
  framebox dev .       # builds and uploads on each change

README.md explains the rest.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_name_is_rejected() {
        let new = New { name: "../up".to_owned(), lang: Language::Python, kind: Kind::Transform };
        let error = new.run(|name| name != "../up").unwrap_err();
        assert_eq!(error.code(), 2);
        assert!(error.to_string().contains("a-z"), "{error}");
    }
}
