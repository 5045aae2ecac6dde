//! The index of an MP4 (the box `moov`): where each picture is, how long it is shown, which are keyframes.

use framebox_picture::Size;
use mp4_atom::{
    Avc1, Avcc, Co64, Codec, Dinf, Dref, DrefEntry, Encode, Hdlr, Mdhd, Mdia, Minf, Moov, Mvhd, Stbl, Stco, Stsc,
    StscEntry, Stsd, Stss, Stsz, StszSamples, Stts, SttsEntry, Tkhd, Trak, Url, Visual, Vmhd,
};

use super::rate::Rate;

/// Units of time in a second.
pub(super) const TIMESCALE: u32 = 90_000;

/// A coded picture in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Where it begins.
    pub(super) at: u64,
    pub(super) bytes: u32,
    /// When it is shown, units.
    pub(super) time: u64,
    pub(super) keyframe: bool,
}

/// All that is known of the pictures.
#[derive(Default)]
pub(super) struct Index {
    pub(super) samples: Vec<Sample>,
    pub(super) sequence_set: Vec<u8>,
    pub(super) picture_set: Vec<u8>,
}

impl Index {
    /// The box.
    pub(super) fn boxes(&self, size: Size, rate: Rate) -> Result<Vec<u8>, mp4_atom::Error> {
        let durations = self.durations(rate);
        let duration = durations.iter().map(|run| u64::from(run.sample_count) * u64::from(run.sample_delta)).sum();
        let (width, height) = (size.width as u16, size.height as u16);
        let visual = Visual { data_reference_index: 1, width, height, ..Visual::default() };
        let avcc = Avcc::new(&self.sequence_set, &self.picture_set)?;
        let (places, chunks) = self.chunks();
        let places = match places.iter().map(|place| u32::try_from(*place)).collect() {
            Ok(entries) => (Some(Stco { entries }), None),
            Err(_) => (None, Some(Co64 { entries: places })),
        };
        let keyframes = (1..).zip(&self.samples).filter(|(_, sample)| sample.keyframe).map(|(number, _)| number);
        let sizes = self.samples.iter().map(|sample| sample.bytes).collect();
        let stbl = Stbl {
            stsd: Stsd { codecs: vec![Codec::Avc1(Avc1 { visual, avcc, ..Avc1::default() })] },
            stts: Stts { entries: durations },
            stss: Some(Stss { entries: keyframes.collect() }),
            stsc: Stsc { entries: chunks },
            stsz: Stsz { samples: StszSamples::Different { sizes } },
            stco: places.0,
            co64: places.1,
            ..Stbl::default()
        };
        let dref = Dref { entries: vec![DrefEntry::Url(Url::default())] };
        let minf = Minf { vmhd: Some(Vmhd::default()), dinf: Dinf { dref }, stbl, ..Minf::default() };
        let mdhd = Mdhd { timescale: TIMESCALE, duration, language: "und".into(), ..Mdhd::default() };
        let hdlr = Hdlr { handler: b"vide".into(), name: "video".into() };
        let tkhd = Tkhd {
            track_id: 1,
            duration,
            enabled: true,
            width: width.into(),
            height: height.into(),
            ..Tkhd::default()
        };
        let moov = Moov {
            mvhd: Mvhd { timescale: TIMESCALE, duration, rate: 1.into(), next_track_id: 2, ..Mvhd::default() },
            trak: vec![Trak { tkhd, mdia: Mdia { mdhd, hdlr, minf }, ..Trak::default() }],
            ..Moov::default()
        };
        let mut bytes = Vec::new();
        moov.encode(&mut bytes)?;
        Ok(bytes)
    }

    /// How long each picture is shown, those of the same duration together. The last one is shown for a frame's time.
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

    /// Where chunks begin, one for each keyframe and what follows it, and how many pictures they have.
    fn chunks(&self) -> (Vec<u64>, Vec<StscEntry>) {
        let mut places = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        for sample in &self.samples {
            match counts.last_mut().filter(|_| !sample.keyframe) {
                Some(count) => *count += 1,
                None => {
                    places.push(sample.at);
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
        (places, runs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_chunks_are_told_in_runs() {
        let sample = |at, time, keyframe| Sample { at, bytes: 10, time, keyframe };
        let samples = vec![
            sample(40, 0, true),
            sample(50, 3000, false),
            sample(60, 6000, true),
            sample(70, 9000, false),
            sample(80, 15_000, true),
        ];
        let index = Index { samples, ..Index::default() };
        let runs: Vec<_> =
            index.durations(Rate::USUAL).iter().map(|run| (run.sample_count, run.sample_delta)).collect();
        assert_eq!(runs, [(3, 3000), (1, 6000), (1, 3000)]);
        let (places, chunks) = index.chunks();
        let chunks: Vec<_> = chunks.iter().map(|run| (run.first_chunk, run.samples_per_chunk)).collect();
        assert_eq!((places, chunks), (vec![40, 60, 80], vec![(1, 2), (3, 1)]));
    }
}
