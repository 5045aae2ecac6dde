//! Writes MP4 files with H.264. The index comes after the pictures, so that only the index is kept in memory.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use framebox_media::mp4::{ParameterSets, TIMESCALE};
use framebox_media::{Codec, Encoder, encode};
use framebox_picture::{Picture, Size};
use mp4_atom::{Encode, Ftyp};

use super::index::{Index, Sample};
use super::rate::Rate;
use super::same_size::same_size;
use crate::Error;

/// Bits per pixel, as a fraction: many, because the output is to show the work of the handler and not of the codec.
const BITS_PER_PIXEL: (u64, u64) = (2, 5);
const MIN_BITRATE: u64 = 1_000_000;
const MAX_BITRATE: u64 = 60_000_000;
/// Time between keyframes, s.
const KEYFRAME_INTERVAL: u64 = 2;
/// Size of a box header with a 64-bit length, bytes.
const LONG_HEADER: u64 = 16;

/// An MP4 file while it is written.
pub(super) struct Mp4 {
    path: PathBuf,
    file: BufWriter<File>,
    rate: Rate,
    size: Option<Size>,
    encoder: Option<Box<dyn Encoder>>,
    /// Position of the box with the pictures, bytes.
    data_offset: u64,
    /// Position of the next picture, bytes.
    offset: u64,
    index: Index,
    since_keyframe: u64,
    /// The latest access unit in the Annex B format.
    encoded: Vec<u8>,
    /// The same with the lengths of its NAL units.
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
            data_offset: 0,
            offset: 0,
            index: Index::default(),
            since_keyframe: 0,
            encoded: Vec::new(),
            sample: Vec::new(),
        })
    }

    pub(super) fn picture(&mut self, pts_us: i64, picture: &Picture) -> Result<(), Error> {
        same_size(&mut self.size, picture.size())?;
        let keyframe = self.encode(pts_us, picture)?;
        if self.encoded.is_empty() {
            return Ok(());
        }
        self.convert().map_err(|error| Error::write(&self.path, error))?;
        self.write(pts_us, keyframe).map_err(|error| Error::write(&self.path, error))
    }

    /// Encodes a picture into `encoded`; returns whether it is a keyframe.
    fn encode(&mut self, pts_us: i64, picture: &Picture) -> Result<bool, Error> {
        let failed = |error: framebox_media::Error| Error::Machine(format!("cannot encode the output: {error}"));
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            None => {
                let fps = self.rate.fps();
                let bitrate =
                    picture.size().pixels().saturating_mul(fps.ceil() as u64) * BITS_PER_PIXEL.0 / BITS_PER_PIXEL.1;
                let bitrate = bitrate.clamp(MIN_BITRATE, MAX_BITRATE) as u32;
                let settings = encode::Settings { bitrate, max_bitrate: bitrate, fps, ..encode::Settings::default() };
                self.encoder.insert(Codec::H264.encoder(&settings).map_err(failed)?)
            }
        };
        let interval = (self.rate.fps().ceil() as u64).saturating_mul(KEYFRAME_INTERVAL);
        let pts = Duration::from_micros(u64::try_from(pts_us).unwrap_or(0));
        self.encoded.clear();
        let wants_keyframe = self.since_keyframe >= interval;
        let encoded = encoder.encode(picture.planes(), pts, wants_keyframe, &mut self.encoded).map_err(failed)?;
        self.since_keyframe = if encoded.keyframe { 1 } else { self.since_keyframe + 1 };
        Ok(encoded.keyframe)
    }

    /// Converts `encoded` to `sample`. The parameter sets of the first picture go to the index.
    fn convert(&mut self) -> std::io::Result<()> {
        self.sample.clear();
        let sets = match &mut self.index.sets {
            Some(sets) => sets,
            none => {
                let missing = || std::io::Error::other("the first picture has no parameter sets");
                none.insert(ParameterSets::of(&self.encoded).ok_or_else(missing)?)
            }
        };
        sets.append(&self.encoded, &mut self.sample);
        Ok(())
    }

    fn write(&mut self, pts_us: i64, keyframe: bool) -> std::io::Result<()> {
        if self.index.samples.is_empty() {
            self.write_header()?;
        }
        self.file.write_all(&self.sample)?;
        let bytes = u32::try_from(self.sample.len()).map_err(std::io::Error::other)?;
        // Rounded to the nearest, because the time in µs was rounded down.
        let time = u64::try_from(pts_us).unwrap_or(0).saturating_mul(u64::from(TIMESCALE)).saturating_add(500_000);
        let time = time / 1_000_000;
        self.index.samples.push(Sample { offset: self.offset, bytes, time, keyframe });
        self.offset += u64::from(bytes);
        Ok(())
    }

    /// Writes the header before the first picture. The size of all pictures is filled in at the end.
    fn write_header(&mut self) -> std::io::Result<()> {
        let brands = vec![b"isom".into(), b"iso2".into(), b"avc1".into(), b"mp41".into()];
        let ftyp = Ftyp { major_brand: b"isom".into(), minor_version: 512, compatible_brands: brands };
        let mut head = Vec::new();
        ftyp.encode(&mut head).map_err(std::io::Error::other)?;
        self.data_offset = head.len() as u64;
        self.offset = self.data_offset + LONG_HEADER;
        head.extend_from_slice(&1u32.to_be_bytes());
        head.extend_from_slice(b"mdat");
        head.extend_from_slice(&0u64.to_be_bytes());
        self.file.write_all(&head)
    }

    /// Writes the index; returns the path if there are pictures.
    pub(super) fn finish(mut self) -> Result<Option<PathBuf>, Error> {
        let failed = |error: std::io::Error| Error::write(&self.path, error);
        let Some(index) = self.index.encode(self.rate).map_err(std::io::Error::other).map_err(failed)? else {
            return Ok(None);
        };
        let length = self.offset - self.data_offset;
        self.file.write_all(&index).map_err(failed)?;
        self.file.seek(SeekFrom::Start(self.data_offset + 8)).map_err(failed)?;
        self.file.write_all(&length.to_be_bytes()).map_err(failed)?;
        self.file.flush().map_err(failed)?;
        Ok(Some(self.path))
    }
}
