//! The granted video, as the player reads it, and the parameters.

use common::player::{Player, Video};

use crate::framebox::video::media::Frame;
use crate::framebox::video::sources::{self, Source};
use crate::framebox::video::types::*;

/// A source that was opened.
pub struct Clip {
    name: String,
    source: Source,
}

impl Video for Clip {
    type Picture = Frame;

    fn open(name: &str) -> Result<Self, String> {
        Ok(Self { name: name.into(), source: sources::open(name)? })
    }

    fn next(&mut self) -> Result<Option<(Frame, i64)>, String> {
        Ok(self.source.next()?.map(|frame| {
            let pts = frame.info().pts_us;
            (frame, pts)
        }))
    }

    fn rewind(&mut self) -> Result<(), String> {
        self.source.seek(0).or_else(|_| sources::open(&self.name).map(|source| self.source = source))
    }

    fn interval(&self) -> Option<i64> {
        let fps = self.source.info().fps;
        (fps > 0.0).then(|| (1e6 / fps) as i64)
    }
}

pub fn parameters() -> Vec<Parameter> {
    let parameter = |id: &str, label: &str, help: &str, kind| Parameter {
        id: id.into(),
        label: label.into(),
        help: Some(help.into()),
        group: None,
        kind,
    };
    let source = TextSpec { max_chars: 64, multiline: false, default: "clip".into() };
    let speed = NumberSpec { min: 0.25, max: 4.0, step: 0.25, default: 1.0, unit: Some("×".into()) };
    vec![
        parameter("source", "Source", "The name under which the video was granted.", ParameterKind::Text(source)),
        parameter("loop", "Loop", "Begin again at the end.", ParameterKind::Toggle(true)),
        parameter("speed", "Speed", "1 is the video's own.", ParameterKind::Number(speed)),
    ]
}

pub fn set(player: &mut Player<Clip>, NamedValue { id, value }: NamedValue) -> Result<(), String> {
    match (id.as_str(), value) {
        ("source", Value::Text(name)) => return player.set_source(name),
        ("loop", Value::Boolean(loops)) => player.set_loops(loops),
        ("speed", Value::Number(speed)) => player.set_speed(speed),
        _ => return Err(format!("{id} is not known")),
    }
    Ok(())
}
