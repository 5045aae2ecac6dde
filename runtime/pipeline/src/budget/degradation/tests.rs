use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);
const INTERVAL: Duration = Duration::from_nanos(33_333_333);
const EVERY_STEP: [Step; 5] = [Step::SkipMore, Step::Smaller, Step::LowerRate, Step::PassThrough, Step::End];

/// Ticks 30 times a second over `seconds`; `fuel` tells what a call costs on the level where the degradation stands.
fn run(
    degradation: &mut Degradation,
    start: Instant,
    seconds: std::ops::Range<u32>,
    fuel: impl Fn(&Level) -> f64,
) -> Vec<(u32, Change)> {
    let may = Allowance { fuel: Some(1000), ms: None };
    let mut changes = Vec::new();
    for tick in seconds.start * 30..seconds.end * 30 {
        let cost = Cost { wall_ms: 1.0, cpu_ms: 1.0, fuel: fuel(&degradation.level()) };
        let now = start + INTERVAL * tick;
        changes.extend(degradation.tick(now, Some(cost), INTERVAL, may).map(|change| (tick / 30, change)));
    }
    changes
}

fn steps(changes: &[(u32, Change)]) -> Vec<(u32, Option<Step>, u32)> {
    changes.iter().map(|(second, change)| (*second, change.level.step, change.level.every)).collect()
}

#[test]
fn it_goes_to_the_first_level_that_fits_and_comes_down_again() {
    let start = Instant::now();
    let mut degradation = Degradation::new(Settings::default(), true);
    assert!(run(&mut degradation, start, 0..60, |_| 30.0).is_empty(), "900 of 1000 are fine");
    let changes = run(&mut degradation, start, 60..120, |_| 90.0);
    assert_eq!(steps(&changes), [(62, Some(Step::SkipMore), 3)]);
    assert_eq!(changes[0].1.text, "the handler costs 2.7 times what it may use: it gets at most one frame in 3");
    assert!(changes[0].1.up);
    let changes = run(&mut degradation, start, 120..180, |_| 50.0);
    assert_eq!(steps(&changes), [(125, Some(Step::SkipMore), 2)]);
    let changes = run(&mut degradation, start, 180..240, |_| 20.0);
    assert_eq!(steps(&changes), [(185, None, 1)]);
    assert_eq!(changes[0].1.text, "the handler costs less: it gets what the policy lets through");
}

#[test]
fn a_moment_changes_nothing_and_a_wavering_cost_does_not_swing() {
    let start = Instant::now();
    let mut degradation = Degradation::new(Settings::default(), true);
    let mut changes = 0;
    for second in 0..300 {
        let cost = if second % 2 == 0 { 31.0 } else { 36.0 };
        changes += run(&mut degradation, start, second..second + 1, |_| cost).len();
    }
    assert!(changes <= 1, "{changes}");
}

#[test]
fn what_skipping_cannot_mend_passes_through_is_tried_again_and_ends() {
    let start = Instant::now();
    let mut degradation = Degradation::new(Settings::default(), true);
    let changes = run(&mut degradation, start, 0..300, |_| 1000.0);
    let through = Some(Step::PassThrough);
    let skip = Some(Step::SkipMore);
    let expected = [through, skip, through, skip, through, skip, Some(Step::End)];
    assert_eq!(changes.iter().map(|(_, change)| change.level.step).collect::<Vec<_>>(), expected);
    let seconds: Vec<_> = changes.iter().map(|(second, _)| *second).collect();
    let gaps: Vec<_> = seconds.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps, [10, 2, 20, 2, 40, 2], "rests double");
    let last = &changes[6].1;
    assert!(
        last.text.starts_with("the handler costs 3.8 times") && last.text.ends_with("the session ends"),
        "{last:?}"
    );
    assert!(run(&mut degradation, start, 300..400, |_| 1.0).is_empty(), "the end is the end");
}

