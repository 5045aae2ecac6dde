//! Every beast of the zoo comes to what it deserves, and nobody else notices.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use framebox_sandbox::{Budget, Failure, Limits, Refused};

use crate::support::{PLENTY, beast, engine, input, start, start_within, transform};

const SHORT: Budget = Budget { time: Duration::from_millis(50), ..PLENTY };
/// How late a call may be cut off on a machine that has other things to do.
const LATE: Duration = Duration::from_millis(500);

#[test]
fn every_beast_comes_to_what_is_expected() {
    let limits = Limits { setup: Budget { time: Duration::from_millis(500), ..PLENTY }, ..Limits::default() };
    let budget = Budget { time: Duration::from_millis(1000), ..PLENTY };
    for (name, expected) in framebox_zoo::beasts() {
        let (stage, code) = outcome(&name, &limits, budget);
        assert_eq!(stage, expected.stage, "{name}: {code}");
        assert!(expected.outcome.split("-or-").any(|outcome| outcome == code), "{name}: {code}");
    }
}

fn outcome(name: &str, limits: &Limits, budget: Budget) -> (&'static str, &'static str) {
    let component = match engine().load(&framebox_zoo::beast(name)) {
        Ok(component) => component,
        Err(_) => return ("load", "refused"),
    };
    let mut instance = match start_within(&component, limits.clone()) {
        Ok(instance) => instance,
        Err(failure) => return ("start", failure.code()),
    };
    let code = match instance.process(input(), budget).result {
        Ok(_) => "ok",
        Err(failure) => {
            assert_eq!(instance.is_dead(), failure.kills_instance(), "{name}");
            if instance.is_dead() {
                let refused = instance.process(input(), budget).result.unwrap_err();
                assert_eq!(refused.code(), "refused", "{name}");
                assert_eq!(instance.configure(&[]).unwrap_err().code(), "refused", "{name}");
                assert!(!start(&component).is_dead(), "a fresh instance of {name}");
            }
            failure.code()
        }
    };
    ("process", code)
}

#[test]
fn one_that_computes_without_end_is_cut_off_at_its_deadline() {
    let call = start(&beast("spin")).process(input(), SHORT);
    assert_eq!(call.result.unwrap_err(), Failure::Time { limit: SHORT.time });
    assert!(call.cost.time >= SHORT.time && call.cost.time < SHORT.time + LATE, "{:?}", call.cost);
}

#[test]
fn one_that_sleeps_is_cut_off_at_its_deadline() {
    let call = start(&beast("sleeps")).process(input(), SHORT);
    assert_eq!(call.result.unwrap_err(), Failure::Time { limit: SHORT.time });
    assert!(call.cost.time >= SHORT.time && call.cost.time < SHORT.time + LATE, "{:?}", call.cost);
}

#[test]
fn one_that_naps_wakes_up_in_time() {
    let call = start(&beast("naps")).process(input(), PLENTY);
    assert!(call.result.unwrap().picture.is_some());
    assert!(call.cost.time >= Duration::from_millis(190), "{:?}", call.cost);
}

#[test]
fn one_that_does_not_finish_setting_up_is_cut_off() {
    let limits = Limits { setup: SHORT, ..Limits::default() };
    let begin = Instant::now();
    let failure = start_within(&beast("spin-init"), limits.clone()).err().unwrap();
    assert_eq!(failure, Failure::Time { limit: SHORT.time });
    let mut instance = start_within(&beast("spin-configure"), limits).unwrap();
    assert_eq!(instance.configure(&[]), Err(Failure::Time { limit: SHORT.time }));
    assert!(instance.is_dead());
    assert!(begin.elapsed() < Duration::from_secs(5));
}

#[test]
fn one_whose_start_function_spins_is_refused_for_its_time() {
    let refused = engine().load(&framebox_zoo::beast("spin-start")).unwrap_err();
    assert!(matches!(refused, Refused::Describe(Failure::Time { .. })), "{refused}");
}

#[test]
fn a_trap_is_told_by_its_name_and_without_paths() {
    let failure = start(&beast("trap")).process(input(), PLENTY).result.unwrap_err();
    assert_eq!(failure, Failure::Trap("wasm `unreachable` instruction executed".into()));
    let failure = start(&beast("recursion")).process(input(), PLENTY).result.unwrap_err();
    assert_eq!(failure, Failure::Trap("call stack exhausted".into()));
    for name in ["huge-sample", "outside-memory", "keeps-handles"] {
        let failure = start(&beast(name)).process(input(), PLENTY).result.unwrap_err();
        let Failure::Trap(message) = failure else { panic!("{name}: {failure}") };
        assert!(!message.is_empty() && !message.contains(".rs"), "{name}: {message}");
    }
}

#[test]
fn what_a_guest_says_of_itself_does_not_kill_it() {
    for (name, failure) in
        [("failed", Failure::Failed("no luck".into())), ("finished", Failure::Finished("enough".into()))]
    {
        let mut instance = start(&beast(name));
        for _ in 0..3 {
            assert_eq!(instance.process(input(), PLENTY).result.unwrap_err(), failure);
        }
        assert!(!instance.is_dead());
    }
}

#[test]
fn a_refusal_of_memory_counts_only_for_the_call_that_does_not_survive_it() {
    // Survives the refusal in its first call, and traps for another reason in its second.
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
fn neighbours_keep_their_pace_beside_beasts() {
    let over = AtomicBool::new(false);
    let mut neighbour = start(&beast("good"));
    std::thread::scope(|scope| {
        let beasts = scope.spawn(|| {
            for name in ["spin", "trap", "exhaust-memory", "recursion", "fill", "sleeps"] {
                let component = beast(name);
                for _ in 0..2 {
                    assert!(start(&component).process(input(), SHORT).result.is_err(), "{name}");
                }
            }
            over.store(true, SeqCst);
        });
        let mut calls = 0;
        while !over.load(SeqCst) && !beasts.is_finished() {
            let call = neighbour.process(input(), Budget { time: Duration::from_secs(2), ..PLENTY });
            assert!(call.result.is_ok(), "{:?}", call.result);
            calls += 1;
            std::thread::sleep(Duration::from_millis(2));
        }
        beasts.join().unwrap();
        assert!(calls > 20, "{calls}");
    });
    assert!(!neighbour.is_dead());
    neighbour.close();
}
