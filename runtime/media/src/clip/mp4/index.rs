//! The samples of a track: their positions in the file and their presentation times.

use std::time::Duration;

use mp4_atom::StszSamples;

use super::super::bounds::Bounds;
use super::super::error::Error;
use super::boxes::Tables;

/// Maximum duration of a video.
const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 3600);

/// One coded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// Offset in the file, bytes.
    pub(super) offset: u64,
    pub(super) bytes: u32,
    /// Whether it can be decoded without any earlier one.
    pub(super) keyframe: bool,
    /// Presentation time, relative to the first picture.
    pub(super) pts: Duration,
}

/// The samples of a track.
pub(super) struct Index {
    /// The samples in decoding order; at least one.
    pub(super) samples: Vec<Sample>,
    /// Time from the first picture to the end of the last.
    pub(super) duration: Duration,
}

impl Index {
    pub(super) fn new(tables: &Tables, bounds: &Bounds) -> Result<Self, Error> {
        let count = match &tables.sizes.samples {
            StszSamples::Identical { count, .. } => *count,
            StszSamples::Different { sizes } => u32::try_from(sizes.len()).unwrap_or(u32::MAX),
        };
        if count == 0 {
            return Err(Error::Broken("it has no pictures".into()));
        }
        if count > bounds.frames {
            return Err(Error::TooMuch { what: "the number of its pictures", most: bounds.frames.into() });
        }
        let count = count as usize;
        let (times, end) = times(tables, count)?;
        let mut samples = Vec::with_capacity(count);
        for_each_position(tables, count, |offset, bytes| {
            let pts = times[samples.len()];
            samples.push(Sample { offset, bytes, keyframe: tables.keyframes.is_none(), pts });
        })?;
        if samples.len() < count {
            return Err(Error::Broken("its index lacks the positions of pictures".into()));
        }
        for number in tables.keyframes.iter().flat_map(|table| &table.entries) {
            if let Some(sample) = (*number as usize).checked_sub(1).and_then(|at| samples.get_mut(at)) {
                sample.keyframe = true;
            }
        }
        // There is no earlier one that it could refer to.
        samples[0].keyframe = true;
        Ok(Self { samples, duration: end })
    }

    /// Returns the mean frame rate, frames per second; 0 if the duration is 0.
    pub(super) fn fps(&self) -> f32 {
        if self.duration.is_zero() { 0.0 } else { self.samples.len() as f32 / self.duration.as_secs_f32() }
    }

    /// Returns the indices of the sample that is shown at a time, and of the keyframe to start decoding at before it.
    pub(super) fn find(&self, to: Duration) -> (usize, usize) {
        let shown = self.samples.iter().enumerate().filter(|(_, sample)| sample.pts <= to);
        let wanted = shown.max_by_key(|(at, sample)| (sample.pts, *at)).map_or(0, |(at, _)| at);
        // Pictures that are shown before a keyframe that they follow in the file refer to the one before it ("open GOP").
        let until = self.samples[wanted].pts;
        let starts = |sample: &Sample| sample.keyframe && sample.pts <= until;
        (self.samples[..=wanted].iter().rposition(starts).unwrap_or(0), wanted)
    }
}

/// Returns the presentation time of each sample, relative to the first one shown, and the end of the last one.
fn times(tables: &Tables, count: usize) -> Result<(Vec<Duration>, Duration), Error> {
    let invalid = || Error::Broken("the times of its pictures are invalid".into());
    let scale = i128::from(tables.timescale);
    if scale == 0 {
        return Err(invalid());
    }
    let durations = tables.durations.entries.iter().flat_map(|run| repeat(run.sample_delta, run.sample_count, count));
    let entries = tables.offsets.iter().flat_map(|table| &table.entries);
    let offsets =
        entries.flat_map(|run| repeat(run.sample_offset, run.sample_count, count)).chain(std::iter::repeat(0));
    let (mut times, mut clock, mut first, mut end) = (Vec::with_capacity(count), 0i128, i128::MAX, i128::MIN);
    for (duration, offset) in durations.zip(offsets).take(count) {
        let time = clock + i128::from(offset);
        times.push(time);
        first = first.min(time);
        end = end.max(time + i128::from(duration));
        clock += i128::from(duration);
    }
    let max = MAX_DURATION.as_secs() as i128 * scale;
    if times.len() < count || end - first > max || (end == first && count > 1) {
        return Err(invalid());
    }
    let duration = |units: i128| Duration::from_nanos((units * 1_000_000_000 / scale) as u64);
    Ok((times.into_iter().map(|time| duration(time - first)).collect(), duration(end - first)))
}

/// Repeats a value of a run-length encoded table, at most `max` times.
fn repeat<T: Clone>(value: T, times: u32, max: usize) -> impl Iterator<Item = T> {
    std::iter::repeat_n(value, (times as usize).min(max))
}

/// Calls `each` with the offset and size of each sample, as far as the tables have them.
fn for_each_position(tables: &Tables, count: usize, mut each: impl FnMut(u64, u32)) -> Result<(), Error> {
    let size = |at: usize| match &tables.sizes.samples {
        StszSamples::Identical { size, .. } => *size,
        StszSamples::Different { sizes } => sizes.get(at).copied().unwrap_or(0),
    };
    let mut runs = tables.chunks.entries.iter().peekable();
    let (mut at, mut in_chunk) = (0, 0);
    for (chunk, chunk_offset) in (1u32..).zip(&tables.chunk_offsets) {
        while let Some(run) = runs.next_if(|run| run.first_chunk <= chunk) {
            in_chunk = run.samples_per_chunk;
        }
        let mut offset = *chunk_offset;
        for _ in 0..in_chunk {
            if at == count {
                return Ok(());
            }
            each(offset, size(at));
            let next = offset.checked_add(size(at).into());
            offset = next.ok_or_else(|| Error::Broken("the offset of a picture is too large".into()))?;
            at += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_shown_before_a_keyframe_are_decoded_from_the_one_before() {
        // In decoding order; the second keyframe is shown after the two pictures that follow it.
        let shown = [(0, true), (3, false), (1, false), (6, true), (4, false), (5, false), (7, false)];
        let sample = |(at, keyframe)| Sample { offset: 0, bytes: 1, keyframe, pts: Duration::from_millis(at) };
        let index = Index { samples: shown.map(sample).into(), duration: Duration::from_millis(8) };
        for (to, expected) in [(0, (0, 0)), (2, (0, 2)), (4, (0, 4)), (5, (0, 5)), (6, (3, 3)), (7, (3, 6))] {
            assert_eq!(index.find(Duration::from_millis(to)), expected, "{to} ms");
        }
    }
}
