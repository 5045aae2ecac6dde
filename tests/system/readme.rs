//! The README and the documentation show what there is.

use std::path::{Path, PathBuf};

/// Lines of the README at most: the rest belongs in `docs/`.
const README_LINES: usize = 150;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The documents at the top of the tree and in `docs/`.
fn documents() -> Vec<PathBuf> {
    let markdown = |folder: &str| {
        let files = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|file| file.extension().is_some_and(|extension| extension == "md")).collect::<Vec<_>>()
    };
    [markdown("."), markdown("docs")].concat()
}

#[test]
fn the_documentation_shows_the_smallest_handler_as_it_is_built() {
    assert!(
        read("docs/handlers.md").contains(&read("guest-examples/hello/src/lib.rs")),
        "copy hello's source into docs/handlers.md"
    );
}

#[test]
fn the_readme_is_short_and_names_the_test_command() {
    let readme = read("README.md");
    assert!(readme.lines().count() <= README_LINES, "move what is too much into docs/");
    assert!(readme.lines().any(|line| line.starts_with("cargo test --workspace")));
}

#[test]
fn links_of_the_documentation_lead_to_files() {
    let mut missing = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        // The target of `[text](target)`.
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
            let path = target.split('#').next().unwrap_or_default();
            if !path.is_empty() && !path.contains("://") && !document.parent().unwrap().join(path).exists() {
                missing.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(missing.is_empty(), "these links lead nowhere:\n{}", missing.join("\n"));
}

#[test]
fn the_gate_runs_the_test_command() {
    assert!(read(".ci/run").lines().any(|line| line == "cargo xtask test-all"));
    assert!(read("xtask/src/layers.rs").contains("const TEST: &str = \"cargo test --workspace\";"));
}
