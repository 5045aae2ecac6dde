//! What ffmpeg says, without addresses and credentials.

use url::Url;

/// Stands for what was removed.
const REMOVED: &str = "…";
/// Longest line, characters.
const LINE: usize = 200;
/// Shortest credential that can be removed from a text without making nonsense of it, bytes.
const SHORTEST: usize = 4;
/// What ends an address within a text.
const ENDS: [char; 6] = ['\'', '"', '<', '>', ' ', '\t'];

/// Removes addresses and credentials from what ffmpeg says about an address, or about a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redact {
    /// The longest first.
    secrets: Vec<String>,
    /// Nothing can be said without giving it away.
    is_silent: bool,
}

impl Redact {
    /// Of what is read from an address.
    pub(crate) fn of(url: &Url) -> Self {
        let mut secrets = vec![url.as_str().to_owned()];
        let mut credentials = Vec::new();
        for text in [Some(url.username()), url.password()].into_iter().flatten().filter(|text| !text.is_empty()) {
            credentials.push(text.to_owned());
            credentials.push(decoded(text));
        }
        // A path is a key of its own for some services.
        credentials.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
        credentials.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        credentials.extend(url.query().map(str::to_owned));
        let is_silent = [Some(url.username()), url.password()]
            .into_iter()
            .flatten()
            .any(|text| (1..SHORTEST).contains(&text.len()));
        secrets.extend(url.host_str().map(str::to_owned));
        secrets.extend(credentials.into_iter().filter(|text| text.len() >= SHORTEST));
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { secrets, is_silent }
    }

    /// Returns `text` without addresses, credentials, what is for the screen only, and the places in ffmpeg's code.
    pub(crate) fn clean(&self, text: &str) -> String {
        if self.is_silent {
            return String::new();
        }
        let lines = text.lines().map(|line| self.line(line));
        lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn line(&self, line: &str) -> String {
        let plain: String = line.chars().filter(|c| !c.is_control()).collect();
        // "[rtsp @ 0x55d0c8a0] words", sometimes several of them.
        let mut line = plain.as_str();
        while let Some((place, rest)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            if !place.contains(" @ ") {
                break;
            }
            line = rest.trim_start();
        }
        let mut line = line.to_owned();
        for secret in &self.secrets {
            line = line.replace(secret, REMOVED);
        }
        let words = line.split_inclusive(ENDS).map(|word| match word.find("://") {
            None => word.to_owned(),
            Some(_) => {
                let end = word.chars().next_back().filter(|c| ENDS.contains(c));
                let colon = if word.trim_end_matches(ENDS).ends_with(':') { ":" } else { "" };
                format!("{REMOVED}{colon}{}", end.map(String::from).unwrap_or_default())
            }
        });
        let line: String = words.collect();
        line.replace("/proc/self/fd/0", REMOVED).chars().take(LINE).collect::<String>().trim().to_owned()
    }
}

/// Decodes what is percent-encoded.
fn decoded(text: &str) -> String {
    // The only decoder that comes with `url` is that of forms, for which a plus is a space.
    let pair = format!("={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(url: &str, text: &str) -> String {
        Redact::of(&Url::parse(url).unwrap()).clean(text)
    }

    #[test]
    fn addresses_and_credentials_are_removed() {
        let url = "rtsp://admin:s3cr%23t+x@camera.example:8554/live/key12?token=abcdef";
        for (text, expected) in [
            (format!("{url}: Connection refused"), "…: Connection refused"),
            (
                "[rtsp @ 0x55d0] [tcp @ 0x1] Connection to tcp://camera.example:8554?timeout=5 failed: x".into(),
                "Connection to … failed: x",
            ),
            (
                "Failed to resolve hostname camera.example: Name or service not known".into(),
                "Failed to resolve hostname …: Name or service not known",
            ),
            ("opening 'http://other.example/?password=1' now".into(), "opening '…' now"),
            ("user admin, password s3cr#t+x or s3cr%23t+x, key12 abcdef".into(), "user …, password … or …, … …"),
            ("\u{1b}[31mred\u{1b}[0m\n\n  \nlast".into(), "[31mred[0m\nlast"),
        ] {
            assert_eq!(clean(url, &text), expected);
        }
    }

    #[test]
    fn a_short_password_leaves_nothing_to_say() {
        assert_eq!(clean("rtsp://a:b@host/", "a line about a and b"), "");
        assert_eq!(clean("rtsp://host/", "a line about host"), "a line about …");
    }

    #[test]
    fn lines_are_short_and_a_file_has_no_name() {
        let text = format!("/proc/self/fd/0: {}", "x".repeat(500));
        let cleaned = Redact::default().clean(&text);
        assert!(
            cleaned.starts_with("…: xxx") && cleaned.chars().count() == LINE - "/proc/self/fd/0".len() + 1
                || cleaned.chars().count() <= LINE
        );
    }
}
