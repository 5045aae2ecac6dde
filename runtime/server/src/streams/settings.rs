//! What a stream is made of, and who may do what.

use std::time::Duration;

use framebox_pipeline::{Skipping, Unprocessed};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::Error;
use super::presence::Start;
use crate::config::SourceInput;
use crate::sessions::owner::Requester;

/// Longest name, bytes.
pub const MAX_NAME: usize = 64;
/// Longest title, characters.
pub const MAX_TITLE: usize = 120;
/// How long a stream outlives its publisher unless it is told otherwise.
pub const AWAY: Duration = Duration::from_secs(30);
/// The longest such time.
pub const MAX_AWAY: Duration = Duration::from_secs(3600);
/// How long a stream that starts with its first viewer goes on without any.
pub const IDLE: Duration = Duration::from_secs(30);

/// Who may watch a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Everybody, also without a token.
    Anyone,
    /// Whoever has the scope `watch`.
    #[default]
    Watch,
    /// Its owner.
    Owner,
}

/// Who may change the parameters of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = StreamControl)]
pub enum Control {
    /// Its owner.
    #[default]
    Owner,
    /// Everybody who watches it.
    Viewers,
}

/// Where the frames of a stream come from.
#[derive(Clone, Debug)]
pub enum Input {
    /// A round trip that runs, by the id of its session: its viewers see what its author sees.
    Session(String),
    /// Whoever publishes into it.
    Publish,
    /// A source that the operator named.
    Source(SourceInput),
    /// The handler makes them.
    Clock,
}

impl Input {
    /// Its name in the API.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Publish => "publish",
            Self::Source(_) => "source",
            Self::Clock => "clock",
        }
    }
}

/// What a stream is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For people; may be empty.
    pub title: String,
    /// Name of the handler; `None`: the server's default.
    pub handler: Option<String>,
    /// Where its frames come from.
    pub input: Input,
    /// Parameters of the handler at the start.
    pub parameters: Map<String, Value>,
    /// Rate of a generator, frames a second.
    pub fps: Option<f32>,
    /// Which frames are skipped, unless the handler's policy says so.
    pub skipping: Option<Skipping>,
    /// What is shown for a frame without a result, likewise.
    pub unprocessed: Option<Unprocessed>,
    /// Who may watch it.
    pub watch: Audience,
    /// Who may change its parameters.
    pub control: Control,
    /// When its session starts.
    pub start: Start,
    /// How long its session goes on without viewers, where it starts with the first one.
    pub idle: Duration,
    /// How long it outlives its publisher.
    pub away: Duration,
    /// It is removed when its publisher has been away for so long.
    pub ends_with_publisher: bool,
    /// Names of the tokens that may publish into it beside its owner and those with the scope `publish`; empty: no others.
    pub publishers: Vec<String>,
    /// Whether it is recorded, always.
    pub record: bool,
}

impl Settings {
    /// A stream of this input with the defaults.
    pub fn new(input: Input, handler: Option<String>) -> Self {
        Self {
            title: String::new(),
            handler,
            parameters: Map::new(),
            fps: None,
            skipping: None,
            unprocessed: None,
            watch: Audience::default(),
            control: Control::default(),
            start: match input {
                Input::Clock | Input::Source(_) => Start::Viewer,
                Input::Publish | Input::Session(_) => Start::Server,
            },
            input,
            idle: IDLE,
            away: AWAY,
            ends_with_publisher: false,
            publishers: Vec::new(),
            record: false,
        }
    }

    /// Makes the changes, all or none.
    ///
    /// # Errors
    /// Names what is wrong.
    pub fn change(&mut self, change: &Change) -> Result<(), Error> {
        let Change { title, policy, unprocessed, watch, control, away_s, parameters: _ } = change;
        if title.as_ref().is_some_and(|title| title.chars().count() > MAX_TITLE || title.chars().any(char::is_control))
        {
            return Err(Error::invalid(format!("`title` is at most {MAX_TITLE} characters of one line")));
        }
        if away_s.is_some_and(|away| away > MAX_AWAY.as_secs()) {
            return Err(Error::invalid(format!("`away_s` is at most {}", MAX_AWAY.as_secs())));
        }
        if let Some(title) = title {
            self.title.clone_from(title);
        }
        self.skipping = policy.or(self.skipping);
        self.unprocessed = unprocessed.or(self.unprocessed);
        self.watch = watch.unwrap_or(self.watch);
        self.control = control.unwrap_or(self.control);
        self.away = away_s.map_or(self.away, Duration::from_secs);
        Ok(())
    }
}

/// Changes of a stream. What is absent or null stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = StreamChange)]
pub struct Change {
    /// For people, at most 120 characters.
    pub title: Option<String>,
    /// Values of parameters, by id.
    pub parameters: Option<Map<String, Value>>,
    /// Which frames are skipped.
    pub policy: Option<Skipping>,
    /// What is shown for a frame without a result.
    pub unprocessed: Option<Unprocessed>,
    /// Who may watch it.
    pub watch: Option<Audience>,
    /// Who may change its parameters.
    pub control: Option<Control>,
    /// How long it outlives its publisher, s.
    pub away_s: Option<u64>,
}

/// Who asks for a stream, and what they may do on this server.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The principal, with the secret that the request carries.
    pub requester: Requester,
    /// Whether it has the scope `watch`.
    pub may_watch: bool,
    /// Whether it has the scope `publish`.
    pub may_publish: bool,
}

/// Checks a name of a stream: it is part of addresses and of file names.
///
/// # Errors
/// What a name is.
pub fn check_name(name: &str) -> Result<(), Error> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('.') {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "the name {:?} is wrong: use letters, digits, -, _ and ., at most {MAX_NAME}, and no . at the beginning",
        name.chars().take(80).collect::<String>()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_addresses_and_files() {
        for name in ["door", "a", "A-1_b.c", &"x".repeat(64)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", ".a", "a/b", "a b", "ä", "a\0", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_change_is_made_wholly_or_not_at_all() {
        let mut settings = Settings::new(Input::Publish, None);
        let change: Change = serde_json::from_str(r#"{"title": "Door", "watch": "anyone", "away_s": 5}"#).unwrap();
        settings.change(&change).unwrap();
        assert_eq!((settings.title.as_str(), settings.watch, settings.away.as_secs()), ("Door", Audience::Anyone, 5));
        for wrong in [r#"{"title": "x\ny", "watch": "owner"}"#, r#"{"away_s": 999999, "watch": "owner"}"#] {
            settings.change(&serde_json::from_str(wrong).unwrap()).unwrap_err();
            assert_eq!(settings.watch, Audience::Anyone);
        }
        assert!(serde_json::from_str::<Change>(r#"{"input": "rtsp://x"}"#).is_err(), "nobody gives addresses");
    }
}
