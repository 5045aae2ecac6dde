//! The two ways of building the targets.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::{as_if_called_by_hand, root};

/// The targets that reach C++.
pub const SANITIZED: [&str; 2] = ["clip", "h264"];
/// The platform whose C++ is instrumented; named so that what runs while building is not.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// How the targets are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// With coverage of our own crates. Dependencies are those that the tests have built: the same profile, and, since the whole
    /// workspace is resolved, the same features.
    Coverage,
    /// OpenH264 also with GCC's AddressSanitizer and coverage, without assembler, in a folder of its own.
    Sanitizer,
}

impl Build {
    /// Builds targets. Returns the folder of the programs, or none when the build failed and has said why.
    pub fn build(self, names: &[String]) -> io::Result<Option<PathBuf>> {
        // Where this program is.
        let folder = std::env::current_exe()?.parent().unwrap_or(Path::new(".")).to_owned();
        let mut command = Command::new("cargo");
        as_if_called_by_hand(&mut command);
        command.current_dir(root()).env("RUSTC_WORKSPACE_WRAPPER", root().join("fuzz/instrument"));
        let folder = match self {
            Self::Coverage => {
                // With a test, the features are those that tests are built with.
                command.args("build --workspace --features framebox-fuzz/libfuzzer --test resolve".split(' '));
                folder
            }
            Self::Sanitizer => {
                let own = folder.join("../asan");
                command.args("build --package framebox-fuzz --no-default-features".split(' '));
                command.args(["--features", "libfuzzer,cpp-coverage", "--target", PLATFORM]);
                command.env("CARGO_TARGET_DIR", &own).env("OPENH264_NO_ASM", "1");
                command.env("CXX_x86_64_unknown_linux_gnu", root().join("fuzz/sanitize-cxx"));
                command.env("RUSTFLAGS", format!("-Clinker={}", root().join("fuzz/sanitize-link").display()));
                own.join(PLATFORM).join("debug")
            }
        };
        for name in names {
            command.args(["--bin", &format!("fuzz-{name}")]);
        }
        Ok(command.status()?.success().then_some(folder))
    }
}
