//! The audit log: who changed what, one line of JSON for each change, in the data directory and in the program's log.
//!
//! Unauthorized requests are not part of it, so that strangers cannot push out the history.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;

/// Size after which a file is rotated, bytes.
const LARGEST: u64 = 4 << 20;
/// Rotated files that are kept.
const KEPT: u32 = 4;
/// Longest text in an entry, characters.
const LONGEST: usize = 200;

/// What was done or attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Upload of a version.
    Upload,
    /// Activation of a version, or change of the canary.
    Promote,
    /// Activation of an older version.
    Rollback,
    /// Deletion of a version or a handler.
    Delete,
    /// Creation of a token.
    TokenMade,
    /// Revocation of a token.
    TokenRevoked,
}

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was made.
    Done,
    /// It was refused.
    Refused,
    /// The server failed.
    Failed,
}

/// The word of its entry.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The word of its entry.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A line of the audit log. Its keys are stable.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The token's name; `anyone` without a token, `command line` for `framebox token`, `framebox` for the server itself.
    #[serde(rename = "who")]
    pub principal: String,
    /// Address that the request came from.
    #[serde(rename = "from", skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What was done or attempted.
    #[serde(rename = "what")]
    pub action: Action,
    /// Name of the handler or the token.
    pub name: String,
    /// Version of the handler.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Digest of that version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// HTTP status of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// The audit log.
#[derive(Clone, Debug)]
pub struct Audit {
    folder: Option<PathBuf>,
}

impl Audit {
    /// Opens the log in the data directory `folder`; without one, entries go to the program's log only.
    pub fn new(folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_owned) }
    }

    /// Writes an entry. A failure is reported in the program's log, which has the entry in any case.
    pub fn write(&self, entry: &Entry, now: SystemTime) {
        let Entry { principal, address, action, name, version, digest, outcome, status } = entry;
        tracing::info!(target: "framebox::audit", who = principal, from = address, what = %action, name, version, digest, %outcome, status);
        if let Some(folder) = &self.folder
            && let Err(error) = append(folder, &line(entry, now), LARGEST)
        {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }
}

fn line(entry: &Entry, now: SystemTime) -> Vec<u8> {
    let cut = |text: &str| text.chars().take(LONGEST).collect();
    let entry = Entry { name: cut(&entry.name), digest: entry.digest.as_deref().map(cut), ..entry.clone() };
    #[derive(Serialize)]
    struct Line {
        at: String,
        #[serde(flatten)]
        entry: Entry,
    }
    let at = humantime::format_rfc3339_millis(now).to_string();
    let mut line = serde_json::to_vec(&Line { at, entry }).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Appends a line under a lock, since the server and `framebox token` both write.
fn append(folder: &Path, line: &[u8], largest: u64) -> io::Result<()> {
    let open = |name: &str| OpenOptions::new().create(true).append(true).mode(0o600).open(folder.join(name));
    let lock = open("audit.lock")?;
    lock.lock()?;
    let mut file: File = open("audit.jsonl")?;
    if file.metadata()?.len() + line.len() as u64 > largest {
        let aside = |n: u32| folder.join(format!("audit.{n}.jsonl"));
        for n in (1..KEPT).rev() {
            rename_if_there(&aside(n), &aside(n + 1))?;
        }
        rename_if_there(&folder.join("audit.jsonl"), &aside(1))?;
        file = open("audit.jsonl")?;
    }
    file.write_all(line)
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn entry() -> Entry {
        Entry {
            principal: "ci".into(),
            address: Some("127.0.0.1".into()),
            action: Action::TokenMade,
            name: "a\"\n".repeat(1000),
            version: None,
            digest: None,
            outcome: Outcome::Done,
            status: None,
        }
    }

    #[test]
    fn an_entry_is_one_line_of_bounded_length() {
        let line = String::from_utf8(line(&entry(), UNIX_EPOCH)).unwrap();
        assert!(line.len() < 1000 && line.matches('\n').count() == 1 && line.ends_with('\n'), "{line}");
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["at"], "1970-01-01T00:00:00.000Z");
        assert_eq!((&json["what"], &json["who"]), (&"token-made".into(), &"ci".into()));
        assert!(json.get("digest").is_none());
        // The program's log has the same words.
        assert_eq!(format!("{} {}", entry().action, entry().outcome), "token-made done");
    }

    #[test]
    fn the_log_is_bounded_and_the_latest_entries_are_kept() {
        let folder = std::env::temp_dir().join(format!("framebox-audit-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for i in 0..200 {
            append(&folder, format!("{{\"n\":{i:03}}}\n").as_bytes(), 100).unwrap();
        }
        let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        let expected: Vec<_> = (1..=KEPT).map(|n| format!("audit.{n}.jsonl")).collect();
        assert_eq!(names.len() as u32, KEPT + 2, "{names:?}");
        assert!(expected.iter().all(|name| names.iter().any(|there| there == name.as_str())));
        assert!(fs::read_to_string(folder.join("audit.jsonl")).unwrap().ends_with("{\"n\":199}\n"));
        let lines: Vec<_> =
            fs::read_to_string(folder.join("audit.1.jsonl")).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 10);
        fs::remove_dir_all(folder).unwrap();
    }
}
