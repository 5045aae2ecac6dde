//! Which files are deleted to stay within the limits.

use std::time::{Duration, SystemTime};

use super::limits::Limits;

/// A file, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// When it began.
    pub(super) begin: SystemTime,
    /// When it was last written to.
    pub(super) end: SystemTime,
    /// Bytes.
    pub(super) bytes: u64,
    /// It is being written.
    pub(super) active: bool,
}

/// Returns the indices of the files, which count together, that are to be deleted at `now`: those that are too old, and then the
/// oldest until the rest fits. Files that are being written stay. A clock that was set back deletes nothing by age.
pub(super) fn surplus(files: &[Kept], now: SystemTime, limits: &Limits) -> Vec<usize> {
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|at| files[*at].begin);
    let mut total: u64 = files.iter().map(|file| file.bytes).sum();
    let is_old = |file: &Kept| {
        let age = now.duration_since(file.end).unwrap_or(Duration::ZERO);
        limits.age.is_some_and(|most| age > most)
    };
    order.retain(|at| {
        let file = &files[*at];
        let goes = !file.active && (total > limits.total_bytes || is_old(file));
        total -= if goes { file.bytes } else { 0 };
        goes
    });
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn file(begin: u64, bytes: u64) -> Kept {
        Kept { begin: at(begin), end: at(begin + 10), bytes, active: false }
    }

    #[test]
    fn old_files_go_and_then_the_oldest_until_the_rest_fits() {
        let limits = Limits { age: Some(Duration::from_secs(100)), total_bytes: 30, ..Limits::default() };
        let active = |kept| Kept { active: true, ..kept };
        for (files, now, expected) in [
            (vec![], 0, vec![]),
            (vec![file(0, 10), file(10, 10), file(20, 10)], 30, vec![]),
            (vec![file(20, 10), file(10, 10), file(0, 11)], 30, vec![2]),
            (vec![file(0, 10), file(10, 10), file(20, 10)], 115, vec![0]),
            (vec![file(0, 1), file(10, 1), active(file(20, 100))], 30, vec![0, 1]),
            (vec![active(file(0, 100))], 1000, vec![]),
            (vec![file(500, 1)], 0, vec![]),
        ] {
            assert_eq!(surplus(&files, at(now), &limits), expected, "{files:?} at {now}");
        }
        let ageless = Limits { age: None, ..limits };
        assert_eq!(surplus(&[file(0, 1)], at(u64::MAX / 4), &ageless), [] as [usize; 0]);
    }

    proptest! {
        #[test]
        fn what_is_left_fits_and_nothing_goes_without_need(
            files in proptest::collection::vec((0u64..1000, 0u64..50, any::<bool>()), 0..20),
            total_bytes in 0u64..400,
        ) {
            let limits = Limits { age: None, total_bytes, ..Limits::default() };
            let files: Vec<_> = files.iter().map(|(begin, bytes, active)| Kept { active: *active, ..file(*begin, *bytes) }).collect();
            let gone = surplus(&files, at(2000), &limits);
            let left: u64 = (0..files.len()).filter(|at| !gone.contains(at)).map(|at| files[at].bytes).sum();
            let fixed: u64 = files.iter().filter(|file| file.active).map(|file| file.bytes).sum();
            prop_assert!(left <= total_bytes.max(fixed));
            prop_assert!(gone.iter().all(|at| !files[*at].active));
            if let Some(last) = gone.last() {
                prop_assert!(left + files[*last].bytes > total_bytes);
            }
        }
    }
}
