//! Finds libvpx, and says loudly when it is missing or the encoder will be slow.

use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/vp8/shim.c");
    println!("cargo::rerun-if-env-changed=PATH");
    println!("cargo::rerun-if-env-changed=PKG_CONFIG_PATH");
    println!("cargo::rustc-check-cfg=cfg(vpx)");
    nasm();
    if let Err(missing) = vpx() {
        println!(
            "cargo::warning={missing}: browsers without H.264, as a fresh Firefox, will not be served, which need VP8."
        );
        println!(
            "cargo::warning=Install it (Debian: apt install libvpx-dev; macOS: brew install libvpx pkg-config), then: cargo clean -p framebox-media"
        );
    }
}

fn nasm() {
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

/// Compiles what calls libvpx, and links that. Returns what is missing.
fn vpx() -> Result<(), &'static str> {
    let flags = pkg_config().unwrap_or_else(|| vec!["-lvpx".to_owned()]);
    let mut build = cc::Build::new();
    build.cargo_warnings(false).file("src/vp8/shim.c").flag_if_supported("-std=c99").warnings(true);
    for include in flags.iter().filter_map(|flag| flag.strip_prefix("-I")) {
        build.include(include);
    }
    // Without the headers this fails, and without a compiler: the H.264 encoder needs one, too.
    build.try_compile("framebox_vpx").map_err(|_| "the headers of libvpx are missing")?;
    if !links(&build, &flags) {
        return Err("the library libvpx is missing");
    }
    for flag in &flags {
        if let Some(folder) = flag.strip_prefix("-L") {
            println!("cargo::rustc-link-search=native={folder}");
        } else if let Some(library) = flag.strip_prefix("-l") {
            println!("cargo::rustc-link-lib={library}");
        }
    }
    println!("cargo::rustc-cfg=vpx");
    Ok(())
}

/// Where libvpx is, if pkg-config knows: flags of a compiler.
fn pkg_config() -> Option<Vec<String>> {
    let output = Command::new("pkg-config").args(["--cflags", "--libs", "vpx"]).stderr(Stdio::null()).output().ok()?;
    let flags = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Some(flags.split_ascii_whitespace().map(str::to_owned).collect())
}

/// Returns whether a program that uses libvpx's VP8 can be linked.
fn links(build: &cc::Build, flags: &[String]) -> bool {
    #[expect(clippy::disallowed_methods, reason = "Cargo tells build scripts the folder so")]
    let Some(folder) = std::env::var_os("OUT_DIR") else { return false };
    let folder = std::path::PathBuf::from(folder);
    let source = folder.join("probe.c");
    let text = "#include <vpx/vp8cx.h>\n#include <vpx/vp8dx.h>\n\
        int main(void) { return vpx_codec_vp8_cx() == 0 || vpx_codec_vp8_dx() == 0; }\n";
    if std::fs::write(&source, text).is_err() {
        return false;
    }
    let mut compiler = build.get_compiler().to_command();
    let probe = compiler.arg(&source).arg("-o").arg(folder.join("probe")).args(flags);
    probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
