use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);

fn at(pts: Duration) -> Arrival {
    Arrival { pts, bytes: 100 }
}

fn numbers<T>(skipped: &[Skipped<T>]) -> Vec<(u64, SkipReason)> {
    skipped.iter().map(|frame| (frame.sequence, frame.reason)).collect()
}

#[test]
fn tickets_say_how_many_were_skipped() {
    let start = Instant::now();
    let mut gate = Gate::default();
    assert!(gate.offer(start, at(Duration::ZERO), 'a').is_empty());
    let (ticket, _) = gate.take(start + MS);
    assert_eq!(ticket, Some(Ticket { sequence: 0, pts: Duration::ZERO, skipped: 0, waited: MS, what: 'a' }));
    assert!(gate.offer(start + 33 * MS, at(33 * MS), 'b').is_empty());
    let skipped = gate.offer(start + 66 * MS, at(66 * MS), 'c');
    let expected = Skipped { sequence: 1, pts: 33 * MS, waited: 33 * MS, reason: SkipReason::Busy, what: 'b' };
    assert_eq!(skipped, [expected]);
    assert_eq!(gate.take(start + 69 * MS).0, None, "one at a time");
    gate.done(start + 70 * MS, true);
    let (ticket, _) = gate.take(start + 70 * MS);
    assert_eq!(ticket, Some(Ticket { sequence: 2, pts: 66 * MS, skipped: 1, waited: 4 * MS, what: 'c' }));
    gate.done(start + 71 * MS, true);
    assert_eq!(gate.take(start + 71 * MS).0, None);
}

#[test]
fn jitter_is_waited_out_only_for_a_handler_that_keeps_up() {
    let start = Instant::now();
    for (cost, waits) in [(5 * MS, true), (25 * MS, true), (200 * MS, false)] {
        let mut gate = Gate::default();
        gate.offer(start, at(Duration::ZERO), ());
        gate.take(start);
        gate.done(start + cost, true);
        gate.offer(start + cost, at(33 * MS), ());
        let now = start + cost;
        assert_eq!(gate.patience(now, now) > Duration::ZERO, waits, "{cost:?}");
        let catches_up = cost == 5 * MS;
        assert_eq!(gate.patience(now, now - 80 * MS) > Duration::ZERO, catches_up, "a late access unit is not put off");
        assert_eq!(gate.patience(now, now - 350 * MS), Duration::ZERO, "nor by one that could catch up");
    }
    assert_eq!(Gate::<()>::default().patience(start, start), Duration::ZERO);
}

#[test]
fn the_first_call_of_an_instance_teaches_nothing() {
    let start = Instant::now();
    let mut gate = Gate::new(Skipping::Adaptive, Backlog::default());
    gate.offer(start, at(Duration::ZERO), ());
    gate.take(start);
    gate.done(start + 400 * MS, false);
    assert_eq!((gate.every(), gate.is_busy()), (1, false));
    gate.offer(start + 400 * MS, at(33 * MS), ());
    assert!(gate.patience(start + 400 * MS, start + 400 * MS) > Duration::ZERO);
}

#[test]
fn a_backlog_is_bounded_in_frames_bytes_and_age_and_keeps_the_newest() {
    let start = Instant::now();
    let bounds = Backlog { frames: 3, bytes: 1000, age: Duration::from_secs(1) };
    let mut gate = Gate::new(Skipping::Never, bounds);
    for i in 0..3 {
        assert!(gate.offer(start, at(MS * i), ()).is_empty());
    }
    assert_eq!(numbers(&gate.offer(start, at(3 * MS), ())), [(0, SkipReason::Backlog)]);
    let large = Arrival { pts: 4 * MS, bytes: 900 };
    assert_eq!(numbers(&gate.offer(start, large, ())), [(1, SkipReason::Backlog), (2, SkipReason::Backlog)]);
    let huge = Arrival { pts: 5 * MS, bytes: usize::MAX };
    assert_eq!(numbers(&gate.offer(start, huge, ())), [(3, SkipReason::Backlog), (4, SkipReason::Backlog)]);
    assert_eq!(gate.waiting(), 1);
    let (ticket, _) = gate.take(start + Duration::from_secs(60));
    assert_eq!(ticket.map(|ticket| (ticket.sequence, ticket.skipped)), Some((5, 5)), "the newest waits at any age");
    gate.offer(start, at(6 * MS), ());
    gate.offer(start + 500 * MS, at(7 * MS), ());
    gate.done(start + 500 * MS, true);
    let (ticket, old) = gate.take(start + 1200 * MS);
    assert_eq!((ticket.map(|t| t.sequence), numbers(&old)), (Some(7), vec![(6, SkipReason::Backlog)]));
}

