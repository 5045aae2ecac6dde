//! The README shows what there is.

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_first_handler_is_the_one_that_is_built() {
    assert!(
        read("README.md").contains(&read("guest-examples/hello/src/lib.rs")),
        "copy hello's source into the README"
    );
}

#[test]
fn the_gate_runs_the_test_command() {
    let command = "cargo test --workspace";
    assert!(read("README.md").lines().any(|line| line.starts_with(command)));
    assert!(read(".ci/run").lines().any(|line| line == "cargo xtask test-all"));
    assert!(read("xtask/src/layers.rs").contains(&format!("const TEST: &str = {command:?};")));
}
