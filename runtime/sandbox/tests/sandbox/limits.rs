//! Limits of fuel, memory, logs, handles and instances.

use std::sync::Arc;

use framebox_picture::Size;
use framebox_sandbox::{Budget, CallError, Engine, Level, Limits, Settings};

use crate::support::{PLENTY, case, input, picture, setup, start, start_logged, start_within, transform};

const MIB: usize = 1024 * 1024;

#[test]
fn fuel_is_deterministic_and_limits_a_call() {
    let component = case("rgba");
    let fuel = |_| start(&component).process(input(), PLENTY).cost.fuel;
    let all: Vec<_> = (0..3).map(fuel).collect();
    assert!(all[0] > 20 && all.iter().all(|fuel| *fuel == all[0]), "{all:?}");

    let little = Budget { fuel: 1_000_000, ..PLENTY };
    let call = start(&case("spin")).process(input(), little);
    assert_eq!(call.result.unwrap_err(), CallError::Fuel { limit: 1_000_000 });
    assert_eq!(call.cost.fuel, 1_000_000);
}

#[test]
fn bulk_operations_cost_fuel_by_their_length() {
    let fill = |bytes: u32| format!("(memory.fill (i32.const 0) (i32.const 0) (i32.const {bytes}))");
    let copy = |bytes: u32| format!("(memory.copy (i32.const 0) (i32.const 8) (i32.const {bytes}))");
    let fuel = |body: &str| start(&transform("", body)).process(input(), PLENTY).cost.fuel;
    for body in [fill, copy] as [fn(u32) -> String; 2] {
        let (short, long) = (fuel(&body(8)), fuel(&body(100_000)));
        assert!((99_000..110_000).contains(&(long - short)), "{short} and {long}");
    }
}

#[test]
fn long_bulk_operations_have_the_same_effect_as_short_ones() {
    // Traps unless the word at an address has the given value.
    let check = |at: u32, word: u32| {
        format!("(if (i32.ne (i32.load (i32.const {at})) (i32.const {word})) (then (unreachable)))")
    };
    let number = "(local.set $i (i32.const 0))
        (loop $next
          (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $i) (i32.const 4))) (local.get $i))
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 400000))))";
    let copy = |to: u32, from: u32| {
        format!("(memory.copy (i32.const {to}) (i32.const {from}) (i32.add (local.get $i) (i32.const 1200000)))")
    };
    let body = [
        "(local $i i32) (drop (memory.grow (i32.const 60)))".to_owned(),
        "(memory.fill (i32.const 65536) (i32.const 7) (i32.add (local.get $i) (i32.const 2000004)))".to_owned(),
        check(65_532, 0) + &check(65_536, 0x0707_0707),
        check(65_536 + 1_000_000, 0x0707_0707)
            + &check(65_536 + 2_000_000, 0x0707_0707)
            + &check(65_536 + 2_000_004, 0),
        // `$i` is 400000 from here on: 1 600 000 bytes are copied, onto themselves.
        number.to_owned() + &copy(65_536 + 12, 65_536),
        [0, 1, 100_000, 262_143, 399_999].map(|i| check(65_536 + 12 + 4 * i, i)).concat(),
        number.to_owned() + &copy(65_536, 65_536 + 12),
        [3, 4, 100_000, 262_143, 399_999].map(|i| check(65_536 + 4 * i - 12, i)).concat(),
    ];
    let call = start(&transform("", &body.concat())).process(input(), PLENTY);
    assert!(call.result.is_ok(), "{:?}", call.result);
    // Each byte costs fuel, wherever the operation is split.
    assert!(call.cost.fuel > 2_000_000 + 2 * 1_600_000, "{:?}", call.cost);
}

#[test]
fn memory_is_counted_and_limited() {
    let limits = Limits { memory: 20 * MIB, setup: PLENTY, ..Limits::default() };
    let mut instance = start_within(&case("exhaust-memory"), limits.clone()).unwrap();
    assert_eq!(instance.memory(), 2 * 65536);
    let error = instance.process(input(), PLENTY).result.unwrap_err();
    assert_eq!(error, CallError::Memory { limit: 20 * MIB });
    assert!(instance.memory() > 15 * MIB && instance.memory() <= 20 * MIB, "{}", instance.memory());

    let little = Limits { memory: 65536, ..limits };
    let error = start_within(&case("good"), little).err().unwrap();
    assert_eq!(error, CallError::Memory { limit: 65536 }, "its first memory is two pages");
}

#[test]
fn a_frame_that_does_not_fit_into_memory_is_a_memory_error() {
    let limits = Limits { memory: MIB, setup: PLENTY, ..Limits::default() };
    let mut instance = start_within(&case("rgba"), limits).unwrap();
    let large = crate::support::frame(picture(Size::new(1280, 720)));
    assert_eq!(instance.process(large, PLENTY).result.unwrap_err(), CallError::Memory { limit: MIB });
}

#[test]
fn a_flood_of_log_lines_is_limited() {
    let limits = Limits { log_lines: 10, setup: PLENTY, ..Limits::default() };
    let (mut instance, lines) = start_logged(&case("log-flood"), limits);
    let call = instance.process(input(), PLENTY);
    assert!(call.result.unwrap().picture.is_some());
    let seconds = call.cost.time.as_secs() as usize + 1;
    let flood = lines.all().into_iter().filter(|line| *line == (Level::Info, "flood".into())).count();
    assert!((10..=10 * (seconds + 1)).contains(&flood), "{flood} lines in {:?}", call.cost.time);
}