#[test]
fn a_closed_gate_skips_with_its_reason_and_opens_by_itself() {
    let start = Instant::now();
    let mut gate = Gate::default();
    gate.offer(start, at(Duration::ZERO), ());
    assert_eq!(numbers(&gate.close(start, start + 500 * MS, SkipReason::Resting)), [(0, SkipReason::Resting)]);
    assert_eq!(numbers(&gate.offer(start + 33 * MS, at(33 * MS), ())), [(1, SkipReason::Resting)]);
    assert_eq!(gate.closed(start + 499 * MS), Some(SkipReason::Resting));
    // A shorter closure for another reason does not end it earlier.
    gate.close(start, start + 100 * MS, SkipReason::OverBudget);
    assert_eq!(gate.closed(start + 499 * MS), Some(SkipReason::Resting));
    assert!(gate.offer(start + 500 * MS, at(500 * MS), ()).is_empty());
    assert_eq!(gate.take(start + 500 * MS).0.map(|ticket| ticket.skipped), Some(2));
    gate.close(start + 600 * MS, start + 900 * MS, SkipReason::Resting);
    gate.open();
    assert_eq!(gate.closed(start + 600 * MS), None);
}

#[test]
fn a_backlog_outlasts_a_brief_closure_but_no_rest() {
    let start = Instant::now();
    let mut gate = Gate::new(Skipping::Never, Backlog::default());
    gate.offer(start, at(Duration::ZERO), ());
    assert!(gate.close(start, start + 100 * MS, SkipReason::OverBudget).is_empty());
    assert!(gate.offer(start + MS, at(33 * MS), ()).is_empty());
    assert_eq!((gate.take(start + MS).0, gate.opens_at(start + MS)), (None, Some(start + 100 * MS)));
    assert_eq!(gate.take(start + 100 * MS).0.map(|ticket| ticket.sequence), Some(0));
    assert_eq!(
        numbers(&gate.close(start + 100 * MS, start + 900 * MS, SkipReason::Resting)),
        [(1, SkipReason::Resting)]
    );
}

#[test]
fn a_change_of_policy_keeps_the_newest_and_loses_nothing() {
    let start = Instant::now();
    let mut gate = Gate::new(Skipping::Never, Backlog::default());
    for i in 0..5 {
        gate.offer(start, at(MS * 33 * i), ());
    }
    assert_eq!(gate.next_sequence(), 0);
    let skipped = gate.set_policy(start, Skipping::Latest);
    assert_eq!(numbers(&skipped), [0, 1, 2, 3].map(|sequence| (sequence, SkipReason::Busy)));
    assert_eq!((gate.waiting(), gate.next_sequence(), gate.policy()), (1, 4, Skipping::Latest));
}

#[test]
fn degradation_makes_any_policy_skip_more() {
    for skipping in [Skipping::Latest, Skipping::Adaptive, Skipping::Never] {
        let start = Instant::now();
        let mut gate = Gate::new(skipping, Backlog::default());
        gate.at_least(4);
        let mut taken = Vec::new();
        for i in 0..40u32 {
            let now = start + MS * 33 * i;
            for frame in gate.offer(now, at(MS * 33 * i), ()) {
                assert_eq!(frame.reason, SkipReason::OverBudget);
            }
            taken.extend(gate.take(now).0.map(|ticket| ticket.sequence));
            gate.done(now + MS, true);
        }
        assert_eq!(taken, [0, 4, 8, 12, 16, 20, 24, 28, 32, 36], "{skipping}");
    }
}

