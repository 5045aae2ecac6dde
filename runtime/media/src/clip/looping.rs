//! Repeats a clip.

use std::time::Duration;

use super::error::Error;
use super::interface::{Clip, Frame, Info};

/// Duration of a picture if the clip does not say.
const PERIOD: Duration = Duration::from_millis(40);

/// Repeats a clip endlessly. Presentation times keep rising; seeking goes to a time within the clip.
pub struct Looping {
    clip: Box<dyn Clip>,
    /// Presentation time at which the current round began.
    round: Duration,
    /// Time of the last picture within the round.
    last: Option<Duration>,
    /// Duration of the picture before it.
    step: Duration,
}

impl Looping {
    /// Repeats `clip`.
    pub fn new(clip: Box<dyn Clip>) -> Self {
        let fps = clip.info().fps;
        let step = if fps > 0.0 { Duration::try_from_secs_f32(1.0 / fps).unwrap_or(PERIOD) } else { PERIOD };
        Self { clip, round: Duration::ZERO, last: None, step }
    }

    /// Returns the duration of a round: that of the clip, but longer than the time of its `last` picture.
    fn length(&self, last: Duration) -> Duration {
        let step = self.step.max(Duration::from_millis(1));
        self.clip.info().duration.filter(|duration| *duration > last).unwrap_or(last.saturating_add(step))
    }
}

impl Clip for Looping {
    fn info(&self) -> Info {
        Info { duration: None, ..self.clip.info() }
    }

    fn memory(&self) -> usize {
        self.clip.memory()
    }

    fn next(&mut self) -> Result<Option<Frame>, Error> {
        let frame = match self.clip.next()? {
            Some(frame) => frame,
            None => {
                let last = self.last.take().unwrap_or_default();
                self.clip.seek(Duration::ZERO)?;
                self.round = self.round.saturating_add(self.length(last));
                // Only a clip without pictures ends twice in a row.
                let Some(frame) = self.clip.next()? else { return Ok(None) };
                frame
            }
        };
        if let Some(step) = self.last.and_then(|last| frame.pts.checked_sub(last)).filter(|step| !step.is_zero()) {
            self.step = step;
        }
        self.last = Some(frame.pts);
        Ok(Some(Frame { pts: self.round.saturating_add(frame.pts), ..frame }))
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        let to = match self.clip.info().duration {
            Some(duration) if !duration.is_zero() => Duration::from_nanos_u128(to.as_nanos() % duration.as_nanos()),
            _ => to,
        };
        self.clip.seek(to)?;
        (self.round, self.last) = (Duration::ZERO, None);
        Ok(())
    }
}
