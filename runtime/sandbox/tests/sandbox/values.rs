//! Additional outputs.

use framebox_sandbox::{Component, Limits, OutputValue};

use crate::support::{PLENTY, case, input, start, start_within, transform};

/// Two outputs, "x" and "y", of kind text.
const TWO: &str = r#"
(data (i32.const 2048) "xyz")
(data (i32.const 2100) "\00\08\00\00\01\00\00\00" "\00\08\00\00\01\00\00\00" "\02\00\00\00" "\00\00\00\00\00\00\00\00\00\00\00\00")
(data (i32.const 2132) "\01\08\00\00\01\00\00\00" "\01\08\00\00\01\00\00\00" "\02\00\00\00" "\00\00\00\00\00\00\00\00\00\00\00\00")
(data (i32.const 2200) "\00\08\00\00\01\00\00\00" "\00\08\00\00\01\00\00\00" "\00\00\00\00\00\00\00\00" "\34\08\00\00\02\00\00\00")
(data (i32.const 2300) "{\22a\22:1}")
(data (i32.const 2320) "\00\00\00\00\00\00\f0\3f\00\00\00\00\00\00\00\40")
(data (i32.const 2340) "image/png")
(func (export "framebox:video/lifecycle@0.1.0#describe") (result i32) (i32.const 2200))
"#;

/// Puts a value, given as its case and flat values, for the output whose id is at `id`, and checks the result.
fn put(id: u32, case: u32, flat: [i64; 4], accepted: bool) -> String {
    let [a, b, c, d] = flat;
    format!(
        "(call $put (local.get $output) (i32.const {id}) (i32.const 1) (i32.const {case})
           (i64.const {a}) (i32.const {b}) (i32.const {c}) (i32.const {d}) (i32.const 1300))
         (if (i32.ne (i32.load8_u (i32.const 1300)) (i32.const {})) (then (unreachable)))",
        u8::from(!accepted)
    )
}

fn puts(puts: &[String]) -> Component {
    transform(TWO, &puts.concat())
}

const X: u32 = 2048;
const Y: u32 = 2049;
const Z: u32 = 2050;

fn texts(values: &[OutputValue]) -> Vec<(&str, &str)> {
    values.iter().map(|value| (value.id.as_str(), value.json.as_str())).collect()
}

#[test]
fn every_kind_of_value_is_passed() {
    let bits = 1.5_f64.to_bits() as i64;
    for (case, flat, value) in [
        (0, [1, 0, 0, 0], "true"),
        (1, [-5, 0, 0, 0], "-5"),
        (2, [bits, 0, 0, 0], "1.5"),
        (3, [2048, 3, 0, 0], "\"xyz\""),
        (4, [2320, 2, 0, 0], "[1.0,2.0]"),
        (5, [2300, 7, 0, 0], "{\"a\":1}"),
        (6, [2340, 9, 2048, 3], r#"{"media_type":"image/png","data":"eHl6"}"#),
    ] {
        let call = start(&puts(&[put(X, case, flat, true)])).process(input(), PLENTY);
        assert_eq!(texts(&call.result.unwrap().values), [("x", value)]);
    }
}

#[test]
fn the_last_value_of_an_id_wins_and_errors_are_harmless() {
    let nan = f64::NAN.to_bits() as i64;
    let component = puts(&[
        put(Y, 1, [1, 0, 0, 0], true),
        put(X, 1, [2, 0, 0, 0], true),
        put(Z, 1, [3, 0, 0, 0], false),
        put(Y, 1, [4, 0, 0, 0], true),
        put(X, 2, [nan, 0, 0, 0], false),
        put(X, 5, [2048, 3, 0, 0], false),
    ]);
    let mut instance = start(&component);
    for _ in 0..2 {
        let values = instance.process(input(), PLENTY).result.unwrap().values;
        assert_eq!(texts(&values), [("y", "4"), ("x", "2")]);
    }
}

#[test]
fn the_bytes_of_one_call_are_limited() {
    let component = puts(&[put(X, 3, [2048, 3, 0, 0], true), put(Y, 3, [4096, 98, 0, 0], false)]);
    let limits = Limits { values_bytes: 100, setup: PLENTY, ..Limits::default() };
    let call = start_within(&component, limits).unwrap().process(input(), PLENTY);
    assert_eq!(texts(&call.result.unwrap().values), [("x", "\"xyz\"")]);
}

#[test]
fn a_flood_of_values_leaves_one_and_the_picture() {
    let output = start(&case("put-flood")).process(input(), PLENTY).result.unwrap();
    assert_eq!(output.values.len(), 1);
    assert!(output.picture.is_some());
}
