//! Percentiles of measurements.

use serde::Serialize;

/// Minimum, percentiles and maximum of a series of measurements, in the unit of the measurements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) min: u64,
    pub(crate) p50: u64,
    pub(crate) p95: u64,
    pub(crate) p99: u64,
    pub(crate) max: u64,
}

impl Percentiles {
    /// Computes the percentiles by the nearest rank; all are zero if there are no measurements.
    pub(crate) fn of(measurements: impl IntoIterator<Item = u64>) -> Self {
        let mut sorted: Vec<_> = measurements.into_iter().collect();
        sorted.sort_unstable();
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        Self { min: at(0), p50: at(50), p95: at(95), p99: at(99), max: at(100) }
    }
}

/// Returns the median of some ratios; `None` if there are none. Of an even number, the upper one of the two in the middle.
pub(crate) fn median(mut ratios: Vec<f64>) -> Option<f64> {
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        assert_eq!(Percentiles::of((1..=100).rev()), Percentiles { min: 1, p50: 50, p95: 95, p99: 99, max: 100 });
        assert_eq!(Percentiles::of([7]), Percentiles { min: 7, p50: 7, p95: 7, p99: 7, max: 7 });
        assert_eq!(Percentiles::of([3, 1, 2]), Percentiles { min: 1, p50: 2, p95: 3, p99: 3, max: 3 });
        assert_eq!(Percentiles::of([]), Percentiles::default());
        assert_eq!((median(vec![]), median(vec![3.0, 1.0, 2.0])), (None, Some(2.0)));
    }
}
