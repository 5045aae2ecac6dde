//! Replays the corpora: every input that was worth keeping, and every one that found something.

use std::path::Path;

use framebox_fuzz::TARGETS;

/// Size of all inputs of a target at most, bytes: a corpus is a start for the fuzzer, not its harvest.
const MAX_CORPUS: usize = 256 << 10;

/// One test for all targets: what is allocated is counted for the whole process.
#[test]
fn what_must_hold_of_any_input_holds_of_the_corpora() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{name} has no inputs");
        let mut total = 0;
        for file in files {
            let input = std::fs::read(&file).unwrap();
            total += input.len();
            println!("{}", file.display());
            target(&input);
        }
        assert!(total <= MAX_CORPUS, "{name}: {total} bytes; `cargo xtask fuzz --merge` keeps fewer");
        target(&[]);
    }
}

#[test]
fn each_target_is_a_program() {
    let manifest = include_str!("../Cargo.toml");
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"fuzz-{name}\"")), "{name}");
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fuzz_targets/{name}.rs")).is_file(), "{name}");
    }
}
