//! Hours of traffic through the gate in milliseconds: a camera, a handler with a cost, no threads and no clocks.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use framebox_pipeline::Skipping;
use framebox_pipeline::schedule::gate::{Arrival, Backlog, Gate, Skipped, Ticket};
use framebox_pipeline::schedule::skip_reason::SkipReason;
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);

/// Small numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What came of a run.
#[derive(Default)]
struct Seen {
    received: u64,
    skipped: Vec<(u64, SkipReason)>,
    /// Number, arrival, end of its call.
    results: Vec<(u64, Duration, Duration)>,
    failed: u64,
}

impl Seen {
    /// Gaps between the presentation of processed frames, in numbers of frames.
    fn gaps(&self) -> Vec<u64> {
        self.results.windows(2).map(|pair| pair[1].0 - pair[0].0).collect()
    }

    /// Age of the oldest result. The very last frames have no successors that would replace them while they wait.
    fn oldest(&self) -> Duration {
        let followed = self.results.iter().filter(|(number, ..)| number + 2 < self.received);
        followed.map(|(_, arrived, end)| *end - *arrived).max().unwrap_or_default()
    }
}

/// A camera's frames: number, presentation time, arrival.
fn camera(frames: u32, interval: Duration, jitter: Duration, dice: &mut Dice) -> Vec<(Duration, Duration)> {
    let mut last = Duration::ZERO;
    (0..frames)
        .map(|i| {
            let pts = interval * i;
            let late = Duration::from_micros(dice.roll(jitter.as_micros() as u64 + 1));
            last = last.max(pts + late);
            (pts, last)
        })
        .collect()
}

/// Plays `arrivals` (presentation time, arrival) through a gate; `cost` tells what each frame costs and whether it
/// fails. After each step, everything received is accounted for.
fn play(
    skipping: Skipping,
    arrivals: &[(Duration, Duration)],
    mut cost: impl FnMut(Duration) -> (Duration, bool),
) -> Seen {
    let start = Instant::now();
    let mut gate: Gate<Duration> = Gate::new(skipping, Backlog::default());
    let mut seen = Seen::default();
    let mut work: Option<(Duration, Ticket<Duration>, bool)> = None;
    let mut arrivals = arrivals.iter().copied().peekable();
    let note = |seen: &mut Seen, skipped: Vec<Skipped<Duration>>| {
        seen.skipped.extend(skipped.into_iter().map(|frame| (frame.sequence, frame.reason)));
    };
    loop {
        let arrival = arrivals.peek().map(|(_, at)| *at);
        let end = work.as_ref().map(|(end, ..)| *end);
        let now = match (arrival, end) {
            (Some(arrival), Some(end)) => arrival.min(end),
            (Some(at), None) | (None, Some(at)) => at,
            (None, None) => break,
        };
        if end == Some(now) {
            if let Some((_, ticket, fails)) = work.take() {
                gate.done(start + now, true);
                match fails {
                    true => seen.failed += 1,
                    false => seen.results.push((ticket.sequence, ticket.what, now)),
                }
            }
        } else if let Some((pts, at)) = arrivals.next() {
            seen.received += 1;
            let skipped = gate.offer(start + at, Arrival { pts, bytes: 460_800 }, at);
            note(&mut seen, skipped);
        }
        if work.is_none() {
            let (ticket, skipped) = gate.take(start + now);
            note(&mut seen, skipped);
            work = ticket.map(|ticket| {
                let (cost, fails) = cost(now);
                (now + cost, ticket, fails)
            });
        }
        let settled = seen.results.len() as u64 + seen.failed + seen.skipped.len() as u64;
        assert_eq!(seen.received, settled + gate.waiting() as u64 + u64::from(work.is_some()));
    }
    seen
}

fn fps(frames: u32) -> Duration {
    Duration::from_secs(1) / frames
}

