//! Spreads of measurements.

use serde::Serialize;

/// How measurements are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Spread {
    pub(crate) min: u64,
    pub(crate) p50: u64,
    pub(crate) p95: u64,
    pub(crate) p99: u64,
    pub(crate) max: u64,
}

impl Spread {
    /// That of some measurements; zeros when there are none.
    pub(crate) fn of(measured: impl IntoIterator<Item = u64>) -> Self {
        let mut sorted: Vec<_> = measured.into_iter().collect();
        sorted.sort_unstable();
        let at = |percent: usize| {
            // The smallest that so many of a hundred are not above.
            let rank = (sorted.len() * percent).div_ceil(100);
            sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        Self { min: at(0), p50: at(50), p95: at(95), p99: at(99), max: at(100) }
    }
}

/// The middle of some ratios; none when there are none.
pub(crate) fn middle(mut ratios: Vec<f64>) -> Option<f64> {
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_those_of_the_nearest_rank() {
        assert_eq!(Spread::of((1..=100).rev()), Spread { min: 1, p50: 50, p95: 95, p99: 99, max: 100 });
        assert_eq!(Spread::of([7]), Spread { min: 7, p50: 7, p95: 7, p99: 7, max: 7 });
        assert_eq!(Spread::of([3, 1, 2]), Spread { min: 1, p50: 2, p95: 3, p99: 3, max: 3 });
        assert_eq!(Spread::of([]), Spread::default());
        assert_eq!((middle(vec![]), middle(vec![3.0, 1.0, 2.0])), (None, Some(2.0)));
    }
}
