//! Divides the capacity of a node under contention: sessions that use more than their fair share skip frames.

/// Parts of the capacity: above the first there is contention, below the second it is over.
const FULL: (f64, f64) = (1.0, 0.85);

/// Detects contention. A plain struct.
#[derive(Debug, Default)]
pub struct FairShare {
    contended: bool,
}

impl FairShare {
    /// Takes what each session uses, ms of CPU a second. Returns, under contention, the fair share of a session, ms a
    /// second.
    pub fn level(&mut self, uses: &[f64], capacity: f64) -> Option<f64> {
        let used: f64 = uses.iter().sum();
        self.contended = used > capacity * if self.contended { FULL.1 } else { FULL.0 };
        // During contention the share leaves as little as its end requires, or it would come and go.
        self.contended.then(|| fair_level(uses, capacity * (FULL.0 + FULL.1) / 2.0))
    }
}

/// The level at which `uses`, each limited to it, sum up to `capacity`. Lower uses are not limited.
/// Infinite when all fit without a limit.
pub fn fair_level(uses: &[f64], capacity: f64) -> f64 {
    let mut sorted: Vec<f64> = uses.iter().copied().filter(|used| used.is_finite()).map(|used| used.max(0.0)).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut left = capacity.max(0.0);
    let mut heads = sorted.len();
    for used in sorted {
        let each = left / heads as f64;
        if used > each {
            return each;
        }
        left -= used;
        heads -= 1;
    }
    f64::INFINITY
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn uses_below_the_fair_share_are_kept_and_the_others_divide_the_rest() {
        let infinite = f64::INFINITY;
        for (uses, capacity, level) in [
            (&[][..], 1000.0, infinite),
            (&[300.0, 300.0], 1000.0, infinite),
            (&[900.0, 900.0], 1000.0, 500.0),
            (&[100.0, 900.0, 900.0], 1000.0, 450.0),
            (&[100.0, 200.0, 2000.0], 1000.0, 700.0),
            (&[5000.0], 1000.0, 1000.0),
            (&[1.0, f64::NAN], -1.0, 0.0),
        ] {
            assert_eq!(fair_level(uses, capacity), level, "{uses:?}");
        }
    }

    #[test]
    fn contention_begins_beyond_the_capacity_and_ends_well_below() {
        let mut fair_share = FairShare::default();
        assert_eq!(fair_share.level(&[500.0, 490.0], 1000.0), None);
        assert!(fair_share.level(&[500.0, 510.0], 1000.0).is_some());
        assert!(fair_share.level(&[500.0, 400.0], 1000.0).is_some());
        assert_eq!(fair_share.level(&[400.0, 400.0], 1000.0), None);
        assert_eq!(fair_share.level(&[500.0, 400.0], 1000.0), None);
    }

    proptest! {
        #[test]
        fn what_is_left_fits_and_nothing_is_wasted(
            uses in proptest::collection::vec(0.0f64..5000.0, 0..50), capacity in 1.0f64..20_000.0,
        ) {
            let level = fair_level(&uses, capacity);
            let kept: f64 = uses.iter().map(|used| used.min(level)).sum();
            let wanted: f64 = uses.iter().sum();
            prop_assert!((kept - wanted.min(capacity)).abs() < 1e-6 * capacity.max(1.0), "{kept} of {wanted}");
        }
    }
}
