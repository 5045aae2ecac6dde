//! Components for tests, assembled from WebAssembly text: no guest toolchain is needed.
//!
//! **A case is a folder of `cases/` that holds the component and the outcome that every test of it expects.**
//!
//! | file | what it holds |
//! |---|---|
//! | `handler.wat` | the fields of its core module; `prelude.wat` supplies what they lack: imports, memory, an empty lifecycle |
//! | `component.wat` | a whole component, instead of `handler.wat` |
//! | `depth` | optional: how many components, nested in one another, are appended |
//! | `expect` | the expected outcome |
//!
//! `expect` begins with the line `stage: outcome`. The stage is `load`, `start` or `process`; the outcome is `ok`,
//! `refused`, or the code of a failure, with alternatives joined by `-or-`. The optional line `later: code` names the
//! code with which a later frame may fail; `says: words` names words that the refusal or the failure must contain.

use std::path::{Path, PathBuf};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The expected outcome of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// `load`, `start` or `process`.
    pub stage: String,
    /// `ok`, `refused`, or codes of failures; any of them is allowed.
    pub outcomes: Vec<String>,
    /// Code with which a later frame may fail.
    pub later: Option<String>,
    /// Words that the refusal or the failure must contain; empty when any text is allowed.
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

    /// Returns whether `outcome` is one of the expected outcomes.
    pub fn allows(&self, outcome: &str) -> bool {
        self.outcomes.iter().any(|allowed| allowed == outcome)
    }
}

/// Returns the name and the expected outcome of every case, sorted by name.
pub fn cases() -> Vec<(String, Expected)> {
    let mut cases: Vec<_> = std::fs::read_dir(folder().join("cases"))
        .expect("the folder of cases")
        .map(|entry| entry.expect("a case").file_name().into_string().expect("its name"))
        .map(|name| {
            let expected = Expected::read(&read(&name, "expect").expect("a file `expect`"));
            (name, expected)
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

/// Returns the component of the case `name`.
///
/// # Panics
/// Panics when there is no such case, or when it does not assemble.
pub fn case(name: &str) -> Vec<u8> {
    let mut case = match (read(name, "handler.wat"), read(name, "component.wat")) {
        (Some(body), None) => component(&body, world(&body)),
        (None, Some(text)) => wat::parse_str(&text).unwrap_or_else(|error| panic!("{name} does not assemble: {error}")),
        _ => panic!("{name} needs either handler.wat or component.wat"),
    };
    if let Some(depth) = read(name, "depth") {
        case.extend(nested(depth.trim().parse().expect("a number")));
    }
    case
}

fn world(body: &str) -> &'static str {
    match body {
        _ if body.contains("$new-thing") => "test-hoarder",
        _ if body.contains("#next") => "video-generator",
        _ if body.contains("#consume") => "video-observer",
        _ => "test-handler",
    }
}

/// Returns a section with components nested `depth` deep.
fn nested(depth: usize) -> Vec<u8> {
    const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";
    const COMPONENT: u8 = 4;
    (0..depth).fold(Vec::new(), |inner, _| {
        let mut section = vec![COMPONENT];
        let mut rest = HEADER.len() + inner.len();
        // The length in LEB128.
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

/// Returns the component of a core module with the fields `body` for `world`: a world of the interface, or
/// `test-handler`, which also imports parts of WASI.
///
/// # Panics
/// Panics when it does not assemble.
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

/// Returns the core module of `body`, with the parts of the prelude that it needs.
///
/// # Panics
/// Panics when it does not assemble.
pub fn core(body: &str) -> Vec<u8> {
    let prelude = std::fs::read_to_string(folder().join("prelude.wat")).expect("the prelude");
    // A part is omitted when the body exports the same function, or, for an import, never calls it.
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
    let path = folder().join("test.wit");
    let text = std::fs::read_to_string(&path).expect("the worlds of the test components");
    let package = resolve.push_str(&path, &text).expect("the worlds of the test components");
    (resolve, package)
}

fn read(case: &str, file: &str) -> Option<String> {
    std::fs::read_to_string(folder().join("cases").join(case).join(file)).ok()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_assembles() {
        let cases = super::cases();
        assert!(cases.len() >= 90);
        let fails = |name: &String| std::panic::catch_unwind(|| super::case(name).len()).is_err();
        let failed: Vec<_> = cases.into_iter().map(|(name, _)| name).filter(fails).collect();
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
