//! Edit lists: the parts of a track that are shown, and when (ISO/IEC 14496-12 §8.6.6).

use std::ops::Range;
use std::time::Duration;

use mp4_atom::ElstEntry;

use super::super::error::Error;
use super::boxes::damaged;
use super::samples::Sample;

/// Edits of a track, at most: each goes through all samples.
const MAX_EDITS: usize = 1024;
/// Maximum duration of a video, s.
const MAX_SECONDS: i128 = 366 * 24 * 3600;
const NANOS: i128 = 1_000_000_000;

/// A part of a track that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// The samples to decode for it; not empty.
    pub(super) samples: Range<usize>,
    /// The times of those to show, in the track's units. One has such a time.
    pub(super) shown: Range<i64>,
    /// When the first of these times is shown.
    pub(super) at: Duration,
}

/// The parts of a track that are shown, in order.
#[derive(Debug)]
pub(super) struct Timeline {
    /// At least one.
    pub(super) segments: Vec<Segment>,
    /// The end of the last one.
    pub(super) end: Duration,
    /// How long segments are shown, all together.
    pub(super) playing: Duration,
}

/// The samples of a track, and their times.
#[derive(Clone, Copy)]
pub(super) struct Media<'a> {
    /// In decoding order; at least one.
    pub(super) samples: &'a [Sample],
    /// Units of time per second.
    pub(super) timescale: u32,
    /// End of the sample that is shown last, units.
    pub(super) end: i64,
}

impl Timeline {
    /// Shows a whole track, from its first picture on.
    pub(super) fn whole(media: Media<'_>) -> Result<Self, Error> {
        let first = media.samples.iter().map(|sample| sample.time).min().unwrap_or_default();
        if media.end == first && media.samples.len() > 1 {
            return Err(invalid());
        }
        let playing = time(i128::from(media.end) - i128::from(first), media.timescale)?;
        let segment = Segment { samples: 0..media.samples.len(), shown: first..i64::MAX, at: Duration::ZERO };
        Ok(Self { segments: vec![segment], end: playing, playing })
    }

    /// Shows the parts of a track that `edits` names, whose durations are in `timescale` units per second. An empty edit delays what
    /// follows. The first picture is shown when its edit begins; in the others, pictures keep their distance from the edit's beginning. The
    /// samples to decode for all of them are `most` at most.
    pub(super) fn edited(edits: &[ElstEntry], timescale: u32, media: Media<'_>, most: u32) -> Result<Self, Error> {
        if edits.len() > MAX_EDITS {
            return Err(Error::TooMuch { what: "the number of its edits", most: MAX_EDITS as u64 });
        }
        let mut line = Self { segments: Vec::new(), end: Duration::ZERO, playing: Duration::ZERO };
        let mut decoded = 0;
        for (number, edit) in edits.iter().enumerate() {
            let length = time(edit.segment_duration.into(), timescale)?;
            let Some(from) = edit.media_time else {
                line.end += length;
                continue;
            };
            if (edit.media_rate.integer(), edit.media_rate.decimal()) != (1, 0) {
                return Err(Error::Unsupported("parts of the video are to be played at another speed".into()));
            }
            let from = i64::try_from(from).map_err(|_| invalid())?;
            // Recorders do not know the duration when they write the list.
            let open = edit.segment_duration == 0 && number + 1 == edits.len();
            let units = units_before(length, media.timescale).ok_or_else(invalid)?;
            let until = if open { i64::MAX } else { from.checked_add(units).ok_or_else(invalid)? };
            let Some((mut segment, first)) = media.segment(from..until, line.end) else {
                line.end += length;
                continue;
            };
            if line.segments.is_empty() {
                segment.shown.start = first;
            }
            decoded += segment.samples.len();
            if decoded > most as usize {
                return Err(Error::TooMuch { what: "the number of its pictures", most: most.into() });
            }
            let shown = until.min(media.end.max(first)) - segment.shown.start;
            let shown = time(shown.into(), media.timescale)?;
            line.segments.push(segment);
            line.end += shown;
            line.playing += shown;
        }
        if line.end.as_secs() > MAX_SECONDS as u64 {
            return Err(invalid());
        }
        if line.segments.is_empty() {
            return Err(damaged("its edit list shows none of its pictures"));
        }
        Ok(line)
    }
}

impl Media<'_> {
    /// Returns the part that has the times `shown`, and the first of them; none if no sample has one.
    fn segment(&self, shown: Range<i64>, at: Duration) -> Option<(Segment, i64)> {
        let is_shown = |(_, sample): &(usize, &Sample)| shown.contains(&sample.time);
        let mut samples = self.samples.iter().enumerate().filter(is_shown);
        let (first, sample) = samples.clone().min_by_key(|(_, sample)| sample.time)?;
        let (last, _) = samples.next_back()?;
        let begin = start(self.samples, first);
        // Where times are in disorder, some pictures to show may come before.
        Some((Segment { samples: begin..last.max(first) + 1, shown: shown.clone(), at }, sample.time))
    }
}

/// Returns the sample to start decoding at for the sample `wanted`. Pictures that are shown before a keyframe that they follow
/// in the file refer to the one before it ("open GOP").
pub(super) fn start(samples: &[Sample], wanted: usize) -> usize {
    let until = samples[wanted].time;
    samples[..=wanted].iter().rposition(|sample| sample.keyframe && sample.time <= until).unwrap_or(0)
}

/// Returns the duration of `units`, of which there are `timescale` in a second.
pub(super) fn time(units: i128, timescale: u32) -> Result<Duration, Error> {
    let scale = i128::from(timescale);
    if units < 0 || units > MAX_SECONDS * scale || scale == 0 && units > 0 {
        return Err(invalid());
    }
    Ok(Duration::from_nanos((units * NANOS / scale.max(1)) as u64))
}

/// Returns the number of whole units that begin before `time`, if it can be counted.
pub(super) fn units_before(time: Duration, timescale: u32) -> Option<i64> {
    let nanos = time.as_nanos().checked_mul(timescale.into())?;
    i64::try_from(nanos.div_ceil(NANOS as u128)).ok()
}

fn invalid() -> Error {
    damaged("the times of its pictures are invalid")
}
