//! Components that are not loaded, and the messages that say why.

use framebox_sandbox::{CompileLimits, Engine, LoadError, Settings};

use crate::support::engine;

fn refusal(bytes: &[u8]) -> LoadError {
    engine().load(bytes).unwrap_err()
}

fn text(wat: &str) -> LoadError {
    refusal(&wat::parse_str(wat).unwrap())
}

/// A component with the exports of a handler, whose lifecycle contains `lifecycle`.
fn handler(lifecycle: &str) -> String {
    format!(
        r#"(component
            (instance $empty)
            (instance $lifecycle {lifecycle})
            (export "framebox:video/lifecycle@0.1.0" (instance $lifecycle))
            (export "framebox:video/transform@0.1.0" (instance $empty)))"#
    )
}

#[test]
fn files_that_are_not_components() {
    assert_eq!(refusal(b""), LoadError::Empty);
    assert_eq!(refusal(b"#!/bin/sh"), LoadError::NotWasm);
    assert_eq!(refusal(b"(component)"), LoadError::NotWasm, "text is not assembled");
    let module = framebox_test_components::core("");
    assert_eq!(refusal(&module), LoadError::CoreModule);
    assert!(LoadError::CoreModule.to_string().contains("wasm-tools component new"));
    let limits = CompileLimits { bytes: 10, ..CompileLimits::default() };
    let large = engine().load_within(&[0; 11], &limits).unwrap_err();
    assert_eq!(large, LoadError::TooLarge { bytes: 11, limit: 10 });
}

#[test]
fn damaged_components() {
    let good = framebox_test_components::case("good");
    for length in (8..good.len()).step_by(good.len() / 40) {
        refusal(&good[..length]);
    }
    let mut seed = 1_u32;
    for _ in 0..60 {
        let mut bad = good.clone();
        for _ in 0..3 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (seed >> 8) as usize % bad.len();
            bad[at] ^= (seed & 0xff) as u8 | 1;
        }
        // It must not panic; a harmless change may load.
        let _ = engine().load(&bad);
    }
}

#[test]
fn components_of_other_worlds() {
    assert_eq!(text("(component)"), LoadError::NoWorld);
    let other = text(
        r#"(component (instance $empty)
            (export "framebox:video/lifecycle@0.1.0" (instance $empty))
            (export "framebox:video/transform@0.2.0" (instance $empty)))"#,
    );
    assert_eq!(other, LoadError::Version { found: "framebox:video/transform@0.2.0".into() });
    let two = text(
        r#"(component (instance $empty)
            (export "framebox:video/lifecycle@0.1.0" (instance $empty))
            (export "framebox:video/generate@0.1.0" (instance $empty))
            (export "framebox:video/transform@0.1.0" (instance $empty)))"#,
    );
    assert_eq!(two, LoadError::SeveralWorlds(vec!["generate".into(), "transform".into()]));
    let lone = r#"(component (instance $empty) (export "framebox:video/observe@0.1.0" (instance $empty)))"#;
    assert_eq!(text(lone), LoadError::NoLifecycle);
}

#[test]
fn imports_that_are_not_offered_are_named() {
    let error = text(
        r#"(component
            (import "wasi:http/types@0.2.0" (instance))
            (import "wasi:cli/environment@0.2.6" (instance))
            (import "framebox:video/media@0.3.0" (instance))
            (import "gpu" (func)))"#,
    );
    let missing = ["wasi:http/types@0.2.0", "framebox:video/media@0.3.0", "gpu"].map(str::to_owned);
    assert_eq!(error, LoadError::Imports(missing.into()));
    assert!(error.to_string().contains("wasi:http/types@0.2.0, framebox:video/media@0.3.0, gpu"));
}

#[test]
fn exports_and_imports_of_other_types() {
    let error = text(&handler(""));
    assert!(matches!(&error, LoadError::Mismatch(words) if words.contains("describe")), "{error}");
    let import = text(
        r#"(component
            (import "framebox:video/log@0.1.0" (instance (export "shout" (func))))
            (instance $empty)
            (export "framebox:video/lifecycle@0.1.0" (instance $empty))
            (export "framebox:video/transform@0.1.0" (instance $empty)))"#,
    );
    assert!(matches!(&import, LoadError::Mismatch(words) if words.contains("shout")), "{import}");
}

#[test]
fn components_that_are_too_complex_to_compile() {
    let within = |module: &str| text(&format!("(component (core module {module}))"));
    let locals = within(&format!("(func (local {}))", "i32 ".repeat(513)));
    assert!(matches!(&locals, LoadError::TooComplex(words) if words.contains("513 local variables")), "{locals}");
    let functions = within(&"(func)".repeat(20_001));
    assert!(matches!(&functions, LoadError::TooComplex(words) if words.contains("20000 functions")), "{functions}");
    let body = within(&format!("(func {})", "(drop (i32.const 1))".repeat(200_000)));
    assert!(matches!(&body, LoadError::TooComplex(words) if words.contains("one function has")), "{body}");
    let nested = text(&format!("(component (component (core module (func (local {})))))", "i32 ".repeat(513)));
    assert!(matches!(nested, LoadError::TooComplex(_)), "{nested}");
}

#[test]
fn invalid_descriptors() {
    // No title.
    let body = r#"
        (func (export "framebox:video/lifecycle@0.1.0#describe") (result i32) (i32.const 2048))
        (func (export "framebox:video/transform@0.1.0#process")
          (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
          (call $return (local.get $frame) (local.get $output)))"#;
    let error = refusal(&framebox_test_components::component(body, "test-handler"));
    assert_eq!(error, LoadError::Descriptor("the title is missing".into()));
}

#[test]
fn memory_beyond_that_of_the_engine() {
    let settings = Settings { instances: 1, memory: 65_536, ..Settings::default() };
    let error = Engine::new(&settings).unwrap().load(&framebox_test_components::case("good")).unwrap_err();
    assert!(error.to_string().contains("memory"), "{error}");
}

#[test]
fn a_module_has_one_memory() {
    let with = |modules: &str| text(&format!("(component {modules})"));
    for two in ["(memory 1) (memory 1)", "(import \"a\" \"b\" (memory 1)) (memory 1)"] {
        let LoadError::TooComplex(why) = with(&format!("(core module {two})")) else { panic!("{two}") };
        assert!(why.contains("more than one memory"), "{why}");
    }
    // Several modules may have one each.
    assert_eq!(with("(core module (memory 1)) (core module (memory 1))"), LoadError::NoWorld);
}
