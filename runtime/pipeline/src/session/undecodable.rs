//! What the viewer is told when the camera's frames cannot be decoded. Has no clock: `now` is an argument.

use std::time::{Duration, Instant};

use framebox_media::Error;
use framebox_picture::Size;

/// Time without a picture after which damage is more than an accident. A keyframe was asked for before.
const PATIENCE: Duration = Duration::from_secs(2);
/// Shortest time between two notices.
const INTERVAL: Duration = Duration::from_secs(10);
/// Shortest time between two notices of a size that does not change.
const SIZE_INTERVAL: Duration = Duration::from_secs(5);

/// Follows the frames that cannot be decoded.
#[derive(Debug, Default)]
pub(crate) struct Undecodable {
    /// Since when no frame could be decoded.
    since: Option<Instant>,
    /// What was announced to the viewer last, and when.
    told: Option<(&'static str, Instant)>,
    /// The last size that was announced to the viewer.
    size: Option<Size>,
}

impl Undecodable {
    /// A frame could be decoded.
    pub(crate) fn recovered(&mut self) {
        self.since = None;
    }

    /// A frame could not be decoded. Returns what the viewer is told, if it is time: a word for programs, and for people.
    pub(crate) fn failed(&mut self, now: Instant, error: &Error, largest: Size) -> Option<(&'static str, String)> {
        let since = *self.since.get_or_insert(now);
        let words = |size: Size| format!("{}×{}", size.width, size.height);
        let of_size = |size: Size, with: String| {
            let (shown, largest) = (words(size), words(largest));
            let text =
                format!("your camera sends {shown}{with}; this server takes up to {largest}: lower its resolution");
            ("camera-too-large", text, Some(size))
        };
        let (code, message, size) = match error {
            Error::TooLarge { size, .. } => of_size(*size, String::new()),
            Error::TooManyReferences { size, references } => {
                of_size(*size, format!(" with {references} reference frames"))
            }
            Error::Interlaced => {
                let text = "your camera sends interlaced video, which cannot be decoded: let it send whole frames (progressive)";
                ("camera-interlaced", text.to_owned(), None)
            }
            _ if now.saturating_duration_since(since) < PATIENCE => return None,
            _ => {
                let text = "your camera's video arrives but cannot be decoded; a keyframe was asked for: restart the camera, or let it \
                            send another profile of its codec";
                ("camera-undecodable", text.to_owned(), None)
            }
        };
        let interval = if size.is_some() { SIZE_INTERVAL } else { INTERVAL };
        let is_known = self.told.is_some_and(|(told, at)| told == code && now.saturating_duration_since(at) < interval);
        if is_known && size == self.size {
            return None;
        }
        (self.told, self.size) = (Some((code, now)), size);
        Some((code, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_viewer_is_told_in_words_and_not_with_every_frame() {
        let (now, largest) = (Instant::now(), Size::new(1920, 1080));
        let mut undecodable = Undecodable::default();
        let mut text = |at, error: &Error| undecodable.failed(now + at, error, largest).map(|(_, text)| text);
        let error = Error::TooLarge { size: Size::new(3840, 2160), max_pixels: 9 };
        assert_eq!(
            text(Duration::ZERO, &error).unwrap(),
            "your camera sends 3840×2160; this server takes up to 1920×1080: lower its resolution"
        );
        assert_eq!(text(SIZE_INTERVAL / 2, &error), None);
        let other = Error::TooManyReferences { size: Size::new(1280, 720), references: 16 };
        assert!(text(SIZE_INTERVAL / 2, &other).unwrap().contains("1280×720 with 16 reference frames"));
        assert!(text(SIZE_INTERVAL * 2, &other).is_some());
    }

    #[test]
    fn damage_is_told_when_it_lasts() {
        let (start, largest) = (Instant::now(), Size::new(1920, 1080));
        let mut undecodable = Undecodable::default();
        let mut told = Vec::new();
        for ms in (0..30_000u64).step_by(33) {
            let now = start + Duration::from_millis(ms);
            // A picture comes now and then, and from the tenth to the 29th second none.
            if ms < 10_000 && ms % 990 == 0 {
                undecodable.recovered();
            }
            let error = if ms > 29_000 { Error::Interlaced } else { Error::Damaged };
            told.extend(undecodable.failed(now, &error, largest).map(|(code, _)| (ms / 1000, code)));
        }
        assert_eq!(told, [(11, "camera-undecodable"), (21, "camera-undecodable"), (29, "camera-interlaced")]);
    }
}
