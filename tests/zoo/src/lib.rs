//! Components for tests, assembled from WebAssembly text: no guest toolchain is needed.
//!
//! Each beast is a folder of `beasts/`: `handler.wat` holds the fields of its core module, `expect` says at which stage
//! (`load`, `start`, `process`) it comes to which outcome (`ok`, or the code of a failure). What a beast does not define
//! itself comes from `prelude.wat`: imports, memory, and a lifecycle that does nothing.

use std::path::{Path, PathBuf};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What is expected of a beast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// `load`, `start` or `process`.
    pub stage: String,
    /// `ok`, or the code of the failure.
    pub outcome: String,
}

/// Every beast's name, in order, with what is expected of it.
pub fn beasts() -> Vec<(String, Expected)> {
    let mut beasts: Vec<_> = std::fs::read_dir(folder().join("beasts"))
        .expect("the folder of beasts")
        .map(|entry| entry.expect("a beast").file_name().into_string().expect("its name"))
        .map(|name| {
            let text = read(&name, "expect");
            let (stage, outcome) = text.trim().split_once(": ").expect("`stage: outcome`");
            (name, Expected { stage: stage.into(), outcome: outcome.into() })
        })
        .collect();
    beasts.sort_by(|a, b| a.0.cmp(&b.0));
    beasts
}

/// The component of the beast `name`, a `video-handler`.
///
/// # Panics
/// When there is none, or it does not assemble.
pub fn beast(name: &str) -> Vec<u8> {
    component(&read(name, "handler.wat"), "zoo-handler")
}

/// The component of a core module with the fields `body` for `world`: one of the interface's, or `zoo-handler`, which
/// may import WASI's clock beside it.
///
/// # Panics
/// When it does not assemble.
pub fn component(body: &str, world: &str) -> Vec<u8> {
    let (resolve, package) = interface();
    let world = resolve.select_world(&[package], Some(world)).expect("a world");
    let mut core = core(body);
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8).expect("metadata");
    ComponentEncoder::default()
        .module(&core)
        .and_then(|encoder| encoder.validate(true).encode())
        .unwrap_or_else(|error| panic!("the component does not encode: {error:?}"))
}

/// The core module of a body, with the parts of the prelude that it needs.
///
/// # Panics
/// When it does not assemble.
pub fn core(body: &str) -> Vec<u8> {
    let prelude = std::fs::read_to_string(folder().join("prelude.wat")).expect("the prelude");
    // A part is left out when the body exports the same function itself, or, for an import, never calls it.
    let parts = prelude.split(";;;").filter(|part| {
        let (needs, _) = part.split_once('\n').unwrap_or((part, ""));
        match needs.trim().split_once(' ') {
            Some(("unless", export)) => !body.contains(export),
            Some(("if", call)) => body.contains(call),
            _ => true,
        }
    });
    let parts: Vec<_> = parts.map(|part| part.split_once('\n').map_or("", |(_, text)| text)).collect();
    let text = format!("(module\n{}\n{body})", parts.concat());
    wat::parse_str(&text).unwrap_or_else(|error| panic!("the module does not assemble: {error}"))
}

fn interface() -> (Resolve, wit_parser::PackageId) {
    let mut resolve = Resolve::default();
    resolve.push_dir(folder().join("../../wit")).expect("the interface");
    let path = folder().join("zoo.wit");
    let text = std::fs::read_to_string(&path).expect("the zoo's world");
    let package = resolve.push_str(&path, &text).expect("the zoo's world");
    (resolve, package)
}

fn read(beast: &str, file: &str) -> String {
    let path = folder().join("beasts").join(beast).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_beast_assembles() {
        let beasts = super::beasts();
        assert!(beasts.len() >= 15);
        for (name, _) in beasts {
            assert!(super::beast(&name).len() > 500, "{name}");
        }
    }

    #[test]
    fn every_world_assembles() {
        for (world, body) in [
            (
                "video-generator",
                r#"(func (export "framebox:video/generate@0.1.0#next")
                  (param $now i64) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
                  (call $return (local.get $output)))"#,
            ),
            (
                "video-observer",
                r#"(func (export "framebox:video/observe@0.1.0#consume")
                  (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
                  (call $return (local.get $frame) (local.get $output)))"#,
            ),
        ] {
            assert!(super::component(body, world).len() > 500, "{world}");
        }
    }
}
