//! `framebox new`: a project of a handler of one's own, which builds as it is.
//!
//! | module | what it holds |
//! |---|---|
//! | `language` | the languages, and what their projects hold beside the templates |
//! | `kind` | what the handler of a new project does |
//! | `files` | the files of a project |
//! | `write` | puts them into a folder that was not there |

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
    /// Name of the handler, and of the folder that is made for it.
    pub name: String,
    /// Language in which it is written: c, go, js, python, rust, ts or zig.
    #[arg(long, value_parser = language::parse)]
    pub lang: Language,
    /// What it does with video.
    #[arg(long, value_enum, default_value_t = Kind::Transform)]
    pub kind: Kind,
}

const HELP: &str = "\
The project builds as it is: it has a handler with a parameter and a value, tests, the interface, and a README with every
command. `sh build.sh` gets the tools of the language that are not there, into the project's own folder.

Exit codes:
  0  done
  1  failed on this side: a file cannot be written
  2  wrong usage; also when there is such a folder, which is not touched";

impl New {
    /// Makes it in the current folder. `fits` tells whether a server takes a handler of a name.
    ///
    /// # Errors
    /// When the name is none or taken, or a file cannot be written.
    pub fn run(&self, fits: impl Fn(&str) -> bool) -> Result<(), Error> {
        let Self { name, lang, kind } = self;
        if !fits(name) {
            let rule = "a handler's name has 1 to 64 characters out of a-z, 0-9, - and _";
            return Err(Error::Usage(format!("{name:?} cannot be the name of a handler: {rule}")));
        }
        let files = files::of(name, *lang, *kind);
        write::write(Path::new(name), &files)?;
        print!("{}", said(name, *lang, *kind, files.len()));
        Ok(())
    }
}

/// What is said when it is done: what comes next.
fn said(name: &str, lang: Language, kind: Kind, files: usize) -> String {
    // A name may begin as an option does.
    let folder = if name.starts_with('-') { format!("./{name}") } else { name.to_owned() };
    let (what, language) = (kind.called(), lang.called());
    format!(
        "Made {folder}/ with {files} files: {what} in {language}. Next:

  cd {folder}
  sh build.sh          # builds it; gets what is missing
  framebox check build/{name}.wasm
  framebox             # in another terminal: a server, with its page at http://127.0.0.1:8080
  framebox dev .       # builds and pushes on each change

README.md tells the rest.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_server_takes_is_refused() {
        let new = New { name: "../up".to_owned(), lang: Language::Python, kind: Kind::Transform };
        let error = new.run(|name| name != "../up").unwrap_err();
        assert_eq!(error.code(), 2);
        assert!(error.to_string().contains("a-z"), "{error}");
    }
}
