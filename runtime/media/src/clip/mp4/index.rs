//! The index of a video: its samples, and the parts of it that are shown.

use std::time::Duration;

use super::super::bounds::Bounds;
use super::super::error::Error;
use super::super::file::File;
use super::boxes::damaged;
use super::edits::{Media, Segment, Timeline, start, time, units_before};
use super::fragments;
use super::movie::Movie;
use super::samples::{Sample, Samples};

/// The samples of a video, and when they are shown.
pub(super) struct Index {
    /// The samples in decoding order; at least one.
    pub(super) samples: Vec<Sample>,
    /// Units of time per second.
    timescale: u32,
    timeline: Timeline,
}

/// Where to decode from to show a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Place of the segment.
    pub(super) segment: usize,
    /// Place of the keyframe to start at.
    pub(super) keyframe: usize,
    /// Place of the sample that is shown.
    pub(super) wanted: usize,
}

impl Index {
    pub(super) fn read(file: &File, movie: &Movie, bounds: &Bounds) -> Result<Self, Error> {
        let track = &movie.track;
        if track.timescale == 0 {
            return Err(damaged("the times of its pictures are invalid"));
        }
        let mut samples = Samples::new(bounds.frames, track.timescale);
        if movie.defaults.is_some() {
            // A recording that was cut off ends with its last whole picture.
            samples.end_at(file.length());
        }
        if let Some(tables) = &track.tables {
            tables.append(&mut samples)?;
        }
        if let Some(defaults) = &movie.defaults {
            fragments::append(file, bounds, track.id, defaults, &mut samples)?;
        }
        let (samples, end) = samples.finish()?;
        let media = Media { samples: &samples, timescale: track.timescale, end };
        let timeline = match &movie.edits[..] {
            [] => Timeline::whole(media)?,
            edits => Timeline::edited(edits, movie.timescale, media, bounds.frames)?,
        };
        Ok(Self { samples, timescale: track.timescale, timeline })
    }

    /// Returns a part that is shown, or none after the last.
    pub(super) fn segment(&self, number: usize) -> Option<&Segment> {
        self.timeline.segments.get(number)
    }

    /// Returns the number of parts that are shown.
    pub(super) fn segments(&self) -> usize {
        self.timeline.segments.len()
    }

    /// Returns the time from the beginning to the end of the last picture.
    pub(super) fn duration(&self) -> Duration {
        self.timeline.end
    }

    /// Returns the mean frame rate, frames per second; 0 if the duration is 0.
    pub(super) fn fps(&self) -> f32 {
        let playing = self.timeline.playing;
        let shown = |segment: &Segment| {
            let samples = &self.samples[segment.samples.clone()];
            samples.iter().filter(|sample| segment.shown.contains(&sample.time)).count()
        };
        let count = self.timeline.segments.iter().map(shown).sum::<usize>();
        if playing.is_zero() { 0.0 } else { count as f32 / playing.as_secs_f32() }
    }

    /// Returns when a sample of a segment is shown.
    pub(super) fn pts(&self, segment: &Segment, sample_time: i64) -> Duration {
        let since = i128::from(sample_time) - i128::from(segment.shown.start);
        segment.at.saturating_add(time(since, self.timescale).unwrap_or_default())
    }

    /// Returns the place of the sample that is shown at a time, or none after the end.
    pub(super) fn find(&self, to: Duration) -> Option<Place> {
        if to >= self.duration() {
            return None;
        }
        let number = self.timeline.segments.iter().rposition(|segment| segment.at <= to).unwrap_or(0);
        let segment = &self.timeline.segments[number];
        // Times are rounded down to nanoseconds: a picture's own time is to find it.
        let into = to.saturating_sub(segment.at).saturating_add(Duration::from_nanos(1));
        let units = units_before(into, self.timescale).unwrap_or(i64::MAX);
        let until = segment.shown.start.saturating_add(units);
        let samples = self.samples.iter().enumerate().take(segment.samples.end).skip(segment.samples.start);
        let shown = samples.filter(|(_, sample)| segment.shown.contains(&sample.time));
        let earlier = shown.clone().filter(|(_, sample)| sample.time < until);
        let wanted = earlier.max_by_key(|(at, sample)| (sample.time, *at));
        let (wanted, _) = wanted.or_else(|| shown.min_by_key(|(at, sample)| (sample.time, *at)))?;
        let keyframe = start(&self.samples[..segment.samples.end], wanted).max(segment.samples.start);
        Some(Place { segment: number, keyframe, wanted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_shown_before_a_keyframe_are_decoded_from_the_one_before() {
        // In decoding order; the second keyframe is shown after the two pictures that follow it.
        let shown = [(0, true), (3, false), (1, false), (6, true), (4, false), (5, false), (7, false)];
        let samples = shown.map(|(time, keyframe)| Sample { offset: 0, bytes: 1, keyframe, entry: 0, time });
        let timeline = Timeline::whole(Media { samples: &samples, timescale: 1000, end: 8 }).unwrap();
        let index = Index { samples: samples.into(), timescale: 1000, timeline };
        for (to, keyframe, wanted) in [(0, 0, 0), (2, 0, 2), (4, 0, 4), (5, 0, 5), (6, 3, 3), (7, 3, 6)] {
            let place = Place { segment: 0, keyframe, wanted };
            assert_eq!(index.find(Duration::from_millis(to)), Some(place), "{to} ms");
        }
        assert_eq!(index.find(Duration::from_millis(8)), None);
    }
}