#[test]
fn a_handler_that_got_cheaper_in_the_meantime_stays() {
    let start = Instant::now();
    let mut degradation = Degradation::new(Settings::default(), true);
    run(&mut degradation, start, 0..5, |_| 1000.0);
    assert!(degradation.level().rests() && degradation.resting_until().is_some());
    let changes = run(&mut degradation, start, 5..60, |_| 10.0);
    assert_eq!(changes.last().map(|(_, change)| change.level), Some(Level::NONE));
    assert_eq!(degradation.failed_tries, 0);
}

#[test]
fn smaller_pictures_are_offered_only_where_allowed_and_possible() {
    let start = Instant::now();
    let settings = Settings { steps: EVERY_STEP.to_vec(), most_skipped: 2, ..Settings::default() };
    let cost = |level: &Level| 200.0 * level.area();
    let mut degradation = Degradation::new(settings.clone(), true);
    let changes = run(&mut degradation, start, 0..60, cost);
    assert_eq!(
        changes.last().unwrap().1.level,
        Level { step: Some(Step::Smaller), every: 2, sides_percent: 50, sent_every: 1 }
    );
    assert!(changes.last().unwrap().1.text.ends_with("it gets pictures of 50 % of the width and height"));
    let mut degradation = Degradation::new(settings, false);
    run(&mut degradation, start, 0..60, cost);
    assert_eq!(degradation.level(), Level { step: Some(Step::LowerRate), every: 8, sides_percent: 100, sent_every: 8 });
}

#[test]
fn without_steps_or_limits_nothing_happens() {
    let start = Instant::now();
    let mut degradation = Degradation::new(Settings { steps: vec![], ..Settings::default() }, true);
    assert!(run(&mut degradation, start, 0..60, |_| 1e9).is_empty());
    let mut degradation = Degradation::new(Settings::default(), true);
    let cost = Some(Cost { wall_ms: 1e6, cpu_ms: 1e6, fuel: 1e18 });
    for second in 0..60 {
        let now = start + Duration::from_secs(second);
        assert_eq!(degradation.tick(now, cost, INTERVAL, Allowance::default()), None);
    }
}

#[test]
fn time_counts_as_fuel_does_and_a_slow_handler_is_not_charged_for_calls_it_cannot_make() {
    let start = Instant::now();
    // 200 ms a call: five calls a second, whatever the camera's rate.
    let cost = Some(Cost { wall_ms: 200.0, cpu_ms: 200.0, fuel: 0.0 });
    for (may, level) in
        [(1000.0, (None, 1)), (600.0, (Some(Step::SkipMore), 12)), (100.0, (Some(Step::PassThrough), 32))]
    {
        let mut degradation = Degradation::new(Settings { most_skipped: 32, ..Settings::default() }, true);
        for tick in 0..120 {
            degradation.tick(start + MS * 33 * tick, cost, INTERVAL, Allowance { fuel: None, ms: Some(may) });
        }
        assert_eq!((degradation.level().step, degradation.level().every), level, "{may} ms");
    }
}

proptest! {
    #[test]
    fn only_allowed_steps_are_taken_and_each_change_changes_something(
        allowed in proptest::sample::subsequence(EVERY_STEP.to_vec(), 0..=5),
        costs in proptest::collection::vec((0.0f64..3000.0, 0.0f64..300.0, 0u32..5000), 1..200),
        scalable in any::<bool>(),
        most_skipped in 0u32..100,
    ) {
        let mut now = Instant::now();
        let mut degradation = Degradation::new(Settings { steps: allowed.clone(), most_skipped, ..Settings::default() }, scalable);
        let may = Allowance { fuel: Some(1000), ms: Some(500.0) };
        let mut last = degradation.level();
        let mut moved = now;
        for (fuel, ms, gap) in costs {
            now += MS * gap;
            if let Some(change) = degradation.tick(now, Some(Cost { wall_ms: ms, cpu_ms: ms, fuel }), INTERVAL, may) {
                prop_assert!(change.level != last);
                prop_assert!(change.level.step.is_none_or(|step| allowed.contains(&step)));
                prop_assert!(last.step != Some(Step::End));
                prop_assert!(scalable || change.level.sides_percent == 100);
                prop_assert!(now - moved >= Settings::default().up_after, "two moves within a moment");
                (last, moved) = (change.level, now);
            }
        }
    }
}