#[test]
fn log_lines_are_truncated_and_have_no_control_characters() {
    let component = transform(
        r#"(data (i32.const 2048) "\1b[2Jtoo long\nnext")"#,
        "(call $log (i32.const 3) (i32.const 2048) (i32.const 17))",
    );
    let limits = Limits { log_line_bytes: 10, setup: PLENTY, ..Limits::default() };
    let (mut instance, lines) = start_logged(&component, limits);
    instance.process(input(), PLENTY).result.unwrap();
    assert_eq!(lines.all(), [(Level::Error, "\u{fffd}[2Jtoo …".into()), (Level::Error, "next".into())]);
}

#[test]
fn log_bytes_are_limited() {
    let component = transform(
        "",
        "(local $left i32)
         (memory.fill (i32.const 65536) (i32.const 0x61) (i32.const 4000))
         (local.set $left (i32.const 1000))
         (loop $again
           (call $log (i32.const 1) (i32.const 65536) (i32.const 4000))
           (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))",
    );
    let limits = Limits { log_lines: 1000, log_bytes: 20_000, setup: PLENTY, ..Limits::default() };
    let (mut instance, lines) = start_logged(&component, limits);
    let call = instance.process(input(), PLENTY);
    assert!(call.result.is_ok());
    let seconds = call.cost.time.as_secs() as usize + 1;
    let bytes: usize = lines.all().iter().map(|(_, line)| line.len()).sum();
    assert!((20_000..=20_200 * (seconds + 1)).contains(&bytes), "{bytes} bytes in {:?}", call.cost.time);
}

#[test]
fn a_leaking_instance_wants_replacement_and_a_large_one_does_not() {
    let limits = Limits { memory: 64 * MIB, soft_memory: 32 * MIB, setup: PLENTY, ..Limits::default() };
    let mut leaks = start_within(&case("leaks"), limits.clone()).unwrap();
    let asked = (1..).find(|_| {
        leaks.process(input(), PLENTY).result.expect("the limit is not reached");
        leaks.wants_replacement()
    });
    // Four MiB a frame.
    assert_eq!(asked, Some(8));
    assert!(!start_within(&case("leaks"), limits.clone()).unwrap().wants_replacement(), "a fresh one needs none");

    let needs_much = transform(
        "(global $has (mut i32) (i32.const 0))",
        "(if (i32.eqz (global.get $has)) (then (global.set $has (memory.grow (i32.const 800)))))",
    );
    let mut needs_much = start_within(&needs_much, limits).unwrap();
    for _ in 0..20 {
        needs_much.process(input(), PLENTY).result.unwrap();
        assert!(!needs_much.wants_replacement());
    }
    assert!(needs_much.memory() > 50 * MIB);
}

#[test]
fn tables_are_limited() {
    // `grow-table` traps when it gets more than a hundred thousand elements.
    start(&case("grow-table")).process(input(), PLENTY).result.unwrap();
    let all = (0..16).map(|table| format!("(table $t{table} 1 funcref)")).collect::<String>();
    start(&transform(&all, "")).process(input(), PLENTY).result.unwrap();
}

#[test]
fn handles_of_guest_resources_are_limited() {
    let most = |handles| {
        let limits = Limits { handles, setup: PLENTY, ..Limits::default() };
        start_within(&case("hoard-handles"), limits).unwrap().process(input(), PLENTY)
    };
    let (few, many) = (most(10), most(1000));
    for call in [&few, &many] {
        let error = call.result.as_ref().unwrap_err();
        assert!(error.to_string().contains("handle limit"), "{error}");
    }
    assert!(many.cost.fuel > 50 * few.cost.fuel, "{:?} {:?}", few.cost, many.cost);
}

#[test]
fn too_many_host_resources_trap() {
    // A thousand clocks to wait for; the host keeps 256.
    let component = transform(
        "",
        "(local $left i32)
         (local.set $left (i32.const 1000))
         (loop $again
           (drop (call $subscribe (i64.const 1000000)))
           (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))",
    );
    let error = start(&component).process(input(), PLENTY).result.unwrap_err();
    assert_eq!(error.code(), "trap", "{error}");
}

#[test]
fn the_number_of_instances_is_limited() {
    let engine = Engine::new(&Settings { instances: 3, memory: 4 * MIB, ..Settings::default() }).unwrap();
    let component = engine.load(&framebox_test_components::case("good")).unwrap();
    let mut instances: Vec<_> = (0..3).map(|_| component.start(setup()).unwrap()).collect();
    let another = engine.load(&framebox_test_components::case("trap")).expect("one more can be loaded");
    assert_eq!(another.descriptor().title, "Case");
    instances.push(component.start(setup()).unwrap());
    let error = component.start(setup()).err().unwrap();
    assert_eq!(error.code(), "refused", "{error}");
    instances.pop();
    assert!(component.start(setup()).is_ok());
}

#[test]
fn an_engine_can_be_used_and_dropped_on_an_async_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = Engine::new(&Settings { instances: 1, ..Settings::default() }).unwrap();
        let component = engine.load(&framebox_test_components::case("naps")).unwrap();
        drop(engine);
        let mut instance = component.start(setup()).unwrap();
        drop(component);
        assert!(instance.process(input(), PLENTY).result.is_ok());
    });
}

#[test]
fn instances_move_between_threads() {
    let mut instance = start(&case("naps"));
    let given = Arc::new(input());
    for _ in 0..2 {
        let given = given.clone();
        instance = std::thread::spawn(move || {
            assert!(instance.process((*given).clone(), PLENTY).result.is_ok());
            instance
        })
        .join()
        .unwrap();
    }
}
