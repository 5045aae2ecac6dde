//! The handlers that this server offers: the built-in ones and those of the configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use framebox_pipeline::{Budgets, Policy};
use framebox_sandbox::{Allowance, Component, Engine, Kind, Limits};
use serde_json::{Value, json};

use crate::config::Config;

macro_rules! prebuilt {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../guest-examples/prebuilt/", $name, ".wasm")))),*]
    };
}

/// Prebuilt components of `guest-examples`, in the order in which they are shown.
const BUILT_IN: &[(&str, &[u8])] = prebuilt![
    "invert",
    "flip",
    "edges",
    "pixelate",
    "motion",
    "detect",
    "background",
    "qr",
    "timestamp",
    "slow-flip",
    "plasma",
    "play",
    "play-fps",
    "watch",
    "knobs",
    "hello",
];

/// One handler.
#[derive(Clone)]
pub struct Entry {
    /// The compiled component.
    pub component: Component,
    /// What an instance of it may use.
    pub limits: Limits,
    /// What a session of it may use beyond a call.
    pub budgets: Budgets,
    /// Of sessions whose offer names none.
    pub policy: Policy,
    /// Comes with the program.
    pub built_in: bool,
}

/// Handlers by name.
pub struct Catalog {
    entries: BTreeMap<String, Entry>,
    /// Names in the order in which they are shown.
    order: Vec<String>,
    default: String,
}

impl Catalog {
    /// Loads the built-in handlers and those of the configuration, which replace built-in ones of the same name.
    ///
    /// # Errors
    /// When a component cannot be read or is refused, or `default` names none.
    pub fn load(engine: &Engine, config: &Config) -> anyhow::Result<Self> {
        let default = config.server.default_handler.clone();
        let mut catalog =
            Self { entries: BTreeMap::new(), order: Vec::new(), default: default.unwrap_or_else(|| "invert".into()) };
        for (name, bytes) in BUILT_IN {
            if config.handlers.get(*name).is_none_or(|handler| handler.component.is_none()) {
                catalog.add(engine, name, bytes, config, true)?;
            }
        }
        for (name, handler) in &config.handlers {
            match &handler.component {
                Some(file) => {
                    let bytes = read(file).with_context(|| format!("handler {name}"))?;
                    catalog.add(engine, name, &bytes, config, false)?;
                }
                None => ensure!(
                    catalog.entries.contains_key(name),
                    "handlers.{name} names no `component`, and no handler of that name is built in"
                ),
            }
        }
        ensure!(
            catalog.entries.contains_key(&catalog.default),
            "there is no handler {} to be the default; there are {}",
            catalog.default,
            catalog.order.join(", ")
        );
        Ok(catalog)
    }

    fn add(
        &mut self,
        engine: &Engine,
        name: &str,
        bytes: &[u8],
        config: &Config,
        built_in: bool,
    ) -> anyhow::Result<()> {
        let fits = name.len() <= 64
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b));
        ensure!(fits && !name.is_empty(), "the handler name {name:?} is wrong: use a–z, 0–9, - and _, at most 64");
        let begin = Instant::now();
        let component = engine.load(bytes).with_context(|| format!("the handler {name} cannot be loaded"))?;
        tracing::info!(handler = name, ms = begin.elapsed().as_millis(), "loaded");
        let (limits, budgets, policy) = (config.limits(name), config.budgets(name), config.policy(name));
        self.entries.insert(name.to_owned(), Entry { component, limits, budgets, policy, built_in });
        self.order.push(name.to_owned());
        Ok(())
    }

    /// The handler `name`, or the default one.
    pub fn find(&self, name: Option<&str>) -> Option<(&str, &Entry)> {
        self.entries.get_key_value(name.unwrap_or(&self.default)).map(|(name, entry)| (name.as_str(), entry))
    }

    /// Every handler, as the API shows it.
    pub fn json(&self) -> Value {
        let handlers: Vec<_> =
            self.order.iter().filter_map(|name| Some(handler_json(name, self.entries.get(name)?))).collect();
        json!({ "handlers": handlers, "default": self.default })
    }
}

/// A handler as the API shows it: its descriptor with name, kind and digest.
pub fn handler_json(name: &str, entry: &Entry) -> Value {
    let component = &entry.component;
    let kind = match component.kind() {
        Kind::Transform => "transform",
        Kind::Generator => "generator",
        Kind::Observer => "observer",
    };
    let mut json = serde_json::to_value(component.descriptor()).unwrap_or_else(|_| json!({}));
    json["name"] = name.into();
    json["kind"] = kind.into();
    json["digest"] = component.digest().to_string().into();
    json["builtin"] = entry.built_in.into();
    json
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read the component {}", path.display());
    let largest = Allowance::default().bytes as u64;
    let bytes = std::fs::metadata(path).with_context(cannot)?.len();
    ensure!(bytes <= largest, "the component {} has {bytes} bytes; at most {largest} are allowed", path.display());
    std::fs::read(path).with_context(cannot)
}
