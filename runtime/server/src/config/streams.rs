//! `[streams.NAME]`: streams that the operator defines.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use framebox_ffmpeg::Input;
use framebox_pipeline::schedule::frame_clock::RATES;
use framebox_pipeline::{Skipping, Unprocessed};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::streams::{self, Audience, Control, Settings, Start, check_name};

/// `[streams.NAME]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stream {
    /// Where its frames come from: `publish` (WHIP), `clock` (a generator's own), or a source such as `rtsp://…`.
    pub input: String,
    /// Networks beside the public ones that the source may reach, `10.0.0.0/8`.
    pub private: Vec<String>,
    /// A source starts over at its end.
    #[serde(rename = "loop")]
    pub looped: bool,
    /// For people.
    pub title: String,
    /// Name of the handler; absent: the default one.
    pub handler: Option<String>,
    /// Values of its parameters.
    pub parameters: Map<String, Value>,
    /// Rate of a generator, frames a second.
    pub fps: Option<f32>,
    /// Which frames are skipped.
    pub policy: Option<Skipping>,
    /// What is shown for a frame without a result.
    pub unprocessed: Option<Unprocessed>,
    /// Who may watch it.
    pub watch: Audience,
    /// Who may change its parameters.
    pub control: Control,
    /// When it starts: `server` or `viewer`; absent: with the first viewer, or with a publisher.
    pub start: Option<Start>,
    /// How long it goes on without viewers where it starts with the first one, s.
    pub idle_s: Option<u64>,
    /// How long it outlives its publisher, s.
    pub away_s: Option<u64>,
    /// Whether it is recorded, always.
    pub record: bool,
    /// Names of the tokens that may publish into it.
    pub publish: Vec<String>,
    /// Where the configuration file is.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
}

/// A source of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInput {
    /// As the operator wrote it. It may hold a password: it is shown to nobody.
    pub address: String,
    /// Networks beside the public ones that it may reach.
    pub private: Vec<String>,
    /// It starts over at its end.
    pub looped: bool,
    /// Where the configuration file is.
    pub folder: Option<PathBuf>,
}

impl SourceInput {
    /// What is read. Paths are relative to `folder`.
    ///
    /// # Errors
    /// What is wrong with it, without the address.
    pub fn input(&self) -> Result<Input, framebox_ffmpeg::input::Error> {
        let input = Input::parse(&self.address, &self.private)?;
        Ok(match &self.folder {
            Some(folder) => input.relative_to(folder),
            None => input,
        })
    }
}

impl Stream {
    /// Checks what the types do not.
    ///
    /// # Errors
    /// Names the key, and what is allowed.
    pub fn check(&self, name: &str) -> anyhow::Result<()> {
        check_name(name).map_err(|error| anyhow::anyhow!("streams.{name}: {error}"))?;
        let most = 86_400;
        for (key, seconds) in [("idle_s", self.idle_s), ("away_s", self.away_s)] {
            ensure!(seconds.is_none_or(|seconds| seconds <= most), "streams.{name}.{key} must be at most {most}");
        }
        ensure!(
            self.fps.is_none_or(|fps| RATES.contains(&fps)),
            "streams.{name}.fps must be within {} and {}",
            RATES.start(),
            RATES.end()
        );
        ensure!(
            !self.input.is_empty(),
            "streams.{name}.input is missing: `publish`, `clock`, or a source such as rtsp://camera/1"
        );
        self.settings().with_context(|| format!("streams.{name}"))?;
        Ok(())
    }

    /// What the stream is made of.
    ///
    /// # Errors
    /// When its input is wrong.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        let input = match self.input.as_str() {
            "publish" => streams::Input::Publish,
            "clock" => streams::Input::Clock,
            address => streams::Input::Source(SourceInput {
                address: address.to_owned(),
                private: self.private.clone(),
                looped: self.looped,
                folder: self.folder.clone(),
            }),
        };
        if let streams::Input::Source(source) = &input {
            source.input().context("its input is wrong")?;
        }
        let defaults = Settings::new(input, self.handler.clone());
        Ok(Settings {
            title: self.title.clone(),
            parameters: self.parameters.clone(),
            fps: self.fps,
            skipping: self.policy,
            unprocessed: self.unprocessed,
            watch: self.watch,
            control: self.control,
            start: self.start.unwrap_or(defaults.start),
            idle: self.idle_s.map_or(defaults.idle, Duration::from_secs),
            away: self.away_s.map_or(defaults.away, Duration::from_secs),
            publishers: self.publish.clone(),
            record: self.record,
            ..defaults
        })
    }
}
