//! Every test component has the outcome that its case expects, and leaves other instances alone.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use framebox_sandbox::{Budget, CallError, Component, Instance, Kind, Limits, LoadError, Output};

use crate::support::{PLENTY, case, engine, input, start, start_within, transform};

const SHORT: Budget = Budget { time: Duration::from_millis(50), ..PLENTY };
/// How late a call may be interrupted on a busy machine. What is never interrupted is far later.
const LATE: Duration = Duration::from_secs(5);

#[test]
fn every_case_has_the_expected_outcome() {
    let limits = Limits { setup: Budget { time: Duration::from_secs(1), ..PLENTY }, ..Limits::default() };
    let budget = Budget { time: Duration::from_millis(1000), ..PLENTY };
    let mut wrong = Vec::new();
    for (name, expected) in framebox_test_components::cases() {
        let (stage, code, words) = outcome(&name, &limits, budget);
        // The text is for people: it says something, and no paths of the machine that built this.
        let speaks = words.contains(&expected.says) && !words.contains(".rs:") && words.len() < 10_000;
        if stage != expected.stage || !expected.allows(code) || !speaks {
            wrong.push(format!("{name} should come to {expected:?}, not to {stage}: {code}: {words:.300}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn outcome(name: &str, limits: &Limits, budget: Budget) -> (&'static str, &'static str, String) {
    let component = match engine().load(&framebox_test_components::case(name)) {
        Ok(component) => component,
        Err(error) => return ("load", "refused", error.to_string()),
    };
    let mut instance = match start_within(&component, limits.clone()) {
        Ok(instance) => instance,
        Err(error) => return ("start", error.code(), error.to_string()),
    };
    let error = match call(&component, &mut instance, budget) {
        Ok(_) => {
            let begin = Instant::now();
            instance.close();
            assert!(begin.elapsed() < limits.setup.time + LATE, "{name} closes in {:?}", begin.elapsed());
            return ("process", "ok", String::new());
        }
        Err(error) => error,
    };
    assert_eq!(instance.is_dead(), error.kills_instance(), "{name}");
    if instance.is_dead() {
        let error = call(&component, &mut instance, budget).unwrap_err();
        assert_eq!(error.code(), "refused", "{name}");
        assert_eq!(instance.configure(&[]).unwrap_err().code(), "refused", "{name}");
        assert!(!start(&component).is_dead(), "a fresh instance of {name}");
    }
    ("process", error.code(), error.to_string())
}

fn call(component: &Component, instance: &mut Instance, budget: Budget) -> Result<Output, CallError> {
    match component.kind() {
        Kind::Generator => instance.next(0, budget).result,
        _ => instance.process(input(), budget).result,
    }
}

#[test]
fn cases_that_fail_later_have_the_expected_error() {
    let limits = Limits { memory: 24 << 20, setup: PLENTY, ..Limits::default() };
    for (name, expected) in framebox_test_components::cases() {
        let Some(code) = expected.later else { continue };
        // Only a call that is to run out of time has a short deadline: the others must not depend on the machine's speed.
        let budget = if code == "time" { SHORT } else { PLENTY };
        let mut instance = start_within(&case(&name), limits.clone()).unwrap();
        let error = (0..200).find_map(|_| instance.process(input(), budget).result.err());
        assert_eq!(error.unwrap_or_else(|| panic!("{name} never fails")).code(), code, "{name}");
    }
}

#[test]
fn an_endless_loop_is_interrupted_at_its_deadline() {
    let call = start(&case("spin")).process(input(), SHORT);
    assert_eq!(call.result.unwrap_err(), CallError::Time { limit: SHORT.time });
    assert!(call.cost.time >= SHORT.time && call.cost.time < SHORT.time + LATE, "{:?}", call.cost);
}

#[test]
fn every_kind_of_work_is_interrupted_soon_after_its_deadline() {
    let budget = Budget { time: Duration::from_millis(20), ..PLENTY };
    for name in ["spin", "sleeps", "fill", "copy", "samples", "realloc-spins", "info-flood", "patch-flood"] {
        let component = case(name);
        let late: Vec<_> = (0..9)
            .map(|_| {
                let call = start(&component).process(input(), budget);
                assert_eq!(call.result.unwrap_err(), CallError::Time { limit: budget.time }, "{name}");
                call.cost.time.saturating_sub(budget.time)
            })
            .collect();
        // Work that cannot end in time is not started. The least delay is the one that the machine's load adds least to.
        assert!(late.iter().min().is_some_and(|least| *least < LATE), "{name} is late by {late:?}");
    }
}

#[test]
fn a_sleeping_guest_wakes_up_in_time() {
    let call = start(&case("naps")).process(input(), PLENTY);
    assert!(call.result.unwrap().picture.is_some());
    assert!(call.cost.time >= Duration::from_millis(190), "{:?}", call.cost);
}

#[test]
fn endless_init_and_configure_are_interrupted() {
    let limits = Limits { setup: SHORT, ..Limits::default() };
    let begin = Instant::now();
    let error = start_within(&case("spin-init"), limits.clone()).err().unwrap();
    assert_eq!(error, CallError::Time { limit: SHORT.time });
    let mut instance = start_within(&case("spin-configure"), limits).unwrap();
    assert_eq!(instance.configure(&[]), Err(CallError::Time { limit: SHORT.time }));
    assert!(instance.is_dead());
    assert!(begin.elapsed() < 2 * (SHORT.time + LATE));
}

#[test]
fn an_endless_start_function_is_a_load_error() {
    let error = engine().load(&framebox_test_components::case("spin-start")).unwrap_err();
    assert!(matches!(error, LoadError::Describe(CallError::Time { .. })), "{error}");
}

#[test]
fn traps_are_named_without_paths() {
    let error = start(&case("trap")).process(input(), PLENTY).result.unwrap_err();
    assert_eq!(error, CallError::Trap("wasm `unreachable` instruction executed".into()));
    let error = start(&case("recursion")).process(input(), PLENTY).result.unwrap_err();
    assert_eq!(error, CallError::Trap("call stack exhausted".into()));
    for name in ["huge-sample", "outside-memory", "keeps-handles"] {
        let error = start(&case(name)).process(input(), PLENTY).result.unwrap_err();
        let CallError::Trap(message) = error else { panic!("{name}: {error}") };
        assert!(!message.is_empty() && !message.contains(".rs"), "{name}: {message}");
    }
}

#[test]
fn errors_that_a_guest_returns_do_not_kill_it() {
    for (name, error) in
        [("failed", CallError::Failed("no luck".into())), ("finished", CallError::Finished("enough".into()))]
    {
        let mut instance = start(&case(name));
        for _ in 0..3 {
            assert_eq!(instance.process(input(), PLENTY).result.unwrap_err(), error);
        }
        assert!(!instance.is_dead());
    }
}

#[test]
fn refused_memory_is_an_error_only_of_a_call_that_traps_because_of_it() {
    // Continues after the refusal in its first call, and traps for another reason in its second.
    let component = transform(
        "(global $calls (mut i32) (i32.const 0))",
        "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
         (if (i32.eq (global.get $calls) (i32.const 1)) (then (drop (memory.grow (i32.const 60000)))))
         (if (i32.eq (global.get $calls) (i32.const 2)) (then (unreachable)))",
    );
    let mut instance = start(&component);
    assert!(instance.process(input(), PLENTY).result.is_ok());
    assert_eq!(instance.process(input(), PLENTY).result.unwrap_err().code(), "trap");
}

#[test]
fn neighbours_are_served_beside_failing_cases() {
    let over = AtomicBool::new(false);
    let mut neighbour = start(&case("good"));
    std::thread::scope(|scope| {
        let cases = scope.spawn(|| {
            for name in ["spin", "trap", "exhaust-memory", "recursion", "fill", "sleeps"] {
                let component = case(name);
                for _ in 0..2 {
                    assert!(start(&component).process(input(), SHORT).result.is_err(), "{name}");
                }
            }
            over.store(true, SeqCst);
        });
        let mut calls = 0;
        while !over.load(SeqCst) && !cases.is_finished() {
            let call = neighbour.process(input(), Budget { time: Duration::from_secs(2), ..PLENTY });
            assert!(call.result.is_ok(), "{:?}", call.result);
            calls += 1;
            std::thread::sleep(Duration::from_millis(2));
        }
        cases.join().unwrap();
        assert!(calls > 20, "{calls}");
    });
    assert!(!neighbour.is_dead());
    neighbour.close();
}
