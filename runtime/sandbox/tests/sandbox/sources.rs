//! Handlers that read granted videos.

use std::path::Path;

use framebox_picture::Size;
use framebox_sandbox::{Component, NoSources, Source, SourceFrame, SourceInfo, Sources};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::support::{PLENTY, input, load, picture, start, start_with};

/// A transform that imports sources and runs `body` with `$frame` and `$output` for each frame.
fn reader(body: &str) -> Component {
    let text = format!(
        r#"(module
          (import "framebox:video/sources@0.1.0" "open" (func $open (param i32 i32 i32)))
          (import "framebox:video/sources@0.1.0" "[method]source.next" (func $next (param i32 i32)))
          (import "framebox:video/sources@0.1.0" "[resource-drop]source" (func $drop-source (param i32)))
          (import "framebox:video/media@0.1.0" "[method]frame.info" (func $info (param i32 i32)))
          (import "framebox:video/media@0.1.0" "[method]output.show" (func $show (param i32 i32 i32)))
          (import "framebox:video/media@0.1.0" "[resource-drop]frame" (func $drop-frame (param i32)))
          (import "framebox:video/media@0.1.0" "[resource-drop]output" (func $drop-output (param i32)))
          (memory (export "memory") 2)
          (global $heap (mut i32) (i32.const 65536))
          (data (i32.const 1500) "Reader")
          (data (i32.const 1600) "\dc\05\00\00\06\00\00\00" "\dc\05\00\00\06\00\00\00")
          (data (i32.const 2048) "clip")
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $heap)
            (global.set $heap (i32.and (i32.add (i32.add (global.get $heap) (local.get 3)) (i32.const 15)) (i32.const -16))))
          (func (export "framebox:video/lifecycle@0.1.0#describe") (result i32) (i32.const 1600))
          (func (export "framebox:video/lifecycle@0.1.0#init") (param i32 i32) (result i32) (i32.const 16))
          (func (export "framebox:video/lifecycle@0.1.0#configure") (param i32 i32) (result i32) (i32.const 16))
          (func (export "framebox:video/lifecycle@0.1.0#close"))
          (func (export "framebox:video/transform@0.1.0#process")
            (param $frame i32) (param $output i32) (param i32 i64) (result i32)
            (local $source i32) (local $count i32)
            (block $done {body})
            (call $drop-frame (local.get $frame))
            (call $drop-output (local.get $output))
            (i32.const 16)))"#
    );
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")).unwrap();
    let world = resolve.select_world(&[package], Some("video-handler")).unwrap();
    let mut core = wat::parse_str(text).unwrap();
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8).unwrap();
    load(&ComponentEncoder::default().module(&core).unwrap().validate(true).encode().unwrap())
}

/// A source of a hundred pictures.
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
/// Base of the presentation times, µs, which no frame rate would result in.
const PTS: i64 = 7_000_000_000;

impl Source for Clip {
    fn info(&self) -> SourceInfo {
        SourceInfo { size: CLIP, fps: 25.0, duration_us: None, live: false }
    }

    fn memory(&self) -> usize {
        1 << 20
    }

    fn next(&mut self) -> Result<Option<SourceFrame>, String> {
        self.0 += 1;
        let pts_us = PTS + i64::from(self.0);
        Ok((self.0 <= 100).then(|| SourceFrame { picture: picture(CLIP), pts_us }))
    }

    fn seek(&mut self, _pts_us: i64) -> Result<(), String> {
        Err("not here".into())
    }
}

#[test]
fn frames_of_granted_sources_can_be_shown() {
    let component = reader(
        "(call $open (i32.const 2048) (i32.const 4) (i32.const 3000))
         (br_if $done (i32.load8_u (i32.const 3000)))
         (local.set $source (i32.load (i32.const 3004)))
         (call $next (local.get $source) (i32.const 3100))
         (call $show (local.get $output) (i32.load (i32.const 3108)) (i32.const 3200))
         (call $drop-frame (i32.load (i32.const 3108)))
         (call $drop-source (local.get $source))",
    );
    let mut granted = start_with(&component, Clips);
    // More often than there are handles: none leaks.
    for _ in 0..300 {
        let output = granted.process(input(), PLENTY).result.unwrap();
        assert_eq!(output.picture.unwrap().size(), CLIP);
    }
    let output = start(&component).process(input(), PLENTY).result.unwrap();
    assert!(output.picture.is_none(), "nothing was granted");
}

#[test]
fn the_number_of_held_frames_is_limited() {
    // Takes frames without dropping any until there are too many; traps unless that is after 64.
    let component = reader(
        "(call $open (i32.const 2048) (i32.const 4) (i32.const 3000))
         (local.set $source (i32.load (i32.const 3004)))
         (loop $again
           (call $next (local.get $source) (i32.const 3100))
           (if (i32.eqz (i32.load8_u (i32.const 3100)))
             (then (local.set $count (i32.add (local.get $count) (i32.const 1))) (br $again))))
         (if (i32.ne (local.get $count) (i32.const 64)) (then (unreachable)))",
    );
    let call = start_with(&component, Clips).process(input(), PLENTY);
    assert!(call.result.is_ok(), "{:?}", call.result);
}

#[test]
fn frames_have_the_times_of_their_source_and_are_numbered() {
    // Traps unless the second frame has the second time and number.
    let component = reader(&format!(
        "(call $open (i32.const 2048) (i32.const 4) (i32.const 3000))
         (local.set $source (i32.load (i32.const 3004)))
         (call $next (local.get $source) (i32.const 3100))
         (call $drop-frame (i32.load (i32.const 3108)))
         (call $next (local.get $source) (i32.const 3100))
         (call $info (i32.load (i32.const 3108)) (i32.const 3200))
         (if (i64.ne (i64.load (i32.const 3216)) (i64.const {})) (then (unreachable)))
         (if (i64.ne (i64.load (i32.const 3224)) (i64.const 1)) (then (unreachable)))
         (call $drop-frame (i32.load (i32.const 3108)))
         (call $drop-source (local.get $source))",
        PTS + 2
    ));
    let call = start_with(&component, Clips).process(input(), PLENTY);
    assert!(call.result.is_ok(), "{:?}", call.result);
}
