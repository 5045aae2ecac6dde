//! Which bit rate a rendition has: everybody who views it has to be able to receive it.

/// Decides the bit rate of a rendition, bits a second: the lowest of what its viewers can receive, at most `max`. `start`
/// holds as long as none of them has said anything.
pub fn decide(start: u32, max: u32, viewers: impl IntoIterator<Item = Option<u32>>) -> u32 {
    viewers.into_iter().flatten().min().unwrap_or(start).min(max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_slowest_viewer_decides_within_the_maximum() {
        for (viewers, bitrate) in [
            (&[][..], 1500),
            (&[None, None], 1500),
            (&[Some(800)], 800),
            (&[Some(2000), None], 2000),
            (&[Some(2000), Some(300), None], 300),
            (&[Some(9000), Some(5000)], 2500),
        ] {
            assert_eq!(decide(1500, 2500, viewers.iter().copied()), bitrate, "{viewers:?}");
        }
    }

    proptest! {
        #[test]
        fn no_viewer_gets_more_than_it_can_receive(
            start in 0u32..10_000, max in 0u32..10_000, viewers in proptest::collection::vec(any::<Option<u32>>(), 0..9),
        ) {
            let bitrate = decide(start, max, viewers.iter().copied());
            prop_assert!(bitrate <= max);
            prop_assert!(viewers.iter().flatten().all(|wish| bitrate <= *wish));
        }
    }
}
