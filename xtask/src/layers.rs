//! The steps of each task.

use crate::step::Step;

/// The command that the README names. It also builds and runs what `fast` runs.
const TEST: &str = "cargo test --workspace";

/// Formatting, rules, lints and documentation.
pub fn check() -> Vec<Step> {
    let mut steps = quick();
    steps.push(Step::new("cargo clippy --workspace --all-targets -- -D warnings"));
    steps.push(doc());
    steps
}

/// What is checked without building the program.
fn quick() -> Vec<Step> {
    vec![
        Step::new("cargo fmt --all --check"),
        Step::new("cargo fmt --all --check").within("guest-examples"),
        Step::new("cargo xtask rules"),
        Step::new("cargo clippy --workspace --target wasm32-wasip2 -- -D warnings").within("guest-examples"),
        Step::new("cargo xtask deny").optional("cargo-deny"),
        Step::new("web/check").optional("node"),
    ]
}

/// Lets Clippy be the compiler of the workspace's crates, with warnings as errors, as `cargo clippy` does: what is tested is linted
/// while it is built, and no dependency is compiled once more for it.
fn linted(step: Step) -> Step {
    step.with("RUSTC_WORKSPACE_WRAPPER", "clippy-driver").with("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__")
}

/// The documentation of all crates.
pub fn doc() -> Step {
    Step::new("cargo doc --workspace --no-deps").with("RUSTDOCFLAGS", "-D warnings")
}

/// The fast layer: `check`, unit tests and the tests of each crate.
pub fn fast() -> Vec<Step> {
    let mut steps = check();
    steps.push(Step::new("cargo test --workspace --exclude framebox"));
    steps
}

/// Everything that the gate runs.
pub fn full() -> Vec<Step> {
    let mut steps = vec![
        // Mostly downloads, and compilers that use one core: beside the steps until the tests need them.
        Step::new("guest-examples/build").beside(),
    ];
    steps.extend(quick());
    steps.push(linted(Step::new("cargo test --workspace --all-targets --no-run")));
    steps.push(Step::new("cargo xtask fuzz"));
    // Much of a test's time is waiting: more of them at once than there are cores.
    let threads = 2 * std::thread::available_parallelism().map_or(2, usize::from);
    steps.push(linted(Step::new(TEST)).with("RUST_TEST_THREADS", &threads.to_string()));
    steps
}

/// The benchmarks, or some of them.
pub fn bench(names: Vec<String>) -> Step {
    let chosen = if names.is_empty() { String::new() } else { format!(" -- {}", names.join(" ")) };
    Step::new(&format!("cargo bench{chosen}"))
}
