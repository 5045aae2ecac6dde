//! Exit codes, for scripts.

use std::process::ExitCode;

/// The exit codes, for `--help`.
pub const HELP: &str = "\
Exit codes:
  0  success
  1  a file cannot be read or written, or the server cannot be started
  2  invalid arguments
  3  the server refused the request
  4  the server cannot be reached
  5  not allowed: the token is missing or invalid, or lacks the scope
  6  the server is busy or limits the rate: try again later
  7  the server failed";

/// An exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The command succeeded.
    Success = 0,
    /// The command failed on this machine.
    Failed = 1,
    /// The arguments are invalid.
    Usage = 2,
    /// The server refused the request.
    Refused = 3,
    /// The server cannot be reached.
    Unreachable = 4,
    /// The token is missing, invalid or lacks the scope.
    NotAllowed = 5,
    /// The server asks to try again later.
    Later = 6,
    /// The server failed.
    Server = 7,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    /// The exit code.
    pub code: Code,
    /// The message for the user.
    pub message: String,
}

impl CommandError {
    /// Creates an error.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl Code {
    /// Returns the code for an HTTP status.
    pub fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Success,
            401 | 403 => Self::NotAllowed,
            429 | 503 => Self::Later,
            // 507: the upload exceeds a quota or the disk.
            507 | 400..=499 => Self::Refused,
            _ => Self::Server,
        }
    }
}

/// Prints the error of a command, if any, to standard error; returns the exit code.
pub fn code(result: Result<(), CommandError>) -> ExitCode {
    let code = match result {
        Ok(()) => Code::Success,
        Err(error) => {
            eprintln!("framebox: {error}");
            error.code
        }
    };
    code.into()
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
    fn each_status_has_a_code_and_each_code_is_documented() {
        for (status, code) in [
            (200, Code::Success),
            (201, Code::Success),
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
