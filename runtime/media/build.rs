//! Says loudly when the encoder will be slow.

use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=PATH");
    let nasm = Command::new("nasm").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status();
    #[expect(clippy::disallowed_methods, reason = "Cargo tells build scripts the target so")]
    let x86 = matches!(std::env::var("CARGO_CFG_TARGET_ARCH").as_deref(), Ok("x86_64" | "x86"));
    if x86 && !nasm.is_ok_and(|status| status.success()) {
        println!("cargo::warning=nasm is missing: H.264 encoding will be two to three times slower.");
        println!(
            "cargo::warning=Install it (Debian: apt install nasm; macOS: brew install nasm), then: cargo clean -p openh264-sys2"
        );
    }
}