#[test]
fn a_fast_handler_sees_every_frame_and_a_slow_one_the_latest() {
    for (cost, expected) in [(5, 300), (32, 300), (66, 150), (200, 50)] {
        let cost = MS * cost;
        let arrivals = camera(300, fps(30), Duration::ZERO, &mut Dice(1));
        let seen = play(Skipping::Latest, &arrivals, |_| (cost, false));
        let processed = seen.results.len();
        assert!(processed.abs_diff(expected) <= 3, "{cost:?}: {processed} processed, expected about {expected}");
        assert!(seen.oldest() <= cost + fps(30), "{cost:?}: a result of age {:?}", seen.oldest());
        assert!(seen.skipped.iter().all(|(_, reason)| *reason == SkipReason::Busy));
    }
}

#[test]
fn adaptive_results_come_evenly_at_any_constant_cost() {
    for rate in [10, 15, 24, 30, 60] {
        for cost in [1, 20, 40, 55, 66, 80, 100, 120, 200, 333, 480] {
            let (cost, interval) = (MS * cost, fps(rate));
            let jitter = interval / 4;
            let arrivals = camera(rate * 120, interval, jitter, &mut Dice(u64::from(rate)));
            let seen = play(Skipping::Adaptive, &arrivals, |_| (cost, false));
            // Two seconds to learn.
            let warm: Vec<_> = seen.results.iter().filter(|(_, at, _)| *at > 2000 * MS).collect();
            let gaps: Vec<_> = warm.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
            let (least, most) = (gaps.iter().min().unwrap(), gaps.iter().max().unwrap());
            assert!(most - least <= 1, "{cost:?} at {rate} fps: gaps from {least} to {most} frames");
            let needed = cost.as_nanos().div_ceil(interval.as_nanos()) as u64;
            assert!(*least >= needed.max(1) && *most <= needed + 1, "{cost:?} at {rate}: every {least} to {most}");
            assert!(seen.oldest() <= cost + interval + jitter, "{cost:?} at {rate}: age {:?}", seen.oldest());
        }
    }
}

#[test]
fn adaptive_does_not_stutter_between_two_rates() {
    // Ten hours with a cost that wavers around a border between two rates.
    let interval = fps(30);
    let arrivals = camera(36_000 * 30, interval, 8 * MS, &mut Dice(3));
    let mut dice = Dice(4);
    let seen = play(Skipping::Adaptive, &arrivals, |_| (Duration::from_micros(64_000 + dice.roll(5000)), false));
    let gaps = seen.gaps();
    let changes = gaps.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(changes < gaps.len() / 20, "{changes} changes among {} gaps", gaps.len());
}

#[test]
fn adaptive_forgets_a_spike_within_seconds() {
    let arrivals = camera(60 * 30, fps(30), Duration::ZERO, &mut Dice(5));
    let slow = 10_000 * MS..13_000 * MS;
    let seen = play(Skipping::Adaptive, &arrivals, |now| (if slow.contains(&now) { 300 * MS } else { 10 * MS }, false));
    let within =
        |from: u32, to: u32| seen.results.iter().filter(|(_, at, _)| (MS * from..MS * to).contains(at)).count() as u32;
    assert!(within(0, 10_000) >= 299);
    assert!(within(11_000, 13_000) <= 8);
    let after = within(18_500, 28_500);
    assert!(after >= 295, "{after} of 300 within the ten seconds that begin 5.5 s after the spike");
}

