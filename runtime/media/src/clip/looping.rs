//! A clip over and over.

use std::time::Duration;

use super::{Clip, Error, Frame, Info};

/// How long a picture is shown when nothing tells.
const PERIOD: Duration = Duration::from_millis(40);

/// A clip that begins again at its end. The times go on rising, and seeking goes to a time within the clip.
pub struct Looping {
    clip: Box<dyn Clip>,
    /// Where this round began.
    round: Duration,
    /// The last picture's time within the round, and how long the one before it was shown.
    last: Option<Duration>,
    step: Duration,
}

impl Looping {
    /// Loops `clip`.
    pub fn new(clip: Box<dyn Clip>) -> Self {
        let fps = clip.info().fps;
        let step = if fps > 0.0 { Duration::try_from_secs_f32(1.0 / fps).unwrap_or(PERIOD) } else { PERIOD };
        Self { clip, round: Duration::ZERO, last: None, step }
    }

    /// How long the round was: what the file says, but at least until after its last picture.
    fn length(&self, last: Duration) -> Duration {
        let step = self.step.max(Duration::from_millis(1));
        self.clip.info().duration.filter(|duration| *duration > last).unwrap_or(last.saturating_add(step))
    }
}

impl Clip for Looping {
    fn info(&self) -> Info {
        Info { duration: None, ..self.clip.info() }
    }

    fn next(&mut self) -> Result<Option<Frame>, Error> {
        let frame = match self.clip.next()? {
            Some(frame) => frame,
            None => {
                let last = self.last.take().unwrap_or_default();
                self.clip.seek(Duration::ZERO)?;
                self.round = self.round.saturating_add(self.length(last));
                // Only one that has no pictures at all ends twice in a row.
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
