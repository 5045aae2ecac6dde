//! Running handlers, with parameters and frames.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use framebox_picture::Picture;
use framebox_sandbox::{
    Budget, Call, CallError, Component, Engine, Input, Instance, Limits, MemoryAccount, NamedValue, NoLog, Output,
    Settings, Setup, Sources,
};
use framebox_test_support::examples;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::guests::clips::Clips;

/// Far more than any of them needs, on any machine.
pub const PLENTY: Budget = Budget { time: Duration::from_secs(20), fuel: 20_000_000_000 };

/// Frames from which `background` learns.
pub const LESSONS: usize = 30;

/// Loads an example in Rust: the prebuilt component, or the one built from source.
pub fn load_example(name: &str) -> Component {
    let path = examples::rust(name).unwrap_or_else(|| panic!("{name} is not built; ask `have_example` first"));
    load(&std::fs::read(path).unwrap())
}

/// Whether the example is prebuilt or could be built; if not, the test is reported as skipped.
pub fn have_example(name: &str) -> bool {
    examples::rust(name).is_some()
}

/// The examples in Rust that are prebuilt or could be built.
pub fn available() -> impl Iterator<Item = &'static str> {
    examples::RUST.into_iter().filter(|name| have_example(name))
}

/// Loads a component; one that several tests load is compiled once, which takes seconds for large ones.
pub fn load(bytes: &[u8]) -> Component {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Settings::default()).unwrap());
    static LOADED: Mutex<BTreeMap<Vec<u8>, Arc<OnceLock<Component>>>> = Mutex::new(BTreeMap::new());
    let key = Sha256::digest(bytes).to_vec();
    let entry = LOADED.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
    entry.get_or_init(|| ENGINE.load(bytes).unwrap_or_else(|refused| panic!("{refused}"))).clone()
}

/// A handler in a session.
pub struct Running {
    component: Component,
    instance: Instance,
    sequence: u64,
}

impl Running {
    /// Starts `component` with its defaults, but for what is `given`: an object of parameters.
    pub fn new(component: &Component, given: &Value) -> Self {
        Self::granted(component, given, Clips)
    }

    /// The same, with the sources that it may open.
    pub fn granted(component: &Component, given: &Value, sources: impl Sources + 'static) -> Self {
        let mut parameters: Vec<_> = component
            .descriptor()
            .parameters
            .iter()
            .map(|parameter| NamedValue { id: parameter.id.clone(), value: parameter.default_value() })
            .collect();
        for changed in accepted(component, given) {
            parameters.iter_mut().find(|named| named.id == changed.id).unwrap().value = changed.value;
        }
        let limits = Limits { setup: PLENTY, ..Limits::default() };
        let (log, sources, account) = (Arc::new(NoLog), Arc::new(sources), MemoryAccount::unlimited());
        let setup = Setup { limits, parameters, log, sources, account };
        let instance = component.start(setup).unwrap_or_else(|failure| panic!("{failure}"));
        Self { component: component.clone(), instance, sequence: 0 }
    }

    /// Changes the parameters that are `given`.
    pub fn configure(&mut self, given: &Value) {
        self.try_configure(given).unwrap_or_else(|failure| panic!("{given}: {failure}"));
    }

    /// The same, where the handler may refuse.
    pub fn try_configure(&mut self, given: &Value) -> Result<(), CallError> {
        self.instance.configure(&accepted(&self.component, given))
    }

    /// Gives it as many frames of `picture` as it learns from, if it does.
    pub fn learn(&mut self, picture: &Arc<Picture>) {
        if self.component.descriptor().parameters.iter().any(|parameter| parameter.id == "reset") {
            (0..LESSONS).for_each(|_| drop(self.frame(picture)));
        }
    }

    /// What it makes of the next frame.
    pub fn frame(&mut self, picture: &Arc<Picture>) -> Output {
        self.call(picture).result.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Bytes of memory that it has.
    pub fn memory(&self) -> usize {
        self.instance.memory()
    }

    /// The picture that it makes of the next frame.
    pub fn picture(&mut self, picture: &Arc<Picture>) -> Arc<Picture> {
        self.frame(picture).picture.expect("a picture")
    }

    pub fn call(&mut self, picture: &Arc<Picture>) -> Call {
        self.call_within(picture, 0, PLENTY)
    }

    /// Gives it the next frame after `skipped` others, and a budget.
    pub fn call_within(&mut self, picture: &Arc<Picture>, skipped: u32, budget: Budget) -> Call {
        let sequence = self.sequence + u64::from(skipped);
        self.sequence = sequence + 1;
        let pts_us = 33_333 * sequence as i64;
        self.instance.process(Input { picture: picture.clone(), pts_us, sequence, skipped }, budget)
    }

    /// What a generator makes at `now`, µs.
    pub fn at(&mut self, now: i64) -> Output {
        self.tick(now).result.unwrap_or_else(|failure| panic!("at {now} µs: {failure}"))
    }

    pub fn tick(&mut self, now: i64) -> Call {
        self.tick_within(now, PLENTY)
    }

    pub fn tick_within(&mut self, now: i64, budget: Budget) -> Call {
        self.instance.next(now, budget)
    }
}

/// The picture that a fresh instance makes of its first frame.
pub fn once(name: &str, given: &Value, picture: &Arc<Picture>) -> Arc<Picture> {
    Running::new(&load_example(name), given).picture(picture)
}

/// Parameters, checked as the server checks them.
fn accepted(component: &Component, given: &Value) -> Vec<NamedValue> {
    let parameters = &component.descriptor().parameters;
    let given = given.as_object().expect("an object of parameters");
    given
        .iter()
        .map(|(id, value)| {
            let parameter = parameters.iter().find(|parameter| parameter.id == *id);
            let parameter = parameter.unwrap_or_else(|| panic!("there is no parameter {id}"));
            let value = parameter.accept(value).unwrap_or_else(|error| panic!("{id}: {error}"));
            NamedValue { id: id.clone(), value }
        })
        .collect()
}
