//! When wishes for keyframes are served: those of many viewers as one. Has no clock: `now` is an argument.

use std::time::{Duration, Instant};

/// Least time between two keyframes that several viewers of a rendition wish for.
pub const FOLD: Duration = Duration::from_millis(500);
/// Wishes that a viewer among several has at once, and the time in which it has another one. A viewer that keeps losing
/// frames waits for the keyframes of the others.
const WISHES: u32 = 3;
const ANOTHER: Duration = Duration::from_secs(3);

/// Folds the wishes for keyframes of one rendition.
#[derive(Debug, Default)]
pub struct Keyframes {
    made: Option<Instant>,
    wished: Option<Instant>,
}

impl Keyframes {
    /// A keyframe is wished for.
    pub fn wish(&mut self, now: Instant) {
        self.wished.get_or_insert(now);
    }

    /// When it was wished for, while the wish stands.
    pub fn wished(&self) -> Option<Instant> {
        self.wished
    }

    /// When the wish that stands is to be served. `shared`: by several viewers, who are all sent the keyframe.
    pub fn due(&self, shared: bool) -> Option<Instant> {
        let wished = self.wished?;
        let made = self.made.filter(|_| shared);
        Some(made.map_or(wished, |made| wished.max(made + FOLD)))
    }

    /// Whether the next picture is to be a keyframe. The wish is served then.
    pub fn take(&mut self, now: Instant, shared: bool) -> bool {
        let due = self.due(shared).is_some_and(|due| due <= now);
        if due {
            self.wished = None;
        }
        due
    }

    /// A keyframe was made: it serves the wishes that came meanwhile, too.
    pub fn made(&mut self, now: Instant) {
        self.made = Some(now);
        self.wished = None;
    }
}

/// Bounds the keyframes that one viewer among several causes.
#[derive(Debug)]
pub struct Allowance {
    left: u32,
    /// Since when less than all are left.
    since: Option<Instant>,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { left: WISHES, since: None }
    }
}

impl Allowance {
    /// Whether the viewer may wish for a keyframe; it has one wish less then.
    pub fn take(&mut self, now: Instant) -> bool {
        while let Some(since) = self.since.filter(|since| now >= *since + ANOTHER) {
            self.left += 1;
            self.since = (self.left < WISHES).then(|| since + ANOTHER);
        }
        let may = self.left > 0;
        if may {
            self.left -= 1;
            self.since.get_or_insert(now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_wish_is_served_at_once_or_half_a_second_after_the_keyframe_before() {
        let start = Instant::now();
        // Wishes, pictures, and those of them that are keyframes, ms.
        type Case = (&'static str, bool, &'static [u64], &'static [u64]);
        let cases: [Case; 5] = [
            ("one", true, &[10], &[33]),
            ("many", true, &[10, 11, 12, 20, 32], &[33]),
            ("one soon after", true, &[10, 40], &[33, 561]),
            ("without end", true, &[0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000], &[0, 528, 1056]),
            ("of the only viewer", false, &[10, 40, 70], &[33, 66, 99]),
        ];
        for (what, shared, wishes, expected) in cases {
            let (mut keyframes, mut made) = (Keyframes::default(), Vec::new());
            for at in 0..1200 {
                let now = start + ms(at);
                wishes.iter().filter(|wish| **wish == at).for_each(|_| keyframes.wish(now));
                if at % 33 == 0 && keyframes.take(now, shared) {
                    keyframes.made(now);
                    made.push(at);
                }
            }
            assert_eq!(made, expected, "{what}");
            assert!(keyframes.due(shared).is_none());
        }
    }

    #[test]
    fn a_keyframe_serves_the_wishes_that_came_while_it_was_made() {
        let now = Instant::now();
        let mut keyframes = Keyframes::default();
        keyframes.wish(now);
        assert!(keyframes.take(now, true));
        keyframes.wish(now + ms(5));
        assert_eq!((keyframes.wished(), keyframes.due(true)), (Some(now + ms(5)), Some(now + ms(5))));
        keyframes.made(now + ms(9));
        assert!(!keyframes.take(now + ms(2000), true));
    }

    #[test]
    fn who_keeps_losing_frames_has_few_wishes() {
        let (start, mut allowance) = (Instant::now(), Allowance::default());
        let allowed = |allowance: &mut Allowance, from: u64, to: u64| {
            (from..to).step_by(100).filter(|at| allowance.take(start + ms(*at))).count()
        };
        assert_eq!(allowed(&mut allowance, 0, 2900), 3);
        assert_eq!(allowed(&mut allowance, 2900, 62_900), 20, "one in three seconds");
        assert_eq!(allowed(&mut allowance, 600_000, 600_500), 3, "they come back");
    }

    proptest! {
        #[test]
        fn no_two_keyframes_are_nearer_than_the_fold(steps in proptest::collection::vec((0u64..400, any::<bool>()), 1..200)) {
            let (mut now, mut keyframes, mut last) = (Instant::now(), Keyframes::default(), None::<Instant>);
            let mut open = None::<Instant>;
            for (wait, wish) in steps {
                now += ms(wait);
                if wish {
                    keyframes.wish(now);
                    open.get_or_insert(now);
                }
                if keyframes.take(now, true) {
                    prop_assert!(last.is_none_or(|last| now - last >= FOLD));
                    keyframes.made(now);
                    (last, open) = (Some(now), None);
                }
                prop_assert!(open.is_none_or(|open| now < open + FOLD), "each wish is served within the fold");
            }
        }
    }
}
