use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);
const SETTINGS: Settings = Settings { capacity_ms: 1800.0, unknown_ms: 250.0 };

fn admitted(answer: Answer) -> Option<PermitId> {
    match answer {
        Answer::Admit(permit) => Some(permit),
        Answer::Refuse { .. } => None,
    }
}

/// Every session reports what it wants every 100 ms, or what it may; returns what each used in the last second.
fn run(node: &mut Admission, start: Instant, from_s: u64, to_s: u64, wants: &[(PermitId, f64)]) -> Vec<f64> {
    let mut used = vec![0.0; wants.len()];
    let mut may = vec![None; wants.len()];
    for tick in from_s * 10..to_s * 10 {
        for (index, (permit, wants)) in wants.iter().enumerate() {
            let ms = may[index].map_or(*wants, |may: f64| may.min(*wants)) / 10.0;
            may[index] = node.report(start + 100 * MS * tick as u32, *permit, Duration::from_secs_f64(ms / 1e3));
            if tick >= (to_s - 1) * 10 {
                used[index] += ms;
            }
        }
    }
    used
}

#[test]
fn sessions_are_admitted_by_the_expected_and_then_by_the_measured_cost() {
    let start = Instant::now();
    let mut node = Admission::new(SETTINGS);
    let crowd: Vec<_> = (0..20).filter_map(|_| admitted(node.admit(start, "invert"))).collect();
    assert_eq!(crowd.len(), 7, "1800 / 250");
    let Answer::Refuse { retry_after } = node.admit(start, "invert") else { panic!("it is full") };
    assert_eq!(retry_after, WARM_UP, "then they have shown what they use");
    let wants: Vec<_> = crowd.iter().map(|permit| (*permit, 100.0)).collect();
    run(&mut node, start, 0, 20, &wants);
    let later = start + Duration::from_secs(20);
    assert!((node.expected("invert") - 100.0).abs() < 15.0, "{}", node.expected("invert"));
    let more = (0..50).filter(|_| admitted(node.admit(later, "invert")).is_some()).count();
    assert!((9..=11).contains(&more), "{more}");
    assert!(matches!(node.admit(later, "other"), Answer::Refuse { .. }));
    crowd.into_iter().for_each(|permit| node.leave(permit));
    assert!(admitted(node.admit(later, "other")).is_some());
}

#[test]
fn a_busy_host_admits_none_though_its_sessions_use_little() {
    let start = Instant::now();
    let mut node = Admission::new(SETTINGS);
    let first = admitted(node.admit(start, "invert")).unwrap();
    run(&mut node, start, 0, 20, &[(first, 100.0)]);
    let later = start + Duration::from_secs(20);
    // Another process uses the machine, and the network as much as the sessions themselves.
    node.observe(later, Spare { left_ms: 350.0, niced_ms: 200.0, process_ms: 200.0 });
    assert!(admitted(node.admit(later, "invert")).is_some());
    assert!(admitted(node.admit(later, "invert")).is_some(), "they are counted though they use nothing yet");
    assert_eq!(admitted(node.admit(later, "invert")), None, "three of 100, twice");
    // What is no longer true does not keep anybody out.
    let much_later = later + FRESH + MS;
    assert!(admitted(node.admit(much_later, "invert")).is_some());
    node.observe(much_later, Spare { left_ms: -50.0, niced_ms: 0.0, process_ms: 2000.0 });
    assert_eq!(admitted(node.admit(much_later, "invert")), None);
}

#[test]
fn one_session_always_fits_and_an_expensive_one_keeps_others_out() {
    let start = Instant::now();
    let mut node = Admission::new(Settings { capacity_ms: 100.0, ..SETTINGS });
    let permit = admitted(node.admit(start, "dear")).unwrap();
    assert_eq!(admitted(node.admit(start, "cheap")), None);
    node.leave(permit);
    assert!(admitted(node.admit(start, "cheap")).is_some());
}

#[test]
fn under_contention_only_sessions_above_their_fair_share_are_limited() {
    let start = Instant::now();
    let mut node = Admission::new(SETTINGS);
    let permits: Vec<_> = (0..4).map(|i| admitted(node.admit(start, &format!("h{i}"))).unwrap()).collect();
    let wants: Vec<_> = permits.iter().copied().zip([150.0, 250.0, 900.0, 900.0]).collect();
    let used = run(&mut node, start, 0, 30, &wants);
    assert_eq!(used[..2].iter().map(|ms| ms.round()).collect::<Vec<_>>(), [150.0, 250.0]);
    assert!(used[2] < 760.0 && used[3] < 760.0, "{used:?}");
    assert!(used.iter().sum::<f64>() <= 1850.0 && used[2] > 500.0 && used[3] > 500.0, "{used:?}");
    node.leave(permits[3]);
    let used = run(&mut node, start, 30, 40, &wants[..3]);
    assert_eq!(used[2].round(), 900.0, "when the crowd is gone, everybody has what they want");
}

#[test]
fn a_session_that_fell_silent_gives_way() {
    let start = Instant::now();
    let mut node = Admission::new(SETTINGS);
    let permit = admitted(node.admit(start, "a")).unwrap();
    run(&mut node, start, 0, 10, &[(permit, 1700.0)]);
    let at = |s| start + Duration::from_secs(s);
    assert!(node.load(at(11)).used_ms > 1600.0);
    assert_eq!(admitted(node.admit(at(11), "b")), None);
    assert!(node.load(at(30)).used_ms < 100.0);
    assert!(admitted(node.admit(at(30), "b")).is_some());
}

#[test]
fn memory_of_handlers_is_bounded_and_the_oldest_go() {
    let start = Instant::now();
    let mut node = Admission::new(SETTINGS);
    for i in 0..2000u32 {
        let now = start + Duration::from_secs(10) * i;
        let permit = admitted(node.admit(now, &format!("h{i}"))).unwrap();
        node.report(now + 5000 * MS, permit, 50 * MS);
        node.leave(permit);
    }
    assert_eq!(node.learned.len(), MOST_HANDLERS);
    assert_eq!((node.expected("h0"), node.expected("h1999")), (250.0, 10.0));
}

proptest! {
    #[test]
    fn expected_load_never_passes_the_capacity_at_the_door(
        steps in proptest::collection::vec((0u8..4, 0u8..5, 0u32..3000, 0u64..2000), 0..300),
    ) {
        let mut now = Instant::now();
        let mut node = Admission::new(SETTINGS);
        let mut permits = Vec::new();
        for (step, which, ms, cpu) in steps {
            now += MS * ms;
            match (step, permits.len()) {
                (0 | 1, count) => {
                    let before = node.load(now).used_ms;
                    let expected = node.expected(&which.to_string());
                    match node.admit(now, &which.to_string()) {
                        Answer::Admit(permit) => {
                            prop_assert!(count == 0 || before + expected <= SETTINGS.capacity_ms);
                            permits.push(permit);
                        }
                        Answer::Refuse { retry_after } => {
                            prop_assert!(count > 0 && retry_after >= RETRY.0 && retry_after <= RETRY.1);
                        }
                    }
                }
                (2, 1..) => node.leave(permits.swap_remove(which as usize % permits.len())),
                (_, 1..) => {
                    let level = node.report(now, permits[which as usize % permits.len()], MS * cpu as u32);
                    prop_assert!(level.is_none_or(|level| level.is_finite() && level >= 0.0));
                }
                _ => {}
            }
            prop_assert_eq!(node.load(now).sessions, permits.len());
        }
    }
}
