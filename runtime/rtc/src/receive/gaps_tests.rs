use super::*;

/// Gaps of a stream that was received up to the packet 100 at `start`, on a path with this round trip.
fn gaps(start: Instant, round_trip: u64) -> Gaps {
    let mut gaps = Gaps::default();
    let at = |ms| start + Duration::from_millis(ms);
    gaps.received(start, 97, 0);
    gaps.received(start, 99, 0);
    assert_eq!(gaps.due(at(8)), [98]);
    assert!(gaps.repaired(at(8 + round_trip), 98));
    gaps.received(start, 100, 0);
    gaps
}

#[test]
fn lost_packets_are_asked_for_once_a_round_trip_until_it_is_too_late() {
    // (round trip, when the packet that is missing is asked for)
    for (round_trip, asked) in [
        (10, vec![8, 28, 48, 68, 88, 108, 128, 148, 168, 188]),
        (40, vec![8, 58, 108, 158, 208]),
        (200, vec![8, 28, 258, 278, 508]),
        (600, vec![8, 28]),
    ] {
        let start = Instant::now() + Duration::from_secs(1);
        let mut gaps = gaps(start - Duration::from_secs(1), round_trip);
        gaps.received(start, 102, 90_000);
        let mut seen = Vec::new();
        for ms in 0..3000 {
            let due = gaps.due(start + Duration::from_millis(ms));
            assert!(due.iter().all(|sequence| *sequence == 101));
            seen.extend(due.first().map(|_| ms));
        }
        assert_eq!(seen, asked, "{round_trip} ms");
        assert_eq!(gaps.deadline(), None);
    }
}

#[test]
fn numbers_wrap_and_what_came_is_asked_for_no_more() {
    let (start, mut gaps) = (Instant::now(), Gaps::default());
    let at = |ms| start + Duration::from_millis(ms);
    for sequence in [65533, 65534, 1, 3] {
        gaps.received(start, sequence, 0);
    }
    assert_eq!(gaps.deadline(), Some(at(8)));
    assert_eq!(gaps.due(at(7)), [0u16; 0]);
    assert_eq!(gaps.due(at(8)), [65535, 0, 2]);
    assert!(gaps.repaired(at(20), 0) && !gaps.repaired(at(20), 0), "each once");
    assert!(gaps.repaired(at(20), 65535));
    assert!(!gaps.repaired(at(20), 500), "nobody asked for it");
    assert_eq!(gaps.due(at(60)), [2]);
    gaps.received(at(70), 2, 70 * 90);
    assert_eq!(gaps.deadline(), None);
}

#[test]
fn the_round_trip_is_learned_although_the_first_answer_comes_after_several_requests() {
    let (start, mut gaps) = (Instant::now(), Gaps::default());
    let at = |ms| start + Duration::from_millis(ms);
    gaps.received(start, 1, 0);
    gaps.received(start, 3, 0);
    for ms in 0..500 {
        gaps.due(at(ms));
    }
    assert!(gaps.repaired(at(408), 2));
    assert_eq!(gaps.round_trip(), Duration::from_millis(400));
    assert_eq!(gaps.patience(at(500)), Duration::from_millis(1000));
}

#[test]
fn packets_out_of_order_are_not_lost() {
    let (start, mut gaps) = (Instant::now(), Gaps::default());
    for sequence in [10, 12, 11, 15, 13, 14, 14, 9] {
        gaps.received(start, sequence, 0);
    }
    assert_eq!(gaps.deadline(), None);
}

/// Every fifth packet takes 40 ms longer than the others.
#[test]
fn a_path_that_reorders_is_learned() {
    let (start, mut gaps) = (Instant::now(), Gaps::default());
    let mut arrivals: Vec<(u64, u16)> =
        (0..2000u16).map(|number| (u64::from(number) * 4 + if number % 5 == 0 { 40 } else { 0 }, number)).collect();
    arrivals.sort();
    let mut asked = Vec::new();
    for (ms, number) in arrivals {
        let now = start + Duration::from_millis(ms);
        asked.extend(gaps.due(now));
        gaps.received(now, number, now.saturating_duration_since(start).as_millis() as u32 * 90);
    }
    assert!(asked.len() < 60, "{} of 400 were asked for in vain", asked.len());
    assert!(asked.iter().filter(|number| **number > 1000).count() < 5, "{asked:?}");
}

#[test]
fn requests_are_bounded() {
    let (start, mut gaps) = (Instant::now(), Gaps::default());
    for step in 0..1000u16 {
        gaps.received(start, step.wrapping_mul(200), u32::from(step));
        assert!(gaps.requests.len() <= MAX_REQUESTS);
    }
    gaps.received(start, 1000, 0);
    gaps.received(start, 30_000, 0);
    assert_eq!(gaps.deadline(), None, "too large a gap");
}

/// What is asked for waits in the same queue as what comes: a narrow way of the camera's.
#[test]
fn a_queue_on_the_way_makes_patient() {
    let (start, mut gaps) = (Instant::now(), Gaps::default());
    let at = |ms| start + Duration::from_millis(ms);
    let usual = gaps.patience(start);
    for frame in 0..30u16 {
        gaps.received(at(u64::from(frame) * 33), frame, u32::from(frame) * 33 * 90);
    }
    assert_eq!(gaps.patience(at(1000)), usual);
    for frame in 30..60u16 {
        gaps.received(at(u64::from(frame) * 33 + 300), frame, u32::from(frame) * 33 * 90);
    }
    let more = gaps.patience(at(2300)) - usual;
    assert!((250..=300).contains(&more.as_millis()), "{more:?}");
}
