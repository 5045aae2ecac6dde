//! Why a source gives no pictures.

use std::time::Duration;

/// Why a source gives no pictures. The texts are for people, and hold no address and no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// There is no ffmpeg.
    #[error(
        "ffmpeg is not installed: install it (Debian: apt install ffmpeg), or name it in the configuration ([ffmpeg] path)"
    )]
    NotInstalled,
    /// It is not to be used.
    #[error("the server is told not to use ffmpeg ([ffmpeg] enabled)")]
    Off,
    /// The ffmpeg that is there is too old.
    #[error("ffmpeg is too old here: 5.1 or a later version is needed")]
    TooOld,
    /// The child could not be confined or executed. Why is for the operator, and was logged.
    #[error("ffmpeg cannot be run: the log of the server says why")]
    Jail(String),
    /// An address is private, and was not granted.
    #[error("it leads to a private address that is not granted: list it in the input's `private`")]
    Refused,
    /// There is no such host, file or path.
    #[error("it was not found{}", said(.0))]
    NotFound(String),
    /// Nobody answers.
    #[error("it cannot be reached{}", said(.0))]
    Unreachable(String),
    /// The credentials are missing or wrong.
    #[error("it asks for other credentials")]
    Unauthorized,
    /// It came, and nothing more.
    #[error("nothing came from it for {} s", .0.as_secs())]
    Silent(Duration),
    /// It ended without any picture.
    #[error("it ended without a picture")]
    Empty,
    /// It was to go on, and came to an end.
    #[error("it came to an end")]
    Over,
    /// Nobody took its pictures any more.
    #[error("its pictures were not taken any more")]
    Unread,
    /// Decoding it takes too much memory.
    #[error("decoding it takes more memory than a source may use: its pictures are too large")]
    Memory,
    /// Decoding it takes too much time.
    #[error("decoding it takes more time of the processor than a source may use")]
    Time,
    /// It is live, and its pictures have to be made whole, which was not asked for.
    #[error("its pictures are interlaced")]
    Interlaced,
    /// H.264 was asked for.
    #[error("its video is not H.264")]
    NotH264,
    /// It is no video, or one that this ffmpeg does not know.
    #[error("ffmpeg cannot read it{}", said(.0))]
    Unreadable(String),
}

fn said(what: &str) -> String {
    if what.is_empty() { String::new() } else { format!(": {what}") }
}

impl Failure {
    /// What ffmpeg says when there was no picture, also when it ends as it should.
    pub(crate) const NOTHING: &str = "nothing was encoded";

    /// Whether it stays until somebody does something about it: trying again soon is of no use, and may lock an account.
    pub fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::NotInstalled
                | Self::Off
                | Self::TooOld
                | Self::Jail(_)
                | Self::Refused
                | Self::Unauthorized
                | Self::NotH264
        )
    }

    /// Recognises a failure by what ffmpeg said; `clean` is the same without addresses.
    pub(crate) fn from_words(text: &str, clean: &str) -> Self {
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let said = || last_line(clean);
        if has(&["Unrecognized option", "Option not found"]) {
            Self::TooOld
        } else if has(&["401 Unauthorized", "403 Forbidden", "Server returned 401", "Server returned 403"]) {
            Self::Unauthorized
        } else if has(&["annot allocate memory", "out of memory", "get_buffer() failed"]) {
            Self::Memory
        } else if has(&["not supported by the bitstream filter"]) {
            Self::NotH264
        } else if has(&["Failed to resolve", "404 Not Found", "Server returned 404", "No such file", "No such device"])
        {
            Self::NotFound(said())
        } else if has(&[
            "Connection refused",
            "timed out",
            "unreachable",
            "No route to host",
            "Connection reset",
            "Input/output error",
        ]) {
            Self::Unreachable(said())
        } else if text.contains(Self::NOTHING) {
            Self::Empty
        } else {
            Self::Unreadable(said())
        }
    }
}

/// The last line that says something.
fn last_line(text: &str) -> String {
    // The second one is of a library that cannot lock its keys in memory.
    const NOISE: [&str; 4] = ["Conversion failed", "using insecure memory", "Error while filtering", "Exiting"];
    let says = |line: &&str| !line.is_empty() && !NOISE.iter().any(|noise| line.contains(noise));
    text.lines().map(str::trim).rfind(says).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_recognised_by_what_ffmpeg_says() {
        for (text, failure) in [
            ("Unrecognized option 'fps_mode'.\nError splitting the argument list: Option not found", Failure::TooOld),
            ("method DESCRIBE failed: 401 Unauthorized\n…: Server returned 401 Unauthorized", Failure::Unauthorized),
            ("Error while opening decoder\nCannot allocate memory", Failure::Memory),
            ("Codec 'hevc' (173) is not supported by the bitstream filter 'h264_mp4toannexb'.", Failure::NotH264),
            (
                "Failed to resolve hostname …: Name or service not known",
                Failure::NotFound("Failed to resolve hostname …: Name or service not known".into()),
            ),
            ("…: Connection refused\n", Failure::Unreachable("…: Connection refused".into())),
            ("Output file is empty, nothing was encoded (check -ss / -t / -frames)", Failure::Empty),
            (
                "…: Invalid data found when processing input\nConversion failed!\n\n",
                Failure::Unreadable("…: Invalid data found when processing input".into()),
            ),
            ("", Failure::Unreadable(String::new())),
        ] {
            assert_eq!(Failure::from_words(text, text), failure, "{text}");
        }
    }

    #[test]
    fn what_is_not_installed_says_what_to_install() {
        assert!(Failure::NotInstalled.to_string().contains("apt install ffmpeg"));
        assert_eq!(Failure::Unreadable(String::new()).to_string(), "ffmpeg cannot read it");
        assert_eq!(Failure::Unreadable("why".into()).to_string(), "ffmpeg cannot read it: why");
    }
}