#[test]
fn never_loses_nothing_to_hiccups_and_bounds_its_lag() {
    // A stall of half a second every ten seconds is made up for.
    let arrivals = camera(3600 * 30, fps(30), 10 * MS, &mut Dice(6));
    let mut next = 10_000 * MS;
    let seen = play(Skipping::Never, &arrivals, |now| match now >= next {
        true => {
            next += 10_000 * MS;
            (500 * MS, false)
        }
        false => (12 * MS, false),
    });
    assert_eq!((seen.results.len() as u64, seen.skipped.len()), (seen.received, 0));
    // A handler that is too slow on the whole lags by the age of the backlog and no more, in the last hour as in the
    // first.
    let seen = play(Skipping::Never, &arrivals, |_| (100 * MS, false));
    let bound = Backlog::default().age + 100 * MS;
    assert!(seen.oldest() <= bound, "{:?}", seen.oldest());
    assert!(seen.skipped.iter().all(|(_, reason)| *reason == SkipReason::Backlog));
    assert!(seen.results.is_sorted_by(|a, b| a.0 < b.0));
    assert!(seen.results.len().abs_diff(36_000) < 400, "{}", seen.results.len());
}

#[test]
fn hours_of_moody_traffic_stay_accounted_for_and_fresh() {
    for skipping in [Skipping::Latest, Skipping::Adaptive, Skipping::Never] {
        let mut dice = Dice(7);
        let mut now = Duration::ZERO;
        // The camera changes its rate every minute, stalls now and then, and loses frames.
        let mut arrivals = Vec::new();
        while now < Duration::from_secs(4 * 3600) {
            let interval = fps([5, 12, 24, 30, 60][dice.roll(5) as usize]);
            let end = now + Duration::from_secs(60);
            while now < end {
                now += if dice.roll(2000) == 0 { MS * dice.roll(8000) as u32 } else { interval };
                if dice.roll(30) > 0 {
                    arrivals.push((now, now));
                }
            }
        }
        let mut mood = 20;
        let mut longest = Duration::ZERO;
        let seen = play(skipping, &arrivals, |_| {
            if dice.roll(500) == 0 {
                mood = 1 + dice.roll(250);
            }
            let cost = MS * (mood + dice.roll(mood / 4 + 1)) as u32;
            longest = longest.max(cost);
            (cost, dice.roll(50) == 0)
        });
        let settled = seen.results.len() as u64 + seen.failed + seen.skipped.len() as u64;
        assert_eq!(seen.received, settled);
        let waits = match skipping {
            // The newest of a backlog waits at any age, which only a camera that pauses lets it do.
            Skipping::Never => Backlog::default().age + longest,
            // A frame that waits is replaced by the next; a camera that pauses lets it wait for the handler alone.
            _ => longest,
        };
        assert!(seen.oldest() <= waits + longest, "{skipping}: {:?}", seen.oldest());
        assert!(seen.results.len() > 20_000, "{skipping}: {}", seen.results.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn adaptive_is_even_for_any_rate_and_cost(rate in 5u32..90, cost_us in 100u64..450_000, seed in any::<u64>()) {
        let (interval, cost) = (fps(rate), Duration::from_micros(cost_us));
        let arrivals = camera(rate * 20, interval, interval / 5, &mut Dice(seed));
        let seen = play(Skipping::Adaptive, &arrivals, |_| (cost, false));
        let warm: Vec<_> = seen.results.iter().filter(|(_, at, _)| *at > 4000 * MS).collect();
        let gaps: Vec<_> = warm.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        let spread = gaps.iter().max().unwrap() - gaps.iter().min().unwrap();
        prop_assert!(spread <= 1, "{gaps:?}");
    }

    #[test]
    fn results_are_never_older_than_the_policy_allows(
        rate in 5u32..90, costs in proptest::collection::vec(1u32..400, 50), never in any::<bool>(),
    ) {
        let skipping = if never { Skipping::Never } else { Skipping::Latest };
        let arrivals = camera(rate * 20, fps(rate), Duration::ZERO, &mut Dice(8));
        let mut turn = costs.iter().cycle();
        let seen = play(skipping, &arrivals, |_| (MS * *turn.next().unwrap(), false));
        let longest = MS * *costs.iter().max().unwrap();
        let waits = if never { Backlog::default().age } else { fps(rate) + MS };
        prop_assert!(seen.oldest() <= waits + longest, "{:?} with costs up to {longest:?}", seen.oldest());
    }
}