#[test]
fn frames_with_senseless_presentation_times_are_let_in() {
    for times in [|_| Duration::ZERO, |i: u32| MS * (1000 - i)] {
        let start = Instant::now();
        let mut gate = Gate::new(Skipping::Adaptive, Backlog::default());
        gate.at_least(3);
        let mut taken = 0;
        for i in 0..60u32 {
            let now = start + MS * 33 * i;
            gate.offer(now, at(times(i)), ());
            taken += u32::from(gate.take(now).0.is_some());
            gate.done(now + MS, true);
        }
        assert!(taken >= 9, "{taken}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Offer { bytes: usize },
    Take,
    Done(bool),
    Close { ms: u32, reason: SkipReason },
    Open,
    Policy(Skipping),
    AtLeast(u32),
}

fn policies() -> impl Strategy<Value = Skipping> {
    prop_oneof![Just(Skipping::Latest), Just(Skipping::Adaptive), Just(Skipping::Never)]
}

fn steps() -> impl Strategy<Value = Step> {
    let reasons = prop_oneof![Just(SkipReason::Resting), Just(SkipReason::OverBudget), Just(SkipReason::Contention)];
    prop_oneof![
        12 => (0usize..4_000_000).prop_map(|bytes| Step::Offer { bytes }),
        6 => Just(Step::Take),
        6 => any::<bool>().prop_map(Step::Done),
        1 => (0u32..2000, reasons).prop_map(|(ms, reason)| Step::Close { ms, reason }),
        1 => Just(Step::Open),
        1 => policies().prop_map(Step::Policy),
        1 => (0u32..9).prop_map(Step::AtLeast),
    ]
}

proptest! {
    /// received = taken (processed, failed or in work) + skipped + waiting, for each single frame, at any moment.
    #[test]
    fn every_frame_comes_back_exactly_once_and_order_holds(
        first in policies(),
        steps in proptest::collection::vec((steps(), 0u32..60), 0..600),
    ) {
        let start = Instant::now();
        let mut now = start;
        let bounds = Backlog::default();
        let mut gate = Gate::new(first, bounds);
        // What became of each frame offered.
        let mut fates: Vec<Option<&str>> = Vec::new();
        let mut last = None;
        for (step, ms) in steps {
            now += MS * ms;
            let skipped = match step {
                Step::Offer { bytes } => {
                    fates.push(None);
                    let refused = gate.refuses(now, now - start);
                    let skipped = gate.offer(now, Arrival { pts: now - start, bytes }, fates.len() - 1);
                    let itself = skipped.iter().find(|frame| frame.what == fates.len() - 1);
                    prop_assert_eq!(itself.map(|frame| frame.reason), refused, "what is said is what is done");
                    skipped
                }
                Step::Take => {
                    let was_busy = gate.is_busy();
                    let (ticket, skipped) = gate.take(now);
                    if let Some(ticket) = ticket {
                        prop_assert!(!was_busy && gate.closed(now).is_none());
                        prop_assert!(last < Some(ticket.sequence));
                        let gap = ticket.sequence - last.map_or(0, |last| last + 1);
                        prop_assert_eq!(u64::from(ticket.skipped), gap);
                        prop_assert_eq!(ticket.sequence as usize, ticket.what);
                        prop_assert!(ticket.waited <= bounds.age || gate.waiting() == 0);
                        last = Some(ticket.sequence);
                        prop_assert_eq!(fates[ticket.what].replace("taken"), None);
                    }
                    skipped
                }
                Step::Done(typical) => { gate.done(now, typical); Vec::new() }
                Step::Close { ms, reason } => gate.close(now, now + MS * ms, reason),
                Step::Open => { gate.open(); Vec::new() }
                Step::Policy(policy) => gate.set_policy(now, policy),
                Step::AtLeast(k) => { gate.at_least(k); Vec::new() }
            };
            prop_assert!(skipped.is_sorted_by(|a, b| a.sequence < b.sequence));
            for frame in skipped {
                prop_assert_eq!(frame.sequence as usize, frame.what);
                prop_assert_eq!(fates[frame.what].replace("skipped"), None);
            }
            let waiting = fates.iter().filter(|fate| fate.is_none()).count();
            prop_assert_eq!(waiting, gate.waiting());
            let most = if gate.policy() == Skipping::Never { bounds.frames } else { 1 };
            prop_assert!(gate.waiting() <= most);
            prop_assert!(gate.patience(now, now) <= Duration::from_secs(1));
            prop_assert!(gate.opens_at(now).is_none_or(|at| at > now));
        }
    }
}
