//! Generators, observers, and handlers that read granted videos.

use std::sync::Arc;

use framebox_picture::{Picture, Size};
use framebox_sandbox::{Kind, NoSources, Source, SourceInfo, Sources};

use crate::support::{PLENTY, SIZE, beast, input, load, picture, start, start_with, transform};

#[test]
fn a_generator_makes_frames_by_itself() {
    // A gray picture of 16x16, as bright as the time says.
    let body = r#"
        (func (export "framebox:video/generate@0.1.0#next")
          (param $now i64) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
          (memory.fill (i32.const 4096) (i32.wrap_i64 (local.get $now)) (i32.const 256))
          (call $draw (local.get $output) (i32.const 16) (i32.const 16) (i32.const 2)
            (i32.const 4096) (i32.const 256) (i32.const 1300))
          (call $drop-output (local.get $output))
          (i32.const 16))"#;
    let component = load(&framebox_zoo::component(body, "video-generator"));
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
fn the_pictures_of_an_observer_do_not_count() {
    let body = r#"
        (func (export "framebox:video/observe@0.1.0#consume")
          (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
          (call $show (local.get $output) (local.get $frame) (i32.const 1300))
          (call $return (local.get $frame) (local.get $output)))"#;
    let component = load(&framebox_zoo::component(body, "video-observer"));
    assert_eq!(component.kind(), Kind::Observer);
    let mut instance = start(&component);
    assert!(instance.process(input(), PLENTY).result.unwrap().picture.is_none());
    assert_eq!(instance.next(0, PLENTY).result.unwrap_err().code(), "refused");
}

#[test]
fn a_component_is_known_by_what_it_is() {
    let component = beast("good");
    assert_eq!(component.kind(), Kind::Transform);
    assert_eq!(component.descriptor().title, "Beast");
    assert!(component.imports().iter().any(|import| import == "framebox:video/media@0.1.0"));
    let digest = component.digest().to_string();
    assert_eq!((digest.len(), &digest[..7]), (71, "sha256:"));
    assert_eq!(component.digest(), beast("good").digest());
    assert_ne!(component.digest(), beast("trap").digest());
}

const SOURCES: &str = r#"
(import "framebox:video/sources@0.1.0" "open" (func $open (param i32 i32 i32)))
(import "framebox:video/sources@0.1.0" "[method]source.next" (func $next (param i32 i32)))
(import "framebox:video/sources@0.1.0" "[resource-drop]source" (func $drop-source (param i32)))
(data (i32.const 2048) "clip")
"#;

/// Two pictures of their own size.
struct Clips;

struct Clip(u32);

impl Sources for Clips {
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String> {
        match name {
            "clip" => Ok(Box::new(Clip(0))),
            _ => NoSources.open(name),
        }
    }
}

const CLIP: Size = Size::new(20, 10);

impl Source for Clip {
    fn info(&self) -> SourceInfo {
        SourceInfo { size: CLIP, fps: 25.0, duration_us: None, live: false }
    }

    fn next(&mut self) -> Result<Option<Arc<Picture>>, String> {
        self.0 += 1;
        Ok((self.0 <= 100).then(|| picture(CLIP)))
    }

    fn seek(&mut self, _pts_us: i64) -> Result<(), String> {
        Err("not here".into())
    }
}

#[test]
fn frames_of_granted_sources_can_be_shown() {
    let component = transform(
        SOURCES,
        "(local $source i32)
         (call $open (i32.const 2048) (i32.const 4) (i32.const 3000))
         (if (i32.load8_u (i32.const 3000)) (then (return (call $return (local.get $frame) (local.get $output)))))
         (local.set $source (i32.load (i32.const 3004)))
         (call $next (local.get $source) (i32.const 3100))
         (call $show (local.get $output) (i32.load (i32.const 3108)) (i32.const 3200))
         (call $drop-frame (i32.load (i32.const 3108)))
         (call $drop-source (local.get $source))",
    );
    let mut granted = start_with(&component, Clips);
    // More often than handles are there: nothing is left behind.
    for _ in 0..300 {
        let output = granted.process(input(), PLENTY).result.unwrap();
        assert_eq!(output.picture.unwrap().size(), CLIP);
    }
    let output = start(&component).process(input(), PLENTY).result.unwrap();
    assert!(output.picture.is_none(), "nothing was granted");
}

#[test]
fn frames_that_are_held_are_counted() {
    // Takes frames without giving any back, until it is told that there are too many; traps unless that is after 64.
    let component = transform(
        SOURCES,
        "(local $source i32) (local $count i32)
         (call $open (i32.const 2048) (i32.const 4) (i32.const 3000))
         (local.set $source (i32.load (i32.const 3004)))
         (loop $again
           (call $next (local.get $source) (i32.const 3100))
           (if (i32.eqz (i32.load8_u (i32.const 3100)))
             (then (local.set $count (i32.add (local.get $count) (i32.const 1))) (br $again))))
         (if (i32.ne (local.get $count) (i32.const 64)) (then (unreachable)))",
    );
    let call = start_with(&component, Clips).process(input(), PLENTY);
    assert!(call.result.is_ok(), "{:?}", call.result);
    assert_ne!(SIZE, CLIP);
}
