//! Encoded frames to a file that is written in fragments.

use std::io::{self, Seek, SeekFrom, Write};
use std::time::{Duration, SystemTime};

use mp4_atom::{Encode, Ftyp, Mehd, Mvex, Stbl, Stco, Trex};

use super::fragment::Fragment;
use super::inspect;
use super::movie::{TIMESCALE, TRACK, movie};
use super::timeline::Timeline;
use super::track::{Coding, Track};
use crate::codec::Codec;
use crate::frame::EncodedFrame;

/// A fragment has pictures of so much time at most, units: what a crash may lose.
const FRAGMENT: u64 = TIMESCALE as u64;
/// A fragment that is larger is closed early, bytes.
const MAX_FRAGMENT: usize = 4 << 20;
/// Pictures of a fragment, at most.
const MAX_PICTURES: usize = 1000;
/// How long the last picture is shown if nothing tells, units.
const LAST: u64 = TIMESCALE as u64 / 30;
/// Seconds from the beginning of 1904, from which MP4 counts, to that of 1970.
const FROM_1904: u64 = 2_082_844_800;

/// Writes a fragmented MP4 (ISO/IEC 14496-12 §8.8). A fragment ends before each keyframe, and after a second at the latest; it is
/// written at once and as a whole. Whenever writing ends, what came before the last fragment plays.
///
/// It holds no more than the open fragment: a second, 4 MiB and the newest picture at most.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    track: Track,
    timeline: Timeline,
    fragment: Fragment,
    /// Number of the last fragment.
    number: u32,
    /// Where the last fragment ends, units.
    end: u64,
    /// What is in the file, bytes.
    written: u64,
    /// Position of the kind of the sample entry, bytes.
    entry_at: u64,
    /// Position of the duration, bytes.
    duration_at: u64,
    /// The sample entry says that samples bring parameter sets.
    relabelled: bool,
    buffer: Vec<u8>,
}

impl<W: Write + Seek> Writer<W> {
    /// Begins a file with `track` in `out`, which is empty. `created` is when its first picture was taken.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(out: W, track: Track, created: SystemTime) -> io::Result<Self> {
        let mut head = Vec::new();
        let brands = vec![b"isom".into(), b"iso6".into(), b"mp41".into()];
        let ftyp = Ftyp { major_brand: b"isom".into(), minor_version: 512, compatible_brands: brands };
        ftyp.encode(&mut head).map_err(io::Error::other)?;
        let tables = Stbl { stco: Some(Stco::default()), ..Stbl::default() };
        let trex = Trex { track_id: TRACK, default_sample_description_index: 1, ..Trex::default() };
        let mehd = Mehd { fragment_duration: 0 };
        let created = created.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() + FROM_1904);
        let moov = movie(&track, tables, 0, created, Some(Mvex { mehd: Some(mehd), trex: vec![trex] }));
        moov.encode(&mut head).map_err(io::Error::other)?;
        let (kind, _) = track.kinds();
        let missing = || io::Error::other("the description of a track lacks a box");
        let mut writer = Self {
            out,
            entry_at: inspect::kind_at(&head, &kind.into()).ok_or_else(missing)?,
            duration_at: inspect::duration_at(&head).ok_or_else(missing)?,
            track,
            timeline: Timeline::default(),
            fragment: Fragment::default(),
            number: 0,
            end: 0,
            written: head.len() as u64,
            relabelled: false,
            buffer: Vec::new(),
        };
        writer.out.write_all(&head)?;
        Ok(writer)
    }

    /// Adds a frame. The first one is the keyframe from which the track was read.
    ///
    /// # Errors
    /// Those of `out`; [`io::ErrorKind::InvalidInput`] if the frame is of another codec. After an error the file may hold a part of
    /// a fragment behind its [whole ones](Writer::written), and nothing more can be added.
    pub fn frame(&mut self, frame: &EncodedFrame) -> io::Result<()> {
        if frame.codec != self.codec() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let time = self.timeline.time(frame);
        let is_over = self.fragment.begin().is_some_and(|begin| {
            frame.keyframe
                || time.saturating_sub(begin) >= FRAGMENT
                || self.fragment.bytes() + frame.data.len() > MAX_FRAGMENT
                || self.fragment.pictures() >= MAX_PICTURES
        });
        if is_over {
            self.close_fragment(time)?;
        }
        let data = &frame.data;
        self.fragment.push(time, frame.keyframe, |out| match &mut self.track.coding {
            Coding::H264(sets) => sets.append(data, out),
            Coding::Vp8 => out.extend_from_slice(data),
        });
        Ok(())
    }

    /// Writes what is known: all pictures but the newest, whose duration the next one tells. To be called when no frame has come
    /// for a while.
    ///
    /// # Errors
    /// As those of [`Writer::frame`].
    pub fn flush(&mut self) -> io::Result<()> {
        if self.fragment.pictures() < 2 {
            return Ok(());
        }
        let last = self.fragment.split_last();
        let written = self.close_fragment(last.begin().unwrap_or_default());
        self.fragment = last;
        written
    }

    /// Writes the rest; the last picture is shown for as long as the one before it. Nothing more can be added.
    ///
    /// # Errors
    /// As those of [`Writer::frame`].
    pub fn finish(&mut self) -> io::Result<()> {
        if self.fragment.pictures() > 0 {
            let last = self.fragment.last_interval().unwrap_or(LAST);
            self.close_fragment(self.timeline.latest() + last)?;
        }
        self.out.flush()
    }

    /// Returns the file as it is.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// Returns the file.
    pub fn get_ref(&self) -> &W {
        &self.out
    }

    /// Returns the codec of the frames.
    pub fn codec(&self) -> Codec {
        self.track.codec()
    }

    /// Returns whether the file has no pictures yet.
    pub fn is_empty(&self) -> bool {
        self.number == 0
    }

    /// Returns what is in the file: its description and whole fragments, bytes.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Returns the size that the file will have, bytes, as far as it is known.
    pub fn bytes(&self) -> u64 {
        self.written + self.fragment.bytes() as u64
    }

    /// Returns the time from the first picture to the newest.
    pub fn duration(&self) -> Duration {
        inspect::time(self.timeline.latest())
    }

    fn close_fragment(&mut self, next: u64) -> io::Result<()> {
        self.relabel()?;
        self.number += 1;
        self.buffer.clear();
        let end = self.fragment.encode(self.number, self.end, next, &mut self.buffer).map_err(io::Error::other)?;
        self.out.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.end = end;
        self.patch(self.duration_at, &end.to_be_bytes())
    }

    /// A player that prepares for the parameter sets of an `avc1` track alone must not meet others: it is an `avc3` track from
    /// then on, whose samples may have their own.
    fn relabel(&mut self) -> io::Result<()> {
        let changed = matches!(&self.track.coding, Coding::H264(sets) if sets.changed());
        if !changed || self.relabelled {
            return Ok(());
        }
        self.relabelled = true;
        let (_, kind) = self.track.kinds();
        self.patch(self.entry_at, &<[u8; 4]>::from(kind))
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.out.seek(SeekFrom::Start(at))?;
        self.out.write_all(bytes)?;
        self.out.seek(SeekFrom::Start(self.written)).map(|_| ())
    }
}
