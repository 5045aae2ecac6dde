//! `framebox check` of good handlers, and of those that a server refuses.

use std::sync::atomic::{AtomicUsize, Ordering};

use framebox_sandbox::{Engine, Kind, Settings};

use crate::tools::{case, done, framebox, json, prebuilt, text};
use framebox_test_support::examples;
use framebox_test_support::scratch::Scratch;

#[test]
fn every_example_in_rust_passes() {
    for name in examples::RUST {
        let Some(path) = examples::rust(name) else { continue };
        let found = json(&done(&["check", path.to_str().unwrap(), "--json", "--frames", "5"]));
        assert_eq!(found["verdict"], "accepted", "{name}: {found}");
        let kind: Kind = serde_json::from_value(found["kind"].clone()).unwrap();
        let trials = found["trials"].as_array().unwrap();
        assert_eq!(trials.len(), if kind == Kind::Generator { 1 } else { 2 }, "{name}");
        for trial in trials {
            assert_eq!(trial["frames"], 5, "{name}: {trial}");
            assert!(
                trial["fuel"]["p50"].as_u64().unwrap() > 0 && trial["peak_memory"].as_u64().unwrap() > 0,
                "{trial}"
            );
            assert!(trial["width"].as_u64().unwrap() > 0, "{trial}");
        }
        assert!(found["functions"].as_u64().unwrap() > 10, "{name}");
        let bytes = std::fs::metadata(path).unwrap().len();
        assert_eq!(found["bytes"], bytes, "{name}");
    }
}

#[test]
fn the_report_is_for_people() {
    let text = done(&["check", &prebuilt("play"), "--frames", "5"]);
    for words in [
        "a generator; a server would accept it",
        "Play",
        "loop (on or off)",
        "opens granted videos",
        "reads the clock",
        "640x480",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = done(&["check", &prebuilt("watch"), "--frames", "5"]);
    for words in ["an observer", "writes to its log", "brightness (gauge)", "1280x720", "of memory", "compiled in"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn check_refuses_what_a_server_refuses_with_the_same_text() {
    let (scratch, engine) = (Scratch::new(), Engine::new(&Settings::default()).unwrap());
    let mut cases = framebox_test_components::cases();
    cases.retain(|(_, expected)| expected.stage == "load");
    assert!(cases.len() >= 10);
    for (name, expected) in cases {
        let refused = engine.load(&framebox_test_components::case(&name)).map(drop).unwrap_err().to_string();
        let file = case(&scratch, &name);
        let ended = framebox(&["check", &file]);
        assert_eq!(ended.code, 3, "{name}: {}{}", ended.out, ended.err);
        // A guest that spins is interrupted at its limit.
        assert_eq!(ended.err, format!("framebox: {refused}\n"), "{name}");
        assert!(ended.err.contains(&expected.says), "{name}: {}", ended.err);
        let found = json(&{
            let ended = framebox(&["check", &file, "--json"]);
            assert_eq!(ended.code, 3, "{name}");
            ended.out
        });
        assert_eq!((&found["verdict"], &found["why"]), (&"refused".into(), &refused.into()), "{name}");
    }
}

#[test]
fn other_files_are_refused_too() {
    let scratch = Scratch::new();
    let module = scratch.write("module.wasm", b"\0asm\x01\0\0\0");
    let large = scratch.path().join("large.wasm");
    std::fs::File::create(&large).unwrap().set_len(33 << 20).unwrap();
    for (file, code, words) in [
        (scratch.write("text.wasm", "text"), 3, "this is not WebAssembly"),
        (scratch.write("empty.wasm", ""), 3, "the file is empty"),
        (module, 3, "this is a core module, not a component"),
        (large, 3, "at most 33554432 are allowed"),
        (scratch.path().join("nowhere.wasm"), 2, "nowhere.wasm"),
        (scratch.path().to_owned(), 2, "is not a regular file"),
    ] {
        let ended = framebox(&["check", file.to_str().unwrap()]);
        assert_eq!(ended.code, code, "{}", ended.err);
        assert!(ended.err.contains(words), "{}", ended.err);
    }
}

#[test]
fn a_failed_trial_run_is_reported_and_counts() {
    let scratch = Scratch::new();
    for (name, words) in [
        ("trap", "the trial run at 640x480 failed at frame 0: the handler was stopped: "),
        ("spin", "the handler took longer than the 500 ms that it may take"),
        ("failed", "the trial run at 640x480 failed at frame 0: "),
        ("init-fails", "the handler could not be started: no licence"),
        ("trap-init", "the handler could not be started: the handler was stopped"),
    ] {
        let ended = framebox(&["check", &case(&scratch, name), "--frames", "5"]);
        assert_eq!(ended.code, 3, "{name}: {}{}", ended.out, ended.err);
        assert!(ended.err.contains(words), "{name}: {}", ended.err);
    }
}

#[test]
fn every_case_has_the_expected_outcome() {
    let scratch = Scratch::new();
    let mut cases = framebox_test_components::cases();
    // The outcome of the latter depends on the load of the machine.
    cases.retain(|(name, expected)| expected.stage != "load" && name != "uses-all-time");
    let most = cases.len() / 4;
    // Of cases that a busy machine stopped for time, which some of them nearly take, this says nothing.
    let late = AtomicUsize::new(0);
    let wrong = |name: &str, expected: &framebox_test_components::Expected| {
        let ended = framebox(&["check", &case(&scratch, name), "--frames", "1", "--json"]);
        let found = json(&ended.out);
        let outcome = match (found["verdict"].as_str().unwrap(), found["trials"][0]["finished"].as_str()) {
            ("accepted", Some(_)) => "finished",
            ("accepted", None) => "ok",
            _ => found["code"].as_str().unwrap_or("no code"),
        };
        let fits = expected.allows(outcome) || expected.later.as_deref() == Some(outcome);
        let code = if ["ok", "finished"].contains(&outcome) { 0 } else { 3 };
        let says = code == 0 || ended.err.contains(&expected.says);
        if !fits && outcome == "time" {
            late.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        (!fits || !says || ended.code != code)
            .then(|| format!("{name} came to {outcome}, code {}: {}", ended.code, ended.err))
    };
    let cases = std::sync::Mutex::new(cases.into_iter());
    let mut all = vec![];
    std::thread::scope(|scope| {
        let work = || {
            let next = || cases.lock().unwrap().next();
            std::iter::from_fn(next).filter_map(|(name, expected)| wrong(&name, &expected)).collect::<Vec<_>>()
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        all.extend(threads.into_iter().flat_map(|thread| thread.join().unwrap()));
    });
    assert!(all.is_empty(), "{all:#?}");
    let late = late.into_inner();
    assert!(late <= most, "{late} cases were late");
}

#[test]
fn warnings_are_errors_only_with_strict() {
    let scratch = Scratch::new();
    let Some(slow) = examples::rust("slow-flip").map(text) else { return };
    let arguments = ["check", &slow, "--set", "work-ms=60", "--frames", "5"];
    let text = done(&arguments);
    assert!(text.contains("warning: slower than 30 frames per second at 640x480"), "{text}");
    let strict = framebox(&[&arguments[..], &["--strict"]].concat());
    assert_eq!(strict.code, 3, "{}", strict.out);
    assert!(strict.err.contains("--strict"), "{}", strict.err);
    done(&["check", &slow, "--set", "work-ms=0", "--frames", "5", "--strict"]);

    // More frames than its memory suffices for: a server would replace the instance in time.
    let text = done(&["check", &case(&scratch, "leaks"), "--frames", "150"]);
    assert!(text.contains("the memory grows"), "{text}");
}
