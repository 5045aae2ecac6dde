//! Components for tests, assembled from WebAssembly text: no guest toolchain is needed.
//!
//! Each beast is a folder of `beasts/`:
//!
//! | file | what it holds |
//! |---|---|
//! | `handler.wat` | the fields of its core module; what it does not define itself comes from `prelude.wat`: imports, memory, a lifecycle that does nothing |
//! | `component.wat` | instead of that: a whole component |
//! | `depth` | when there: as many components, one within the other, are put beside it |
//! | `expect` | what it comes to |
//!
//! `expect` begins with the line `stage: outcome`: at which stage (`load`, `start`, `process`) it comes to which outcome:
//! `ok`, `refused`, or the code of a failure; several codes are joined by `-or-`. `later: code` says with which code some
//! later frame of one that begins well may fail; `says: words` says which words the refusal or the failure holds.

use std::path::{Path, PathBuf};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What is expected of a beast.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// `load`, `start` or `process`.
    pub stage: String,
    /// `ok`, `refused`, or the codes of the failure of which it may be any.
    pub outcomes: Vec<String>,
    /// Code with which some later frame may fail.
    pub later: Option<String>,
    /// Words of the refusal or the failure; empty: any.
    pub says: String,
}

impl Expected {
    fn read(text: &str) -> Self {
        let mut expected = Self::default();
        for line in text.lines() {
            let (key, value) = line.split_once(": ").expect("`key: value`");
            match key {
                "later" => expected.later = Some(value.into()),
                "says" => expected.says = value.into(),
                "load" | "start" | "process" => {
                    expected.stage = key.into();
                    expected.outcomes = value.split("-or-").map(str::to_owned).collect();
                }
                _ => panic!("unknown: {line}"),
            }
        }
        expected
    }

    /// True when it may come to `outcome`.
    pub fn allows(&self, outcome: &str) -> bool {
        self.outcomes.iter().any(|allowed| allowed == outcome)
    }
}

/// Every beast's name, in order, with what is expected of it.
pub fn beasts() -> Vec<(String, Expected)> {
    let mut beasts: Vec<_> = std::fs::read_dir(folder().join("beasts"))
        .expect("the folder of beasts")
        .map(|entry| entry.expect("a beast").file_name().into_string().expect("its name"))
        .map(|name| {
            let expected = Expected::read(&read(&name, "expect").expect("what is expected of it"));
            (name, expected)
        })
        .collect();
    beasts.sort_by(|a, b| a.0.cmp(&b.0));
    beasts
}

/// The component of the beast `name`.
///
/// # Panics
/// When there is none, or it does not assemble.
pub fn beast(name: &str) -> Vec<u8> {
    let mut beast = match (read(name, "handler.wat"), read(name, "component.wat")) {
        (Some(body), None) => component(&body, world(&body)),
        (None, Some(text)) => wat::parse_str(&text).unwrap_or_else(|error| panic!("{name} does not assemble: {error}")),
        _ => panic!("{name} has one of handler.wat and component.wat"),
    };
    if let Some(depth) = read(name, "depth") {
        beast.extend(nested(depth.trim().parse().expect("a number")));
    }
    beast
}

fn world(body: &str) -> &'static str {
    match body {
        _ if body.contains("$new-thing") => "zoo-hoarder",
        _ if body.contains("#next") => "video-generator",
        _ if body.contains("#consume") => "video-observer",
        _ => "zoo-handler",
    }
}

/// A section that holds a component that holds a component, so many deep.
fn nested(depth: usize) -> Vec<u8> {
    const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";
    const COMPONENT: u8 = 4;
    (0..depth).fold(Vec::new(), |inner, _| {
        let mut section = vec![COMPONENT];
        let mut rest = HEADER.len() + inner.len();
        // The length, seven bits a byte.
        while rest > 0x7f {
            section.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        section.push(rest as u8);
        section.extend_from_slice(HEADER);
        section.extend(inner);
        section
    })
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

fn read(beast: &str, file: &str) -> Option<String> {
    std::fs::read_to_string(folder().join("beasts").join(beast).join(file)).ok()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_beast_assembles() {
        let beasts = super::beasts();
        assert!(beasts.len() >= 90);
        let fails = |name: &String| std::panic::catch_unwind(|| super::beast(name).len()).is_err();
        let failed: Vec<_> = beasts.into_iter().map(|(name, _)| name).filter(fails).collect();
        assert!(failed.is_empty(), "{failed:?}");
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
