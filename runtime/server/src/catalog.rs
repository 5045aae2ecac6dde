//! The handlers that this server offers: the built-in ones and those of the configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use framebox_sandbox::{Allowance, Component, Engine, Kind};
use serde_json::{Value, json};

use crate::config::Handler;

/// Prebuilt components of `guest-examples`.
const BUILT_IN: [(&str, &[u8]); 10] = [
    ("invert", include_bytes!("../../../guest-examples/prebuilt/invert.wasm")),
    ("flip", include_bytes!("../../../guest-examples/prebuilt/flip.wasm")),
    ("edges", include_bytes!("../../../guest-examples/prebuilt/edges.wasm")),
    ("pixelate", include_bytes!("../../../guest-examples/prebuilt/pixelate.wasm")),
    ("motion", include_bytes!("../../../guest-examples/prebuilt/motion.wasm")),
    ("hello", include_bytes!("../../../guest-examples/prebuilt/hello.wasm")),
    ("background", include_bytes!("../../../guest-examples/prebuilt/background.wasm")),
    ("qr", include_bytes!("../../../guest-examples/prebuilt/qr.wasm")),
    ("timestamp", include_bytes!("../../../guest-examples/prebuilt/timestamp.wasm")),
    ("slow-flip", include_bytes!("../../../guest-examples/prebuilt/slow-flip.wasm")),
];

/// One handler.
#[derive(Clone)]
pub struct Entry {
    /// The compiled component.
    pub component: Component,
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
    /// Loads the built-in handlers and `configured`, which replace built-in ones of the same name.
    ///
    /// # Errors
    /// When a component cannot be read or is refused, or `default` names none.
    pub fn load(
        engine: &Engine,
        configured: &BTreeMap<String, Handler>,
        default: Option<String>,
    ) -> anyhow::Result<Self> {
        let mut catalog =
            Self { entries: BTreeMap::new(), order: Vec::new(), default: default.unwrap_or_else(|| "invert".into()) };
        for (name, bytes) in BUILT_IN {
            if !configured.contains_key(name) {
                catalog.add(engine, name, bytes, true)?;
            }
        }
        for (name, handler) in configured {
            let bytes = read(&handler.component).with_context(|| format!("handler {name}"))?;
            catalog.add(engine, name, &bytes, false)?;
        }
        ensure!(
            catalog.entries.contains_key(&catalog.default),
            "there is no handler {} to be the default; there are {}",
            catalog.default,
            catalog.order.join(", ")
        );
        Ok(catalog)
    }

    fn add(&mut self, engine: &Engine, name: &str, bytes: &[u8], built_in: bool) -> anyhow::Result<()> {
        let fits = name.len() <= 64
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b));
        ensure!(fits && !name.is_empty(), "the handler name {name:?} is wrong: use a–z, 0–9, - and _, at most 64");
        let begin = Instant::now();
        let component = engine.load(bytes).with_context(|| format!("the handler {name} cannot be loaded"))?;
        ensure!(
            component.kind() != Kind::Generator,
            "the handler {name} is a generator, which this version does not serve"
        );
        tracing::info!(handler = name, ms = begin.elapsed().as_millis(), "loaded");
        self.entries.insert(name.to_owned(), Entry { component, built_in });
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
