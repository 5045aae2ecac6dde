use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use framebox_picture::Picture;
use framebox_sandbox::{Budget, CallError, Kind, NoSources, Source, SourceFrame, Sources};
use serde_json::{Value, json};

use crate::guests::clips::{Clips, LENGTH, other, picture};
use crate::guests::handler::{PLENTY, Running, have_example, load_example};

/// The handlers that play a source in the same way.
fn players() -> impl Iterator<Item = &'static str> {
    ["play", "play-fps"].into_iter().filter(|name| have_example(name))
}

fn start(name: &str, given: Value) -> Running {
    Running::new(&load_example(name), &given)
}

fn shown(running: &mut Running, now: i64) -> Arc<Picture> {
    running.at(now).picture.expect("a picture")
}

fn failed(running: &mut Running, now: i64) -> String {
    match running.tick(now).result {
        Err(CallError::Failed(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_is_a_generator_of_any_rate() {
    let component = load_example("play");
    assert_eq!(component.kind(), Kind::Generator);
    assert_eq!(component.descriptor().fps, None);
}

#[test]
fn a_video_keeps_its_own_speed_at_any_rate() {
    for name in players() {
        for rate in [5, 25, 30, 60, 120] {
            let mut running = start(name, json!({}));
            for now in (0..rate * 2).map(|frame| frame * 1_000_000 / rate) {
                let due = picture(now / 40_000 % LENGTH);
                assert!(Arc::ptr_eq(&shown(&mut running, now), &due), "{name} at {rate} fps: at {now} µs, or a copy");
            }
        }
    }
}

#[test]
fn it_begins_with_the_first_picture_whenever_that_is() {
    let mut running = start("play", json!({}));
    assert!(*shown(&mut running, 1_000_000_000) == *picture(0));
    assert!(*shown(&mut running, 1_000_080_000) == *picture(2));
}

#[test]
fn a_source_that_cannot_seek_is_opened_again() {
    let mut running = start("play", json!({ "source": "fixed" }));
    for frame in 0..5 * LENGTH {
        assert!(*shown(&mut running, frame * 40_000) == *picture(frame % LENGTH), "picture {frame}");
    }
}

#[test]
fn without_a_loop_it_finishes() {
    let mut running = start("play", json!({ "loop": false }));
    running.at(0);
    assert!(*shown(&mut running, 399_999) == *picture(9), "the last picture has its time, too");
    match running.tick(400_000).result {
        Err(CallError::Finished(why)) => assert_eq!(why, "clip has ended"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_loop_can_be_ended_and_begun() {
    let mut running = start("play", json!({ "loop": false }));
    running.at(0);
    running.configure(&json!({ "loop": true }));
    assert!(*shown(&mut running, 480_000) == *picture(2));
    running.configure(&json!({ "loop": false }));
    assert!(*shown(&mut running, 760_000) == *picture(9));
    assert!(matches!(running.tick(800_000).result, Err(CallError::Finished(_))));
}

#[test]
fn speed_changes_without_a_jump() {
    let mut running = start("play", json!({ "speed": 2 }));
    running.at(0);
    assert!(*shown(&mut running, 60_000) == *picture(3));
    running.configure(&json!({ "speed": 0.5 }));
    assert!(*shown(&mut running, 60_000) == *picture(3));
    assert!(*shown(&mut running, 220_000) == *picture(5));
}

/// Grants nothing, and counts who asks.
#[derive(Clone, Default)]
struct Nothing(Arc<AtomicUsize>);

impl Sources for Nothing {
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String> {
        self.0.fetch_add(1, Ordering::SeqCst);
        NoSources.open(name)
    }
}

#[test]
fn a_missing_grant_says_what_to_configure() {
    for name in players() {
        let asked = Nothing::default();
        let mut running = Running::granted(&load_example(name), &json!({}), asked.clone());
        for now in (0..60).map(|frame| frame * 16_667) {
            let why = failed(&mut running, now);
            for part in ["\"clip\"", "[sources.clip]", "file", "handlers"] {
                assert!(why.contains(part), "{part} is not in {why:?}");
            }
        }
        assert_eq!(asked.0.load(Ordering::SeqCst), 1, "it is not asked for with every frame");
        failed(&mut running, 1_000_000);
        assert_eq!(asked.0.load(Ordering::SeqCst), 2, "but now and then");
    }
}

#[test]
fn another_source_begins_at_its_beginning() {
    let mut running = start("play", json!({}));
    running.at(0);
    assert!(*shown(&mut running, 120_000) == *picture(3));
    running.configure(&json!({ "source": "other" }));
    assert!(*shown(&mut running, 160_000) == *other(0));
    assert!(*shown(&mut running, 200_000) == *other(1));
}

#[test]
fn while_one_plays_a_wrong_one_is_refused() {
    let mut running = start("play", json!({}));
    running.at(0);
    match running.try_configure(&json!({ "source": "nowhere" })) {
        Err(CallError::Failed(why)) => assert!(why.contains("[sources.nowhere]"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert!(*shown(&mut running, 40_000) == *picture(1), "the old one plays on");
}

#[test]
fn after_a_wrong_name_comes_the_right_one() {
    let mut running = start("play", json!({ "source": "nowhere" }));
    failed(&mut running, 0);
    running.configure(&json!({ "source": "clip" }));
    assert!(*shown(&mut running, 16_667) == *picture(0), "at once");
}

#[test]
fn one_picture_stands() {
    let mut running = start("play", json!({ "source": "still" }));
    for now in [0, 16_667, 1_000_000, 5_500_000, 3_600_000_000] {
        assert!(*shown(&mut running, now) == *picture(0));
    }
}

#[test]
fn no_picture_and_a_broken_file_are_told() {
    assert!(failed(&mut start("play", json!({ "source": "empty" })), 0).contains("empty contains no picture"));
    let mut torn = start("play", json!({ "source": "torn" }));
    torn.at(0);
    assert!(*shown(&mut torn, 40_000) == *picture(1));
    assert!(failed(&mut torn, 200_000).contains("the file is broken"));
}

#[test]
fn what_is_slow_to_read_falls_behind() {
    // Sixteen seconds of video are due; to read them takes longer than the call may.
    let budget = Budget { time: Duration::from_millis(800), ..PLENTY };
    let mut running = start("play", json!({ "source": "heavy", "speed": 4 }));
    running.at(0);
    let far = running.tick_within(4_000_000, budget);
    let far = far.result.unwrap().picture.unwrap();
    let reached = (0..LENGTH).find(|place| *picture(*place) == *far).unwrap();
    // From there it goes on at its speed.
    for frame in 1..5 {
        let next = running.tick_within(4_000_000 + frame * 10_000, budget).result.unwrap().picture.unwrap();
        assert!(*next == *picture(reached + frame), "{frame} after picture {reached}");
    }
}

#[test]
fn after_a_pause_it_goes_on_where_it_was() {
    let mut running = start("play", json!({}));
    running.at(0);
    running.at(120_000);
    assert!(*shown(&mut running, 86_400_000_000) == *picture(3));
    assert!(*shown(&mut running, 86_400_040_000) == *picture(4));
}

/// Keeps how many sources are open.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<Vec<std::sync::Weak<()>>>>);

struct Kept(Box<dyn Source>, #[expect(dead_code, reason = "lives as long as the source")] Arc<()>);

impl Sources for Counted {
    fn open(&self, name: &str) -> Result<Box<dyn Source>, String> {
        let life = Arc::new(());
        self.0.lock().unwrap().push(Arc::downgrade(&life));
        Ok(Box::new(Kept(Clips.open(name)?, life)))
    }
}

impl Source for Kept {
    fn info(&self) -> framebox_sandbox::SourceInfo {
        self.0.info()
    }

    fn memory(&self) -> usize {
        self.0.memory()
    }

    fn next(&mut self) -> Result<Option<SourceFrame>, String> {
        self.0.next()
    }

    fn seek(&mut self, pts_us: i64) -> Result<(), String> {
        self.0.seek(pts_us)
    }
}

#[test]
fn sources_are_closed_again() {
    let counted = Counted::default();
    let open = || counted.0.lock().unwrap().iter().filter(|life| life.strong_count() > 0).count();
    let mut running = Running::granted(&load_example("play"), &json!({ "source": "fixed" }), counted.clone());
    // Far more often than sources and frames may be held.
    for frame in 0..40 * LENGTH {
        running.at(frame * 40_000);
        assert_eq!(open(), 1);
    }
    for name in ["clip", "other", "slow"] {
        running.configure(&json!({ "source": name }));
        assert_eq!(open(), 1);
    }
}
