//! The prebuilt components match their sources.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use framebox_test_support::examples::{self, PREBUILT};
use framebox_test_support::paths::{prebuilt, root};

use crate::guests::golden::{outputs, settings};
use crate::guests::handler::load;

fn folder() -> PathBuf {
    root().join("guest-examples")
}

fn prebuilt_bytes(name: &str) -> Vec<u8> {
    std::fs::read(prebuilt(name)).unwrap()
}

/// Runs `build --check` in `folder`: the sources, or a copy of them.
fn check(folder: &Path) -> Output {
    Command::new("sh").arg(folder.join("build")).arg("--check").output().unwrap()
}

/// Returns an empty folder for one test.
fn scratch(name: &str) -> PathBuf {
    let path = framebox_test_support::paths::temporary().join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path).unwrap();
    }
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Copies a folder, except for build outputs.
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
fn prebuilt_components_are_known_and_small() {
    let files = std::fs::read_dir(folder().join("prebuilt")).unwrap().map(|entry| entry.unwrap().path());
    let components = files.filter(|path| path.extension().is_some_and(|it| it == "wasm"));
    let mut names: Vec<_> = components.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, PREBUILT);
    for name in PREBUILT {
        let most = if name == "detect" { 400_000 } else { 300_000 };
        assert!(prebuilt_bytes(name).len() < most, "{name}");
    }
}

#[test]
fn prebuilt_components_hold_no_paths_of_the_machine_that_built_them() {
    let home = std::env::var("HOME").unwrap_or_default();
    let places = ["/home/", "/root/", "/Users/", "registry/src", "index.crates", env!("CARGO_MANIFEST_DIR"), &home];
    for name in PREBUILT {
        let bytes = prebuilt_bytes(name);
        for place in places.iter().filter(|place| place.len() > 3) {
            assert!(!bytes.windows(place.len()).any(|part| part == place.as_bytes()), "{name} holds {place:?}");
        }
    }
}

#[test]
fn the_recorded_digests_match_the_sources() {
    let checked = check(&folder());
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_source_that_changes_without_a_build_is_reported() {
    let place = scratch("changed-guests");
    let examples = place.join("guest-examples");
    copy(&folder(), &examples);
    copy(&folder().join("../wit"), &place.join("wit"));
    assert!(check(&examples).status.success(), "the copy passes like the sources");
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
        assert!(String::from_utf8_lossy(&checked.stderr).contains("run guest-examples/build prebuilt"));
        std::fs::write(&path, text).unwrap();
    }
    assert!(check(&examples).status.success(), "all changes are undone");
}

#[test]
fn the_sources_build_components_that_do_the_same() {
    for name in PREBUILT {
        let Some(fresh) = examples::component("rust", name) else { return };
        let (fresh, kept) = (load(&fresh), load(&prebuilt_bytes(name)));
        assert!(fresh.descriptor() == kept.descriptor(), "{name}: another descriptor");
        for given in settings(name) {
            let (fresh, kept) = (outputs(&fresh, &given), outputs(&kept, &given));
            for (frame, (fresh, kept)) in fresh.iter().zip(&kept).enumerate() {
                assert!(fresh.picture == kept.picture, "{name} {given}: another picture for frame {frame}");
                assert_eq!(fresh.values, kept.values, "{name} {given}, frame {frame}");
            }
        }
    }
}
