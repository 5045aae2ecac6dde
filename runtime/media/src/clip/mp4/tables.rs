//! The tables of samples that are not in fragments (the box `stbl`).

use mp4_atom::{Co64, Ctts, Stco, Stsc, Stss, Stsz, StszSamples, Stts};

use super::super::error::Error;
use super::boxes::{damaged, find, leaf, required};
use super::samples::{New, Samples};

/// The tables of sample positions and times, as they are in the file.
pub(super) struct Tables {
    durations: Stts,
    offsets: Option<Ctts>,
    keyframes: Option<Stss>,
    sizes: Stsz,
    chunks: Stsc,
    chunk_offsets: Vec<u64>,
}

impl Tables {
    /// Reads the tables; none if they are of no samples.
    pub(super) fn read(table: &[u8]) -> Result<Option<Self>, Error> {
        // Fragmented files may lack the tables.
        let Some(sizes) = find(table, b"stsz")?.map(leaf::<Stsz>).transpose()?.filter(|sizes| count(sizes) > 0) else {
            return Ok(None);
        };
        let chunk_offsets = match find(table, b"stco")? {
            Some(body) => leaf::<Stco>(body)?.entries.into_iter().map(u64::from).collect(),
            None => leaf::<Co64>(required(table, b"co64")?)?.entries,
        };
        Ok(Some(Self {
            durations: leaf(required(table, b"stts")?)?,
            offsets: find(table, b"ctts")?.map(leaf).transpose()?,
            keyframes: find(table, b"stss")?.map(leaf).transpose()?,
            sizes,
            chunks: leaf(required(table, b"stsc")?)?,
            chunk_offsets,
        }))
    }

    /// Appends the samples to `samples`, which is empty.
    pub(super) fn append(&self, samples: &mut Samples) -> Result<(), Error> {
        let count = count(&self.sizes);
        samples.reserve(count)?;
        let runs = |value, times: u32| std::iter::repeat_n(value, times.min(count) as usize);
        let mut durations = self.durations.entries.iter().flat_map(|run| runs(run.sample_delta, run.sample_count));
        let offsets = self.offsets.iter().flat_map(|table| &table.entries);
        let mut offsets = offsets
            .flat_map(|run| std::iter::repeat_n(run.sample_offset, run.sample_count.min(count) as usize))
            .chain(std::iter::repeat(0));
        let positions = self.for_each_position(|offset, bytes, entry| {
            let (Some(duration), Some(shift)) = (durations.next(), offsets.next()) else {
                return Err(damaged("the times of its pictures are invalid"));
            };
            samples.push(New { offset, bytes, keyframe: self.keyframes.is_none(), entry, duration, shift })
        });
        if positions? && samples.len() < count as usize {
            return Err(damaged("its index lacks the positions of pictures"));
        }
        for number in self.keyframes.iter().flat_map(|table| &table.entries) {
            samples.mark_keyframe((*number as usize).wrapping_sub(1));
        }
        Ok(())
    }

    /// Calls `each` with the offset, the size and the number of the entry of each sample, as far as the tables have them, and until it
    /// returns false. Returns whether it never did.
    fn for_each_position(&self, mut each: impl FnMut(u64, u32, u32) -> Result<bool, Error>) -> Result<bool, Error> {
        let count = count(&self.sizes) as usize;
        let size = |at: usize| match &self.sizes.samples {
            StszSamples::Identical { size, .. } => *size,
            StszSamples::Different { sizes } => sizes.get(at).copied().unwrap_or(0),
        };
        let mut runs = self.chunks.entries.iter().peekable();
        let (mut at, mut in_chunk, mut entry) = (0, 0, 1);
        for (chunk, chunk_offset) in (1u32..).zip(&self.chunk_offsets) {
            while let Some(run) = runs.next_if(|run| run.first_chunk <= chunk) {
                (in_chunk, entry) = (run.samples_per_chunk, run.sample_description_index);
            }
            let mut offset = *chunk_offset;
            for _ in 0..in_chunk {
                if at == count {
                    return Ok(true);
                }
                if !each(offset, size(at), entry)? {
                    return Ok(false);
                }
                offset = offset
                    .checked_add(size(at).into())
                    .ok_or_else(|| damaged("the offset of a picture is too large"))?;
                at += 1;
            }
        }
        Ok(true)
    }
}

fn count(sizes: &Stsz) -> u32 {
    match &sizes.samples {
        StszSamples::Identical { count, .. } => *count,
        StszSamples::Different { sizes } => u32::try_from(sizes.len()).unwrap_or(u32::MAX),
    }
}
