//! Deterministic clocks and random numbers make runs repeatable.

use framebox_sandbox::{Component, Deterministic};

use crate::support::{PLENTY, input, setup, transform};

/// A handler that loops a random number of times, and then until 3 ms have passed.
fn nondeterministic() -> Component {
    transform(
        "",
        "(local $end i64) (local $rounds i32)
        (call $random (i64.const 2) (i32.const 1200))
        (local.set $rounds (i32.load16_u (i32.load (i32.const 1200))))
        (loop $again
          (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
          (br_if $again (i32.gt_s (local.get $rounds) (i32.const 0))))
        (local.set $end (i64.add (call $clock-now) (i64.const 3000000)))
        (loop $again (br_if $again (i64.lt_s (call $clock-now) (local.get $end))))
        (call $show (local.get $output) (local.get $frame) (i32.const 1024))",
    )
}

/// Returns the fuel of some calls at intervals of 40 ms.
fn fuels(component: &Component, seed: Option<u64>) -> Vec<u64> {
    let world = seed.map(Deterministic::new);
    let mut instance = match &world {
        Some(world) => component.start_deterministic(setup(), world).unwrap(),
        None => component.start(setup()).unwrap(),
    };
    let call = |frame: u64| {
        if let Some(world) = &world {
            world.advance_to(frame * 40_000);
        }
        let call = instance.process(input(), PLENTY);
        call.result.unwrap();
        call.cost.fuel
    };
    (0..6).map(call).collect()
}

#[test]
fn runs_with_the_same_seed_use_the_same_fuel() {
    let component = nondeterministic();
    let first = fuels(&component, Some(1));
    assert!(first.windows(2).any(|pair| pair[0] != pair[1]), "random numbers differ between calls: {first:?}");
    assert_eq!(fuels(&component, Some(1)), first);
    assert_ne!(fuels(&component, Some(2)), first, "another seed");
    assert_ne!(fuels(&component, None), first, "real clocks and random numbers");
}
