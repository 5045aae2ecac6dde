//! The languages in which a project can be, and what their projects share with the examples.

use std::borrow::Cow;

use clap::ValueEnum;

use super::files::File;
use super::kind::Kind;

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// With componentize-py.
    Python,
}

/// A file of the examples.
macro_rules! example {
    ($path:literal) => {
        include_str!(concat!("../../../../guest-examples/", $path))
    };
}

impl Language {
    /// Its name as people write it.
    pub(super) fn called(self) -> &'static str {
        match self {
            Self::Python => "Python",
        }
    }

    /// Folder of its templates.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Python => "python",
        }
    }

    /// The file in which to change what the handler does.
    pub(super) fn effect(self) -> &'static str {
        match self {
            Self::Python => "effect.py",
        }
    }

    /// Adds what its projects have from the examples.
    pub(super) fn shared(self, _kind: Kind, files: &mut Vec<File>) {
        let mut put = |path: &str, text: &'static str| {
            files.push(File { path: path.into(), content: Cow::Borrowed(text.as_bytes()) });
        };
        match self {
            Self::Python => put("framebox.py", example!("python/framebox.py")),
        }
    }
}
