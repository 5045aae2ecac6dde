//! Looks at files that [`Writer`](super::Writer) made.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::time::Duration;

use super::movie::TIMESCALE;

/// Bytes of the beginning of a file that have its description, unless its parameter sets are unusually long.
pub const HEAD: usize = 4096;
/// Boxes at the top level of a file that are looked at: two days of fragments.
const MAX_BOXES: usize = 500_000;
/// Bytes of a box before its content, with a 64-bit duration: length, kind, version and flags.
const FULL_BOX: usize = 12;
/// The flags of that box: version 1.
const VERSION_1: [u8; 4] = [1, 0, 0, 0];

/// Returns the length of the file without a fragment that was not written completely, bytes. At most as long as the file; 0 if it
/// has not even a description.
///
/// # Errors
/// Those of reading it.
pub fn whole_length(file: &mut (impl Read + Seek)) -> io::Result<u64> {
    let length = file.seek(SeekFrom::End(0))?;
    let (mut at, mut whole, mut described) = (0, 0, false);
    for _ in 0..MAX_BOXES {
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 8];
        match file.read_exact(&mut head) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            read => read?,
        }
        let [a, b, c, d, kind @ ..] = head;
        let size = u64::from(u32::from_be_bytes([a, b, c, d]));
        at += size;
        if size < 8 || at > length {
            break;
        }
        described |= kind == *b"moov";
        if described && [*b"moov", *b"mdat"].contains(&kind) {
            whole = at;
        }
    }
    Ok(whole)
}

/// Returns the duration that a file claims whose beginning (at most [`HEAD`] bytes) this is; none if it is not one of ours.
pub fn duration(head: &[u8]) -> Option<Duration> {
    let at = usize::try_from(duration_at(head)?).ok()?;
    head.get(at..)?.first_chunk().map(|units| time(u64::from_be_bytes(*units)))
}

/// Returns a time in units.
pub(super) fn time(units: u64) -> Duration {
    let scale = u64::from(TIMESCALE);
    Duration::from_secs(units / scale) + Duration::from_nanos(units % scale * 1_000_000_000 / scale)
}

/// Returns the position of the duration in the box `mehd` (§8.8.2), bytes.
pub(super) fn duration_at(head: &[u8]) -> Option<u64> {
    let at = kind_at(head, b"mehd")?;
    let begin = usize::try_from(at).ok()?.checked_sub(4)?;
    let is_long = head.get(begin + 8..begin + FULL_BOX).is_some_and(|version| version == VERSION_1);
    is_long.then_some((begin + FULL_BOX) as u64)
}

/// Returns the position of the first box of this kind, bytes: that of its kind.
pub(super) fn kind_at(head: &[u8], kind: &[u8; 4]) -> Option<u64> {
    head.windows(4).position(|window| window == kind).map(|at| at as u64)
}
