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
fn each_promise_of_the_security_page_names_a_test_that_exists() {
    let page = read("docs/security.md");
    // Tests are named as `path/file.rs::function`.
    let tests: Vec<_> = page.split('`').skip(1).step_by(2).filter(|code| code.contains(".rs::")).collect();
    assert!(tests.len() >= 30, "{} tests are named", tests.len());
    let is_there = |test: &str| {
        let (file, function) = test.split_once("::").unwrap();
        std::fs::read_to_string(root().join(file)).is_ok_and(|source| source.contains(&format!("fn {function}(")))
    };
    let missing: Vec<_> = tests.iter().filter(|test| !is_there(test)).collect();
    assert!(missing.is_empty(), "docs/security.md names tests that do not exist: {missing:#?}");
    let promises = page.split("\n## Promises\n").nth(1).expect("a section of promises").split("\n## ").next().unwrap();
    let rows = promises.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise"));
    let bare: Vec<_> = rows.filter(|row| !row.contains(".rs::")).collect();
    assert!(bare.is_empty(), "these promises of docs/security.md have no test: {bare:#?}");
}

#[test]
fn the_gate_runs_the_test_command() {
    assert!(read(".ci/run").lines().any(|line| line == "cargo xtask test-all"));
    assert!(read("xtask/src/layers.rs").contains("const TEST: &str = \"cargo test --workspace\";"));
}
