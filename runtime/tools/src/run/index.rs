//! The index of an MP4 file (the box `moov`): position and duration of each picture, and which ones are keyframes.

use framebox_media::mp4::{Colour, ParameterSets, TIMESCALE, Track, movie};
use mp4_atom::{Co64, Encode, Stbl, Stco, Stsc, StscEntry, Stss, Stsz, StszSamples, Stts, SttsEntry};

use super::rate::Rate;

/// An encoded picture in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Position in the file, bytes.
    pub(super) offset: u64,
    pub(super) bytes: u32,
    /// Presentation time, in units of [`TIMESCALE`].
    pub(super) time: u64,
    pub(super) keyframe: bool,
}

/// The pictures of a video, and the parameter sets to decode them.
#[derive(Default)]
pub(super) struct Index {
    pub(super) samples: Vec<Sample>,
    /// Those of the first one.
    pub(super) sets: Option<ParameterSets>,
}

impl Index {
    /// Encodes the box `moov`; none without pictures.
    pub(super) fn encode(&self, rate: Rate) -> Result<Option<Vec<u8>>, mp4_atom::Error> {
        let Some(sets) = &self.sets else { return Ok(None) };
        let durations = self.durations(rate);
        let duration = durations.iter().map(|run| u64::from(run.sample_count) * u64::from(run.sample_delta)).sum();
        let (offsets, chunks) = self.chunks();
        let (stco, co64) = match offsets.iter().map(|offset| u32::try_from(*offset)).collect() {
            Ok(entries) => (Some(Stco { entries }), None),
            Err(_) => (None, Some(Co64 { entries: offsets })),
        };
        let keyframes = (1..).zip(&self.samples).filter(|(_, sample)| sample.keyframe).map(|(number, _)| number);
        let sizes = self.samples.iter().map(|sample| sample.bytes).collect();
        let tables = Stbl {
            stts: Stts { entries: durations },
            stss: Some(Stss { entries: keyframes.collect() }),
            stsc: Stsc { entries: chunks },
            stsz: Stsz { samples: StszSamples::Different { sizes } },
            stco,
            co64,
            ..Stbl::default()
        };
        let track = Track::h264(sets.clone(), Colour::Bt601);
        let mut bytes = Vec::new();
        movie(&track, tables, duration, 0, None).encode(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Returns the durations of the pictures, run-length encoded. The last picture has the duration of one frame at `rate`.
    fn durations(&self, rate: Rate) -> Vec<SttsEntry> {
        let last = u64::from(TIMESCALE) * u64::from(rate.seconds) / u64::from(rate.frames.max(1));
        let mut runs: Vec<SttsEntry> = Vec::new();
        for (number, sample) in self.samples.iter().enumerate() {
            let next = self.samples.get(number + 1);
            let duration = next.map_or(last, |next| next.time.saturating_sub(sample.time));
            let duration = u32::try_from(duration.max(1)).unwrap_or(u32::MAX);
            match runs.last_mut().filter(|run| run.sample_delta == duration) {
                Some(run) => run.sample_count += 1,
                None => runs.push(SttsEntry { sample_count: 1, sample_delta: duration }),
            }
        }
        runs
    }

    /// Returns the positions of the chunks and, run-length encoded, their numbers of pictures. A chunk starts at each keyframe.
    fn chunks(&self) -> (Vec<u64>, Vec<StscEntry>) {
        let mut offsets = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        for sample in &self.samples {
            match counts.last_mut().filter(|_| !sample.keyframe) {
                Some(count) => *count += 1,
                None => {
                    offsets.push(sample.offset);
                    counts.push(1);
                }
            }
        }
        let mut runs: Vec<StscEntry> = Vec::new();
        for (first_chunk, count) in (1..).zip(counts) {
            if runs.last().is_none_or(|run| run.samples_per_chunk != count) {
                runs.push(StscEntry { first_chunk, samples_per_chunk: count, sample_description_index: 1 });
            }
        }
        (offsets, runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_chunks_are_run_length_encoded() {
        let sample = |offset, time, keyframe| Sample { offset, bytes: 10, time, keyframe };
        let samples = vec![
            sample(40, 0, true),
            sample(50, 3000, false),
            sample(60, 6000, true),
            sample(70, 9000, false),
            sample(80, 15_000, true),
        ];
        let index = Index { samples, ..Index::default() };
        let runs: Vec<_> =
            index.durations(Rate::DEFAULT).iter().map(|run| (run.sample_count, run.sample_delta)).collect();
        assert_eq!(runs, [(3, 3000), (1, 6000), (1, 3000)]);
        let (offsets, chunks) = index.chunks();
        let chunks: Vec<_> = chunks.iter().map(|run| (run.first_chunk, run.samples_per_chunk)).collect();
        assert_eq!((offsets, chunks), (vec![40, 60, 80], vec![(1, 2), (3, 1)]));
    }
}
