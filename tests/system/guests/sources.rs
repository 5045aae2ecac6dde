//! The prebuilt components belong to the sources beside them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::guests::golden::{outputs, settings};
use crate::guests::handler::{NAMES, folder, load, prebuilt, prebuilt_bytes};

const TARGET: &str = "wasm32-wasip2";

/// Runs `guest-examples/build --check` in a copy of the sources or in the sources themselves.
fn check(folder: &Path) -> Output {
    Command::new("sh").arg(folder.join("build")).arg("--check").output().unwrap()
}

/// A folder for one test, empty.
fn scratch(name: &str) -> PathBuf {
    let path = framebox_test_support::paths::temporary().join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path).unwrap();
    }
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Copies a folder, but for what was built in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if !path.is_dir() {
            std::fs::copy(path, to).unwrap();
        } else if entry.file_name() != "target" {
            copy(&path, &to);
        }
    }
}

#[test]
fn all_that_is_prebuilt_is_known_and_small() {
    let files = std::fs::read_dir(folder().join("prebuilt")).unwrap().map(|entry| entry.unwrap().path());
    let components = files.filter(|path| path.extension().is_some_and(|it| it == "wasm"));
    let mut names: Vec<_> = components.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, NAMES);
    for name in NAMES {
        let most = if name == "detect" { 400_000 } else { 300_000 };
        assert!(prebuilt_bytes(name).len() < most, "{name}");
    }
}

#[test]
fn prebuilt_components_tell_nothing_of_the_machine_that_built_them() {
    let home = std::env::var("HOME").unwrap_or_default();
    let places = ["/home/", "/root/", "/Users/", "registry/src", "index.crates", env!("CARGO_MANIFEST_DIR"), &home];
    for name in NAMES {
        let bytes = prebuilt_bytes(name);
        for place in places.iter().filter(|place| place.len() > 3) {
            assert!(!bytes.windows(place.len()).any(|part| part == place.as_bytes()), "{name} holds {place:?}");
        }
    }
}

#[test]
fn the_recorded_digests_are_those_of_the_sources() {
    let checked = check(&folder());
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_change_without_a_build_is_noticed() {
    let place = scratch("changed-guests");
    let examples = place.join("guest-examples");
    copy(&folder(), &examples);
    copy(&folder().join("../wit"), &place.join("wit"));
    assert!(check(&examples).status.success(), "the copy is as good as the sources");
    for file in [
        "flip/src/lib.rs",
        "invert/Cargo.toml",
        "framebox-handler/src/pixel.rs",
        "Cargo.toml",
        "Cargo.lock",
        ".cargo/config.toml",
        "../wit/types.wit",
    ] {
        let path = examples.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}\n")).unwrap();
        let checked = check(&examples);
        assert!(!checked.status.success(), "{file} was changed");
        assert!(String::from_utf8_lossy(&checked.stderr).contains("run guest-examples/build"));
        std::fs::write(&path, text).unwrap();
    }
    assert!(check(&examples).status.success(), "everything is as it was");
}

/// Builds the sources as they are; none where the target is lacking, which is only allowed outside of CI.
fn built() -> Option<PathBuf> {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let sysroot = Command::new(rustc).args(["--print", "sysroot"]).output().unwrap().stdout;
    let sysroot = PathBuf::from(String::from_utf8(sysroot).unwrap().trim());
    if !sysroot.join("lib/rustlib").join(TARGET).join("lib").exists() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs `rustup target add {TARGET}`");
        eprintln!("skipped: the guest examples are not built, `rustup target add {TARGET}` is lacking");
        return None;
    }
    let target = framebox_test_support::paths::temporary().join("guest-examples");
    // The flags of whoever runs the tests are for the host.
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--quiet", "--target", TARGET, "--target-dir"])
        .arg(&target)
        .current_dir(folder())
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    Some(target.join(TARGET).join("release"))
}

#[test]
fn what_the_sources_build_does_the_same() {
    let Some(built) = built() else { return };
    for name in NAMES {
        let fresh = load(&std::fs::read(built.join(name.replace('-', "_")).with_extension("wasm")).unwrap());
        let kept = prebuilt(name);
        assert!(fresh.descriptor() == kept.descriptor(), "{name} describes itself otherwise");
        for given in settings(name) {
            let (fresh, kept) = (outputs(&fresh, &given), outputs(&kept, &given));
            for (frame, (fresh, kept)) in fresh.iter().zip(&kept).enumerate() {
                assert!(fresh.picture == kept.picture, "{name} {given}: another picture for frame {frame}");
                assert_eq!(fresh.values, kept.values, "{name} {given}, frame {frame}");
            }
        }
    }
}
