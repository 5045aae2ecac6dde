//! The languages of projects, and the files that their projects share with the examples.

use std::borrow::Cow;
use std::path::Path;

use clap::ValueEnum;
use include_dir::{Dir, include_dir};

use super::file::{self, File};

/// A programming language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// C, compiled by the Clang of Zig or another one.
    C,
    /// Go, compiled to a WASI library.
    Go,
    /// JavaScript, with jco and QuickJS.
    Js,
    /// Python, with componentize-py.
    Python,
    /// Rust, with the crate `framebox-handler`.
    Rust,
    /// TypeScript, with jco and QuickJS.
    Ts,
    /// Zig, without a library.
    Zig,
}

static CRATE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-examples/framebox-handler/src");

static GO_BINDINGS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-examples/go/bindings");
static GO_TRANSFORM: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-examples/go/transform");
static GO_GENERATE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-examples/go/generate");
static GO_OBSERVE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-examples/go/observe");
/// The packages that the bindings import.
static GO_PKG: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-examples/go/vendor/go.bytecodealliance.org/pkg");
/// Adapter from preview 1 of WASI, which Go supports, to WASI 0.2.
const GO_WASI: &[u8] = include_bytes!("../../../../guest-examples/go/wasi_snapshot_preview1.reactor.wasm");

/// Includes a file of the examples.
macro_rules! example {
    ($path:literal) => {
        include_str!(concat!("../../../../guest-examples/", $path))
    };
}

/// Parses `--lang`.
///
/// # Errors
/// Names the languages.
pub fn parse(text: &str) -> Result<Language, String> {
    Language::from_str(text, false).map_err(|_| {
        let all: Vec<_> = Language::value_variants().iter().map(|lang| lang.folder()).collect();
        format!("supported languages: {}", all.join(", "))
    })
}

impl Language {
    /// Returns the name, for texts.
    pub(super) fn called(self) -> &'static str {
        match self {
            Self::C => "C",
            Self::Go => "Go",
            Self::Python => "Python",
            Self::Js => "JavaScript",
            Self::Ts => "TypeScript",
            Self::Rust => "Rust",
            Self::Zig => "Zig",
        }
    }

    /// Returns the folder of the templates.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Go => "go",
            Self::Python => "python",
            Self::Js => "js",
            Self::Ts => "ts",
            Self::Rust => "rust",
            Self::Zig => "zig",
        }
    }

    /// Returns the path of the source file with the effect on pixels.
    pub(super) fn effect(self) -> &'static str {
        match self {
            Self::C => "effect.c",
            Self::Go => "effect/effect.go",
            Self::Python => "effect.py",
            Self::Js => "effect.js",
            Self::Ts => "src/effect.ts",
            Self::Rust => "src/effect.rs",
            Self::Zig => "effect.zig",
        }
    }

    /// Returns the folder of the interface in a project.
    pub(super) fn wit(self) -> &'static str {
        match self {
            // The crate contains the interface.
            Self::Rust => "framebox-handler/wit",
            _ => "wit",
        }
    }

    /// Adds the files that projects share with the examples.
    pub(super) fn shared(self, files: &mut Vec<File>) {
        let mut put = |path: &str, text: &'static str| {
            files.push(File { path: path.into(), content: Cow::Borrowed(text.as_bytes()) });
        };
        match self {
            Self::C => {
                put("framebox.c", example!("c/framebox.c"));
                put("framebox.h", example!("c/framebox.h"));
                put("bindings/bindings.c", example!("c/bindings/bindings.c"));
                put("bindings/bindings.h", example!("c/bindings/bindings.h"));
            }
            Self::Go => {
                put("framebox/framebox.go", example!("go/framebox.go"));
                for (to, package) in [
                    ("bindings", &GO_BINDINGS),
                    ("transform", &GO_TRANSFORM),
                    ("generate", &GO_GENERATE),
                    ("observe", &GO_OBSERVE),
                    ("pkg", &GO_PKG),
                ] {
                    file::copy(package, &Path::new("framebox").join(to), files);
                }
                files.push(File {
                    path: "framebox/wasi_snapshot_preview1.reactor.wasm".into(),
                    content: Cow::Borrowed(GO_WASI),
                });
            }
            Self::Python => put("framebox.py", example!("python/framebox.py")),
            Self::Js => {
                put("framebox.js", example!("js/framebox.js"));
                put("framebox.d.ts", example!("js/framebox.d.ts"));
                put("settle.mjs", example!("js/settle.mjs"));
            }
            Self::Ts => {
                put("src/framebox.js", example!("js/framebox.js"));
                put("src/framebox.d.ts", example!("js/framebox.d.ts"));
                put("settle.mjs", example!("js/settle.mjs"));
            }
            Self::Rust => {
                put("framebox-handler/Cargo.toml", example!("framebox-handler/Cargo.toml"));
                put("framebox-handler/README.md", example!("framebox-handler/README.md"));
                file::copy(&CRATE, Path::new("framebox-handler/src"), files);
            }
            Self::Zig => put("framebox.zig", example!("zig/framebox.zig")),
        }
    }
}
