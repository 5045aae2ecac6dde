//! Fragments: samples that were written while the file was recorded (boxes `moof`, ISO/IEC 14496-12 §8.8).

use mp4_atom::{Tfdt, Tfhd, Trex};

use super::super::bounds::Bounds;
use super::super::error::Error;
use super::super::file::File;
use super::boxes::{TopBoxes, all, damaged, find, is, leaf, required};
use super::samples::{New, Samples};

/// In a sample's flags: it needs others to be decoded.
const NON_SYNC: u32 = 0x0001_0000;

/// Appends the samples of track `id` to `samples`, as far as they are there.
pub(super) fn append(
    file: &File,
    bounds: &Bounds,
    id: u32,
    defaults: &[Trex],
    samples: &mut Samples,
) -> Result<(), Error> {
    for found in TopBoxes::of(file) {
        let Ok(found) = found else { break };
        if !is(found.kind, b"moof") {
            continue;
        }
        let body = match found.body(file, bounds.index_bytes) {
            Err(Error::CutOff(_)) => break,
            body => body?,
        };
        let mut fragment = Fragment { begin: found.offset, data_end: None, defaults };
        for track in all(&body, b"traf") {
            if !fragment.track(track?, id, samples)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A fragment while its tracks are read.
struct Fragment<'a> {
    /// Position of its box, bytes.
    begin: u64,
    /// End of the data of the track before, bytes.
    data_end: Option<u64>,
    defaults: &'a [Trex],
}

impl Fragment<'_> {
    /// Reads a track, and appends its samples if it is `id`. Returns whether all are there.
    fn track(&mut self, track: &[u8], id: u32, samples: &mut Samples) -> Result<bool, Error> {
        let head: Tfhd = leaf(required(track, b"tfhd")?)?;
        let default = self.defaults.iter().find(|default| default.track_id == head.track_id);
        let default = default.cloned().unwrap_or_default();
        let is_shown = head.track_id == id;
        let implied = if head.default_base_is_moof { self.begin } else { self.data_end.unwrap_or(self.begin) };
        let base = head.base_data_offset.unwrap_or(implied);
        let (entry, size, duration, flags) = (
            head.sample_description_index.unwrap_or(default.default_sample_description_index),
            head.default_sample_size.unwrap_or(default.default_sample_size),
            head.default_sample_duration.unwrap_or(default.default_sample_duration),
            head.default_sample_flags.unwrap_or(default.default_sample_flags),
        );
        if is_shown && let Some(time) = find(track, b"tfdt")? {
            samples.begin_fragment(leaf::<Tfdt>(time)?.base_media_decode_time)?;
        }
        let mut end = base;
        for run in all(track, b"trun") {
            let run = Run::read(run?).ok_or_else(|| damaged("a run of pictures is truncated"))?;
            let mut offset = match run.data_offset {
                Some(offset) => base.checked_add_signed(offset.into()).ok_or_else(too_large)?,
                None => end,
            };
            if is_shown {
                for sample in run.samples(flags) {
                    let bytes = sample.bytes.unwrap_or(size);
                    let next = offset.checked_add(bytes.into()).ok_or_else(too_large)?;
                    let is_there = samples.push(New {
                        offset,
                        bytes,
                        keyframe: sample.flags & NON_SYNC == 0,
                        entry,
                        duration: sample.duration.unwrap_or(duration),
                        shift: sample.shift.into(),
                    })?;
                    if !is_there {
                        return Ok(false);
                    }
                    offset = next;
                }
                end = offset;
            } else {
                end = offset.saturating_add(run.bytes(size));
            }
        }
        self.data_end = Some(end);
        Ok(true)
    }
}

fn too_large() -> Error {
    damaged("the offset of a picture is too large")
}

/// A run of samples that follow each other in the file (the box `trun`, §8.8.8).
struct Run<'a> {
    data_offset: Option<i32>,
    count: u32,
    /// Flags of the first sample.
    first: Option<u32>,
    fields: Fields,
    /// The fields of all samples.
    table: &'a [u8],
}

/// The fields that each sample of a run has, 32 bits each, in this order.
#[derive(Clone, Copy)]
struct Fields {
    duration: bool,
    bytes: bool,
    flags: bool,
    shift: bool,
}

/// What a run says of a sample.
struct InRun {
    duration: Option<u32>,
    bytes: Option<u32>,
    flags: u32,
    /// Time from decoding to presentation. Version 0 of the box has no negative ones, and none that is as large.
    shift: i32,
}

impl<'a> Run<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let mut rest = body;
        let (flags, count) = (word(&mut rest)?, word(&mut rest)?);
        let has = |bit: u32| flags & bit != 0;
        let data_offset = if has(0x1) { Some(word(&mut rest)? as i32) } else { None };
        let first = if has(0x4) { Some(word(&mut rest)?) } else { None };
        let fields = Fields { duration: has(0x100), bytes: has(0x200), flags: has(0x400), shift: has(0x800) };
        let table = rest.get(..fields.size().checked_mul(count as usize)?)?;
        Some(Self { data_offset, count, first, fields, table })
    }

    /// Returns the samples, whose flags are `flags` unless the run says otherwise.
    fn samples(&self, flags: u32) -> impl Iterator<Item = InRun> {
        let (fields, mut rest, mut first) = (self.fields, self.table, self.first);
        (0..self.count).map(move |_| {
            let mut field = |is_there: bool| if is_there { word(&mut rest) } else { None };
            let (duration, bytes) = (field(fields.duration), field(fields.bytes));
            let (own, shift) = (field(fields.flags), field(fields.shift));
            let flags = first.take().or(own).unwrap_or(flags);
            InRun { duration, bytes, flags, shift: shift.unwrap_or(0) as i32 }
        })
    }

    /// Returns the size of all samples, bytes, whose size is `default` unless the run says otherwise.
    fn bytes(&self, default: u32) -> u64 {
        if self.fields.bytes {
            self.samples(0).map(|sample| u64::from(sample.bytes.unwrap_or(0))).sum()
        } else {
            u64::from(self.count) * u64::from(default)
        }
    }
}

impl Fields {
    /// Returns the size of a sample's fields, bytes.
    fn size(self) -> usize {
        4 * [self.duration, self.bytes, self.flags, self.shift].map(usize::from).iter().sum::<usize>()
    }
}

/// Takes 32 bits.
fn word(bytes: &mut &[u8]) -> Option<u32> {
    let (word, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(u32::from_be_bytes(*word))
}
