//! `framebox new`: creates a project for a handler, which builds without changes.
//!
//! | module | what it holds |
//! |---|---|
//! | `language` | the languages, and the files that their projects share with the examples |
//! | `kind` | the kinds of handler, with their templates and README texts |
//! | `file`, `files` | the files of a project |
//! | `write` | writes the files into a new folder |

mod file;
mod files;
mod kind;
mod language;
mod write;

use std::path::Path;

use clap::Args;

use crate::Error;
use kind::Kind;
use language::Language;

/// The arguments of `framebox new`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct New {
    /// Name of the handler and of the new folder: 1 to 64 characters out of a-z, 0-9, - and _.
    pub name: String,
    /// Programming language: c, go, js, python, rust, ts or zig.
    #[arg(long, value_parser = language::parse)]
    pub lang: Language,
    /// Kind of handler.
    #[arg(long, value_enum, default_value_t = Kind::Transform)]
    pub kind: Kind,
}

const HELP: &str = "\
The project builds without changes. It contains a handler with a parameter and an output value, tests, the WIT interface, and
a README with all commands. `sh build.sh` downloads missing tools of the language into the project's folder.

Exit codes:
  0  success
  1  a file cannot be written
  2  invalid arguments, or the folder already exists (it is not changed)";

impl New {
    /// Creates the project in the current folder. `is_valid_name` returns whether a server accepts a handler's name.
    ///
    /// # Errors
    /// The name is invalid, the folder already exists, or a file cannot be written.
    pub fn run(&self, is_valid_name: impl Fn(&str) -> bool) -> Result<(), Error> {
        let Self { name, lang, kind } = self;
        if !is_valid_name(name) {
            let rule = "use 1 to 64 characters out of a-z, 0-9, - and _";
            return Err(Error::Usage(format!("{name:?} is not a valid name of a handler: {rule}")));
        }
        let files = files::create(name, *lang, *kind);
        write::write(Path::new(name), &files)?;
        print!("{}", next_steps(name, *lang, *kind, files.len()));
        Ok(())
    }
}

/// Describes what was created and what to do next.
fn next_steps(name: &str, lang: Language, kind: Kind, files: usize) -> String {
    // A name that starts with `-` would be taken for an option.
    let folder = if name.starts_with('-') { format!("./{name}") } else { name.to_owned() };
    let (kind, language) = (kind.with_article(), lang.called());
    format!(
        "Created {folder}/ with {files} files: {kind} in {language}. Next steps:

  cd {folder}
  sh build.sh          # builds the component; downloads missing tools
  framebox check build/{name}.wasm
  framebox             # in another terminal: starts a server, which prints the address of its page
  framebox dev .       # builds and uploads after each change

See README.md for the details.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_server_would_refuse_is_refused() {
        let new = New { name: "../up".to_owned(), lang: Language::Python, kind: Kind::Transform };
        let error = new.run(|name| name != "../up").unwrap_err();
        assert_eq!(error.code(), 2);
        assert!(error.to_string().contains("a-z"), "{error}");
    }
}
