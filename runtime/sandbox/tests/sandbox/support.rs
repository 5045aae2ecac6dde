//! Engines, components and pictures for the tests.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use framebox_picture::{Picture, Size};
use framebox_sandbox::{
    Budget, CallError, Component, Engine, Input, Instance, Level, Limits, Log, MemoryAccount, NoLog, NoSources,
    Settings, Setup, Sources,
};

pub const SIZE: Size = Size::new(64, 48);
/// Enough for everything that ends by itself.
pub const PLENTY: Budget = Budget { time: Duration::from_secs(20), fuel: 100_000_000_000 };

pub fn engine() -> &'static Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Settings::default()).unwrap());
    &ENGINE
}

pub fn case(name: &str) -> Component {
    load(&framebox_test_components::case(name))
}

pub fn load(bytes: &[u8]) -> Component {
    engine().load(bytes).unwrap_or_else(|error| panic!("{error}"))
}

/// A transform whose core module has `fields` and runs `body` with `$frame` and `$output` for each frame.
pub fn transform(fields: &str, body: &str) -> Component {
    load(&framebox_test_components::component(
        &format!(
            r#"{fields}
            (func (export "framebox:video/transform@0.1.0#process")
              (param $frame i32) (param $output i32) (param $time i32) (param $fuel i64) (result i32)
              {body}
              (call $return (local.get $frame) (local.get $output)))"#
        ),
        "test-handler",
    ))
}

pub fn setup() -> Setup {
    let limits = Limits { setup: PLENTY, ..Limits::default() };
    Setup {
        limits,
        parameters: Vec::new(),
        log: Arc::new(NoLog),
        sources: Arc::new(NoSources),
        account: MemoryAccount::default(),
    }
}

pub fn start(component: &Component) -> Instance {
    component.start(setup()).unwrap()
}

pub fn start_within(component: &Component, limits: Limits) -> Result<Instance, CallError> {
    component.start(Setup { limits, ..setup() })
}

pub fn start_logged(component: &Component, limits: Limits) -> (Instance, Arc<Lines>) {
    let lines = Arc::new(Lines::default());
    let instance = component.start(Setup { limits, log: lines.clone(), ..setup() }).unwrap();
    (instance, lines)
}

pub fn start_with(component: &Component, sources: impl Sources + 'static) -> Instance {
    component.start(Setup { sources: Arc::new(sources), ..setup() }).unwrap()
}

/// A picture whose adjacent rows and columns differ.
pub fn picture(size: Size) -> Arc<Picture> {
    let mut picture = Picture::black(size).unwrap();
    for (index, byte) in picture.bytes_mut().iter_mut().enumerate() {
        *byte = 16 + (index * 7 + index / 64 * 13) as u8 % 200;
    }
    Arc::new(picture)
}

pub fn input() -> Input {
    frame(picture(SIZE))
}

pub fn frame(picture: Arc<Picture>) -> Input {
    Input { picture, pts_us: 40_000, sequence: 7, skipped: 2 }
}

/// Records log lines.
#[derive(Default)]
pub struct Lines(Mutex<Vec<(Level, String)>>);

impl Lines {
    pub fn all(&self) -> Vec<(Level, String)> {
        self.0.lock().unwrap().clone()
    }
}

impl Log for Lines {
    fn line(&self, level: Level, message: &str) {
        self.0.lock().unwrap().push((level, message.to_owned()));
    }
}
