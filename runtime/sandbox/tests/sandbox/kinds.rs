//! Kinds of handlers, and properties of components.
#![allow(unsafe_code)]

use framebox_picture::Size;
use framebox_sandbox::{Code, CompileLimits, Compiler, Kind, LoadError};

use crate::support::{PLENTY, case, engine, input, load, start};

#[test]
fn a_generator_makes_frames_by_itself() {
    // A gray picture of 16x16 whose luma is the time.
    let body = r#"
        (func (export "framebox:video/generate@0.1.0#next")
          (param $now i64) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
          (memory.fill (i32.const 4096) (i32.wrap_i64 (local.get $now)) (i32.const 256))
          (call $draw (local.get $output) (i32.const 16) (i32.const 16) (i32.const 2)
            (i32.const 4096) (i32.const 256) (i32.const 1300))
          (call $drop-output (local.get $output))
          (i32.const 16))"#;
    let component = load(&framebox_test_components::component(body, "video-generator"));
    assert_eq!(component.kind(), Kind::Generator);
    let mut instance = start(&component);
    let luma = |now, instance: &mut framebox_sandbox::Instance| {
        let picture = instance.next(now, PLENTY).result.unwrap().picture.unwrap();
        assert_eq!(picture.size(), Size::new(16, 16));
        picture.bytes()[100]
    };
    assert_eq!(luma(0, &mut instance), 16);
    assert_eq!(luma(255, &mut instance), 235);
    assert_eq!(instance.process(input(), PLENTY).result.unwrap_err().code(), "refused");
    assert!(!instance.is_dead());
}

#[test]
fn pictures_of_an_observer_are_ignored() {
    let body = r#"
        (func (export "framebox:video/observe@0.1.0#consume")
          (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
          (call $show (local.get $output) (local.get $frame) (i32.const 1300))
          (call $return (local.get $frame) (local.get $output)))"#;
    let component = load(&framebox_test_components::component(body, "video-observer"));
    assert_eq!(component.kind(), Kind::Observer);
    let mut instance = start(&component);
    assert!(instance.process(input(), PLENTY).result.unwrap().picture.is_none());
    assert_eq!(instance.next(0, PLENTY).result.unwrap_err().code(), "refused");
}

#[test]
fn a_component_has_kind_descriptor_imports_and_digest() {
    let component = case("good");
    assert_eq!(component.kind(), Kind::Transform);
    assert_eq!(component.descriptor().title, "Case");
    assert!(component.imports().iter().any(|import| import == "framebox:video/media@0.1.0"));
    let digest = component.digest().to_string();
    assert_eq!((digest.len(), &digest[..7]), (71, "sha256:"));
    assert_eq!(component.digest(), case("good").digest());
    assert_ne!(component.digest(), case("trap").digest());
}

#[test]
fn code_compiled_apart_runs_and_invalid_code_is_refused() {
    let compiler = Compiler::new().unwrap();
    let (good, limits) = (framebox_test_components::case("good"), CompileLimits::default());
    let code = compiler.compile(&good, &limits).unwrap();
    let component = engine().load_compiled(&good, &code, &limits).unwrap();
    assert_eq!(component.digest(), case("good").digest());
    assert!(start(&component).process(input(), PLENTY).result.is_ok());
    assert_eq!(compiler.edition(), Compiler::new().unwrap().edition());
    // SAFETY: bytes that are no code at all are rejected rather than run, as this test checks.
    let rubbish = unsafe { Code::from_bytes(b"rubbish".to_vec()) };
    let error = engine().load_compiled(&good, &rubbish, &limits).unwrap_err();
    assert!(matches!(error, LoadError::Compile(_)), "{error}");
    assert!(matches!(compiler.compile(b"\0asm\x01\0\0\0", &limits), Err(LoadError::CoreModule)));
}
