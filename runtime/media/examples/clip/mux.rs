//! Writes coded pictures to an MP4 whose index comes first.

use framebox_media::h264::{annexb, nal};
use framebox_picture::Size;
use mp4_atom::{
    Avc1, Avcc, Codec, Ctts, CttsEntry, Dinf, Dref, Encode, Ftyp, Hdlr, Mdat, Mdhd, Mdia, Minf, Moov, Mvhd, Stbl, Stco,
    Stsc, StscEntry, Stsd, Stss, Stsz, StszSamples, Stts, SttsEntry, Tkhd, Trak, Url, Visual, Vmhd,
};

/// One coded picture.
pub struct Sample {
    /// An access unit as a byte stream (H.264 Annex B).
    pub bytes: Vec<u8>,
    /// Whether it can be decoded without any earlier one.
    pub keyframe: bool,
    /// Time until the next one is decoded, units.
    pub duration: u32,
    /// Time from decoding to presentation, units.
    pub offset: i64,
}

/// Returns an MP4 with pictures of `size`, whose times are in `timescale` units per second.
pub fn mp4(size: Size, timescale: u32, samples: &[Sample]) -> Vec<u8> {
    changed(size, timescale, samples, |_| {})
}

/// Returns such an MP4 whose index was changed. Positions in it are relative to the first picture.
pub fn changed(size: Size, timescale: u32, samples: &[Sample], change: impl FnOnce(&mut Moov)) -> Vec<u8> {
    let set = |kind: u8| {
        let mut units = samples.iter().flat_map(|sample| annexb::units(&sample.bytes));
        units.find(|unit| nal::kind(unit) == kind).expect("parameter sets come with the keyframes").to_vec()
    };
    let avcc = Avcc::new(&set(7), &set(8)).unwrap();
    let data: Vec<Vec<u8>> = samples.iter().map(|sample| lengths(&sample.bytes)).collect();
    let mut out = vec![];
    let ftyp = Ftyp { major_brand: b"isom".into(), minor_version: 512, compatible_brands: vec![b"avc1".into()] };
    ftyp.encode(&mut out).unwrap();
    let mut moov = moov(size, timescale, samples, &data, avcc);
    change(&mut moov);
    let mut index = vec![];
    moov.encode(&mut index).unwrap();
    // The index holds the offsets of the pictures, which follow it.
    let begin = (out.len() + index.len() + 8) as u32;
    for position in
        moov.trak.iter_mut().flat_map(|track| track.mdia.minf.stbl.stco.iter_mut().flat_map(|table| &mut table.entries))
    {
        *position += begin;
    }
    moov.encode(&mut out).unwrap();
    Mdat { data: data.concat() }.encode(&mut out).unwrap();
    out
}

fn moov(size: Size, timescale: u32, samples: &[Sample], data: &[Vec<u8>], avcc: Avcc) -> Moov {
    let duration = samples.iter().map(|sample| u64::from(sample.duration)).sum();
    let (width, height) = (size.width as u16, size.height as u16);
    let visual = Visual { data_reference_index: 1, width, height, ..Default::default() };
    let keyframes = (1..).zip(samples).filter(|(_, sample)| sample.keyframe).map(|(number, _)| number).collect();
    let durations = samples.iter().map(|sample| SttsEntry { sample_count: 1, sample_delta: sample.duration }).collect();
    let offsets = samples.iter().map(|sample| CttsEntry { sample_count: 1, sample_offset: sample.offset }).collect();
    let count = samples.len() as u32;
    let stbl = Stbl {
        stsd: Stsd { codecs: vec![Codec::Avc1(Avc1 { visual, avcc, ..Default::default() })] },
        stts: Stts { entries: durations },
        ctts: samples.iter().any(|sample| sample.offset != 0).then_some(Ctts { entries: offsets }),
        stss: Some(Stss { entries: keyframes }),
        stsc: Stsc {
            entries: vec![StscEntry { first_chunk: 1, samples_per_chunk: count, sample_description_index: 1 }],
        },
        stsz: Stsz { samples: StszSamples::Different { sizes: data.iter().map(|data| data.len() as u32).collect() } },
        stco: Some(Stco { entries: vec![0] }),
        ..Default::default()
    };
    let minf = Minf {
        vmhd: Some(Vmhd::default()),
        dinf: Dinf { dref: Dref { entries: vec![mp4_atom::DrefEntry::Url(Url::default())] } },
        stbl,
        ..Default::default()
    };
    let mdhd = Mdhd { timescale, duration, language: "und".into(), ..Default::default() };
    let hdlr = Hdlr { handler: b"vide".into(), name: "video".into() };
    let tkhd =
        Tkhd { track_id: 1, duration, enabled: true, width: width.into(), height: height.into(), ..Default::default() };
    Moov {
        mvhd: Mvhd { timescale, duration, rate: 1.into(), next_track_id: 2, ..Default::default() },
        trak: vec![Trak { tkhd, mdia: Mdia { mdhd, hdlr, minf }, ..Default::default() }],
        ..Default::default()
    }
}

/// Returns the NAL units with length prefixes, without the parameter sets, which are in the index.
pub fn lengths(stream: &[u8]) -> Vec<u8> {
    let units = annexb::units(stream).filter(|unit| ![nal::SPS, nal::PPS].contains(&nal::kind(unit)));
    units.flat_map(|unit| [&(unit.len() as u32).to_be_bytes(), unit].concat()).collect()
}
