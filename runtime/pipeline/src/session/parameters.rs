//! Parameters: the values that hold, and those that wait to be applied between two frames.

use std::collections::BTreeMap;

use framebox_sandbox::{Descriptor, NamedValue, Value};
use serde::{Deserialize, Serialize};
use serde_json::Map;

/// Requests that may wait for their answers; of more, the oldest stay unanswered.
const MOST_REQUESTS: usize = 64;

/// Parameters that hold from a frame on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// Every parameter with the value that holds.
    pub parameters: Map<String, serde_json::Value>,
    /// The first frame to which they apply.
    pub sequence: u64,
    /// The requests that are answered.
    pub requests: Vec<u64>,
}

/// A parameter that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{id}: {problem}")]
pub struct ParameterError {
    /// Its id, as it was given.
    pub id: String,
    /// The problem, and what is allowed.
    pub problem: String,
}

/// Returns the values asked for that a handler does not accept.
pub fn wrong(descriptor: &Descriptor, asked: &Map<String, serde_json::Value>) -> Vec<ParameterError> {
    let problem = |(id, given): (&String, _)| {
        Some(ParameterError { id: id.clone(), problem: check(descriptor, id, given).err()? })
    };
    asked.iter().filter_map(problem).collect()
}

/// Returns every parameter at its default, as JSON.
pub fn defaults(descriptor: &Descriptor) -> Map<String, serde_json::Value> {
    Parameters::new(descriptor).json()
}

fn check(descriptor: &Descriptor, id: &str, given: &serde_json::Value) -> Result<Value, String> {
    let parameters = &descriptor.parameters;
    let parameter = parameters.iter().find(|parameter| parameter.id == id).ok_or_else(|| {
        let known: Vec<_> = parameters.iter().map(|parameter| parameter.id.as_str()).collect();
        match known.is_empty() {
            true => "this handler has no parameters".to_owned(),
            false => format!("this handler has no such parameter; it has {}", known.join(", ")),
        }
    })?;
    parameter.accept(given)
}

/// Changes on their way to the handler.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Changes {
    pub(crate) values: Vec<NamedValue>,
    pub(crate) requests: Vec<u64>,
}

/// The values that hold and those that wait; later ones replace earlier ones of the same id.
#[derive(Debug)]
pub(crate) struct Parameters {
    descriptor: Descriptor,
    current: BTreeMap<String, Value>,
    waiting: Changes,
}

impl Parameters {
    /// Every parameter at its default.
    pub(crate) fn new(descriptor: &Descriptor) -> Self {
        let current = descriptor.parameters.iter().map(|p| (p.id.clone(), p.default_value())).collect();
        Self { descriptor: descriptor.clone(), current, waiting: Changes::default() }
    }

    /// Checks the values asked for. When all are valid, they wait for the next moment between two frames; else the invalid ones
    /// are returned, and nothing changes.
    pub(crate) fn ask(&mut self, asked: &Map<String, serde_json::Value>, request: Option<u64>) -> Vec<ParameterError> {
        let (mut good, mut wrong) = (Vec::new(), Vec::new());
        for (id, given) in asked {
            match self.check(id, given) {
                Ok(value) => good.push(NamedValue { id: id.clone(), value }),
                Err(problem) => wrong.push(ParameterError { id: id.clone(), problem }),
            }
        }
        if !wrong.is_empty() {
            return wrong;
        }
        self.waiting.values.retain(|waiting| !asked.contains_key(&waiting.id));
        self.waiting.values.extend(good);
        if let Some(request) = request {
            if self.waiting.requests.len() == MOST_REQUESTS {
                self.waiting.requests.remove(0);
            }
            self.waiting.requests.push(request);
        }
        wrong
    }

    fn check(&self, id: &str, given: &serde_json::Value) -> Result<Value, String> {
        check(&self.descriptor, id, given)
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting != Changes::default()
    }

    /// Takes the changes that wait.
    pub(crate) fn take(&mut self) -> Changes {
        std::mem::take(&mut self.waiting)
    }

    /// The handler took `changes`: they hold from the frame `sequence` on.
    pub(crate) fn applied(&mut self, changes: Changes, sequence: u64) -> Applied {
        for NamedValue { id, value } in changes.values {
            // A button is an event: it has no value that holds.
            if self.descriptor.parameters.iter().any(|p| p.id == id && !p.is_event()) {
                self.current.insert(id, value);
            }
        }
        Applied { parameters: self.json(), sequence, requests: changes.requests }
    }

    /// Returns the values that hold, by their ids, as far as another handler accepts them; its other parameters have their
    /// defaults.
    pub(crate) fn carried(&self, descriptor: &Descriptor) -> Self {
        let mut to = Self::new(descriptor);
        for parameter in descriptor.parameters.iter().filter(|parameter| !parameter.is_event()) {
            if let Some(value) = self.current.get(&parameter.id)
                && let Ok(value) = parameter.accept(&value.to_json())
            {
                to.current.insert(parameter.id.clone(), value);
            }
        }
        to
    }

    /// Adds what has changed in `before` since these were [carried](Self::carried) over from it, and what waits there, as far
    /// as this handler accepts it.
    pub(crate) fn catch_up(&mut self, before: &mut Self) {
        let Changes { values: waiting, requests } = before.take();
        self.waiting.requests = requests;
        let mut changes = before.carried(&self.descriptor).current;
        changes.retain(|id, value| self.current.get(id) != Some(value));
        for NamedValue { id, value } in waiting {
            let parameter = self.descriptor.parameters.iter().find(|parameter| parameter.id == id);
            if let Some(value) = parameter.and_then(|parameter| parameter.accept(&value.to_json()).ok()) {
                changes.insert(id, value);
            }
        }
        self.waiting.values = changes.into_iter().map(|(id, value)| NamedValue { id, value }).collect();
    }

    /// Every parameter with the value that holds, for a new instance.
    pub(crate) fn all(&self) -> Vec<NamedValue> {
        let of = |id: &str| self.current.get(id).cloned();
        let parameters = self.descriptor.parameters.iter();
        parameters.filter_map(|p| Some(NamedValue { id: p.id.clone(), value: of(&p.id)? })).collect()
    }

    /// Every parameter with the value that holds, as JSON.
    pub(crate) fn json(&self) -> Map<String, serde_json::Value> {
        self.current.iter().map(|(id, value)| (id.clone(), value.to_json())).collect()
    }
}
