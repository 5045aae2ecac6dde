//! MP4 with H.264. The pictures come first and their index last, so that nothing but the index is kept in memory.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use framebox_media::h264::{annexb, nal};
use framebox_media::{Codec, Encoder, encode};
use framebox_picture::{Picture, Size};
use mp4_atom::{Encode, Ftyp};

use super::index::{Index, Sample, TIMESCALE};
use super::output::same_size;
use super::rate::Rate;
use crate::Error;

/// Bits of a pixel, as a fraction: much, since what is looked at is the handler's work and not the codec's.
const BITS: (u64, u64) = (2, 5);
const LEAST_BITS: u64 = 1_000_000;
const MOST_BITS: u64 = 60_000_000;
/// From keyframe to keyframe, s.
const GROUP: u64 = 2;
/// The header of a box whose length has 64 bits.
const LONG_HEADER: u64 = 16;

pub(super) struct Mp4 {
    path: PathBuf,
    file: BufWriter<File>,
    rate: Rate,
    size: Option<Size>,
    encoder: Option<Box<dyn Encoder>>,
    /// Where the box with the pictures begins, and where the next picture goes.
    data: u64,
    at: u64,
    index: Index,
    since_keyframe: u64,
    coded: Vec<u8>,
    sample: Vec<u8>,
}

impl Mp4 {
    pub(super) fn create(path: PathBuf, rate: Rate) -> Result<Self, Error> {
        let file = File::create(&path).map_err(|error| Error::write(&path, error))?;
        Ok(Self {
            path,
            file: BufWriter::new(file),
            rate,
            size: None,
            encoder: None,
            data: 0,
            at: 0,
            index: Index::default(),
            since_keyframe: 0,
            coded: Vec::new(),
            sample: Vec::new(),
        })
    }

    pub(super) fn picture(&mut self, pts_us: i64, picture: &Picture) -> Result<(), Error> {
        same_size(&mut self.size, picture.size())?;
        let keyframe = self.encode(pts_us, picture)?;
        if self.coded.is_empty() {
            return Ok(());
        }
        self.take_apart(keyframe);
        self.write(pts_us, keyframe).map_err(|error| Error::write(&self.path, error))
    }

    /// Leaves the access unit in `coded`; true for a keyframe.
    fn encode(&mut self, pts_us: i64, picture: &Picture) -> Result<bool, Error> {
        let failed = |error: framebox_media::Error| Error::Machine(error.to_string());
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            None => {
                let fps = self.rate.fps();
                let bits = picture.size().pixels().saturating_mul(fps.ceil() as u64) * BITS.0 / BITS.1;
                let bitrate = bits.clamp(LEAST_BITS, MOST_BITS) as u32;
                let settings = encode::Settings { bitrate, max_bitrate: bitrate, fps };
                self.encoder.insert(Codec::H264.encoder(&settings).map_err(failed)?)
            }
        };
        let group = (self.rate.fps().ceil() as u64).saturating_mul(GROUP);
        let pts = Duration::from_micros(u64::try_from(pts_us).unwrap_or(0));
        self.coded.clear();
        let wants_keyframe = self.since_keyframe >= group;
        let encoded = encoder.encode(picture.planes(), pts, wants_keyframe, &mut self.coded).map_err(failed)?;
        self.since_keyframe = if encoded.keyframe { 1 } else { self.since_keyframe + 1 };
        Ok(encoded.keyframe)
    }

    /// Makes `sample` the NAL units of `coded`, each with its length in front. The first parameter sets stand in the index;
    /// further ones are left out unless they are others.
    fn take_apart(&mut self, keyframe: bool) {
        self.sample.clear();
        for unit in annexb::units(&self.coded) {
            let set = match nal::kind(unit) {
                nal::SPS => Some(&mut self.index.sequence_set),
                nal::PPS => Some(&mut self.index.picture_set),
                _ => None,
            };
            if let Some(set) = set.filter(|_| keyframe) {
                if set.is_empty() {
                    set.extend_from_slice(unit);
                }
                if set == unit {
                    continue;
                }
            }
            let length = u32::try_from(unit.len()).unwrap_or(u32::MAX);
            self.sample.extend_from_slice(&length.to_be_bytes());
            self.sample.extend_from_slice(unit);
        }
    }

    fn write(&mut self, pts_us: i64, keyframe: bool) -> std::io::Result<()> {
        if self.index.samples.is_empty() {
            self.begin()?;
        }
        self.file.write_all(&self.sample)?;
        let bytes = u32::try_from(self.sample.len()).map_err(std::io::Error::other)?;
        // To the nearest: a time in µs was rounded down.
        let time = u64::try_from(pts_us).unwrap_or(0).saturating_mul(u64::from(TIMESCALE)).saturating_add(500_000);
        let time = time / 1_000_000;
        self.index.samples.push(Sample { at: self.at, bytes, time, keyframe });
        self.at += u64::from(bytes);
        Ok(())
    }

    /// What stands before the first picture. How long the pictures are together is written at the end.
    fn begin(&mut self) -> std::io::Result<()> {
        let brands = vec![b"isom".into(), b"iso2".into(), b"avc1".into(), b"mp41".into()];
        let ftyp = Ftyp { major_brand: b"isom".into(), minor_version: 512, compatible_brands: brands };
        let mut head = Vec::new();
        ftyp.encode(&mut head).map_err(std::io::Error::other)?;
        self.data = head.len() as u64;
        self.at = self.data + LONG_HEADER;
        head.extend_from_slice(&1u32.to_be_bytes());
        head.extend_from_slice(b"mdat");
        head.extend_from_slice(&0u64.to_be_bytes());
        self.file.write_all(&head)
    }

    pub(super) fn finish(mut self) -> Result<Option<PathBuf>, Error> {
        let Some(size) = self.size.filter(|_| !self.index.samples.is_empty()) else { return Ok(None) };
        // A side of odd length loses its last row or column in the encoder.
        let coded = Size::new(size.width & !1, size.height & !1);
        let failed = |error: std::io::Error| Error::write(&self.path, error);
        let index = self.index.boxes(coded, self.rate).map_err(|error| Error::write(&self.path, error))?;
        let length = self.at - self.data;
        self.file.write_all(&index).map_err(failed)?;
        self.file.seek(SeekFrom::Start(self.data + 8)).map_err(failed)?;
        self.file.write_all(&length.to_be_bytes()).map_err(failed)?;
        self.file.flush().map_err(failed)?;
        Ok(Some(self.path))
    }
}
