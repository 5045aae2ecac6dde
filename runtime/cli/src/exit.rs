//! With which code the program ends, for scripts.

use std::process::ExitCode;

/// What `--help` says of the codes.
pub const HELP: &str = "\
Exit codes:
  0  done
  1  failed on this side: a file cannot be read, the server cannot be started
  2  wrong usage
  3  refused by the server: what was sent, or what is there already, does not allow it
  4  the server cannot be reached
  5  not allowed: no token, a wrong one, or one without the scope
  6  not at this time: too often, or the server is busy; try again later
  7  the server failed";

/// A code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// It was done.
    Done = 0,
    /// It failed on this side.
    Failed = 1,
    /// It was asked for in a wrong way.
    Usage = 2,
    /// The server refused it.
    Refused = 3,
    /// The server cannot be reached.
    Unreachable = 4,
    /// It is not allowed.
    NotAllowed = 5,
    /// The server asks to try later.
    Later = 6,
    /// The server failed.
    Server = 7,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// The code that says so to programs.
    pub code: Code,
    /// The text that says so to people.
    pub text: String,
}

impl Failure {
    /// One of `code`.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl Code {
    /// That of an HTTP status.
    pub fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Done,
            401 | 403 => Self::NotAllowed,
            429 | 503 => Self::Later,
            // What was sent does not fit any more.
            507 | 400..=499 => Self::Refused,
            _ => Self::Server,
        }
    }

    /// That of what came of it; what went wrong is said on standard error.
    pub fn of(result: Result<(), Failure>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(failure) => {
                eprintln!("framebox: {failure}");
                failure.code
            }
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_code_and_each_code_is_documented() {
        for (status, code) in [
            (200, Code::Done),
            (201, Code::Done),
            (302, Code::Server),
            (401, Code::NotAllowed),
            (403, Code::NotAllowed),
            (404, Code::Refused),
            (409, Code::Refused),
            (422, Code::Refused),
            (429, Code::Later),
            (500, Code::Server),
            (503, Code::Later),
            (507, Code::Refused),
        ] {
            assert_eq!(Code::of_status(status), code, "{status}");
            assert!(HELP.contains(&format!("\n  {}  ", code as u8)), "{code:?}");
        }
    }
}
