//! Every handler in memory, and which version a session gets.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use framebox_sandbox::Digest;
use tokio::sync::watch;

use super::binding::{Binding, Selection};
use super::error::Error;
use super::name::{Selector, VersionSelector};
use super::store::{Canary, Component, Handler};
use super::version::Version;

/// Every handler.
#[derive(Default)]
pub struct Index {
    /// Handlers by name.
    pub handlers: BTreeMap<String, IndexEntry>,
    /// Names of built-in and configured handlers, in the order in which the API lists them.
    pub fixed: Vec<String>,
    /// Uploads that a built-in or configured handler of the same name hides.
    pub hidden: Vec<HiddenVersion>,
    /// Components by digest.
    pub components: HashMap<Digest, Component>,
}

/// A version of a handler that a built-in or configured one of the same name hides.
pub struct HiddenVersion {
    /// The handler's name.
    pub name: String,
    /// The component.
    pub digest: Digest,
    /// Key of the principal that uploaded it.
    pub uploaded_by: Option<String>,
}

impl Index {
    /// Returns the handler `name`.
    pub fn get(&self, name: &str) -> Result<&IndexEntry, Error> {
        self.handlers.get(name).ok_or_else(|| Error::NoHandler(name.to_owned()))
    }

    /// Returns the handler `name` if it may be changed.
    pub fn get_changeable(&self, name: &str) -> Result<&IndexEntry, Error> {
        if self.is_fixed(name) {
            return Err(Error::Fixed(name.to_owned()));
        }
        self.get(name)
    }

    /// Reports whether a handler of this name is built in or configured.
    pub fn is_fixed(&self, name: &str) -> bool {
        self.fixed.iter().any(|fixed| fixed == name)
    }

    /// Selects the version that a session gets.
    pub fn select(&mut self, selector: &Selector<'_>) -> Result<(Arc<Version>, Binding), Error> {
        let missing = || Error::NoHandler(selector.name.to_owned());
        self.handlers.get_mut(selector.name).ok_or_else(missing)?.select(selector)
    }

    /// Lists the active version of every handler, built-in and configured ones first.
    pub fn list(&self) -> Vec<Arc<Version>> {
        let uploaded = self.handlers.keys().filter(|name| !self.is_fixed(name));
        let names = self.fixed.iter().chain(uploaded);
        names.filter_map(|name| self.handlers.get(name)?.active().cloned()).collect()
    }

    /// Reports whether a version of any handler is this component.
    pub fn uses(&self, digest: &Digest) -> bool {
        let mut versions = self.handlers.values().flat_map(|entry| entry.versions.values());
        versions.any(|version| version.digest == *digest) || self.hidden.iter().any(|hidden| hidden.digest == *digest)
    }
}

/// A handler and its versions.
#[derive(Default)]
pub struct IndexEntry {
    /// The handler's record.
    pub handler: Handler,
    /// Versions by number.
    pub versions: BTreeMap<u64, Arc<Version>>,
    /// Grows by the canary's share with each session; at 1 a session gets the canary.
    turn: f64,
    selection: Option<watch::Sender<Selection>>,
}

impl IndexEntry {
    /// Creates an entry whose versions are not on probation.
    pub fn new(handler: Handler, versions: BTreeMap<u64, Arc<Version>>) -> Self {
        let mut entry = Self { handler, versions, turn: 0.0, selection: None };
        entry.publish_selection();
        entry
    }

    /// The active version.
    pub fn active(&self) -> Option<&Arc<Version>> {
        self.versions.get(&self.handler.active?)
    }

    /// Replaces the record and publishes the selection. A version that becomes active or the canary is on probation if
    /// there is a version to roll back to.
    pub fn set(&mut self, handler: Handler) {
        let before = std::mem::replace(&mut self.handler, handler);
        if before.canary != self.handler.canary {
            self.turn = 0.0;
        }
        let canary = |handler: &Handler| handler.canary.map(|canary| canary.version);
        let can_roll_back = self.handler.previous.is_some_and(|previous| self.versions.contains_key(&previous));
        let active = self.handler.active.filter(|active| before.active != Some(*active) && can_roll_back);
        let canary = canary(&self.handler).filter(|number| canary(&before) != Some(*number));
        for number in active.into_iter().chain(canary) {
            if let Some(version) = self.versions.get(&number) {
                version.probation().begin();
            }
        }
        self.publish_selection();
    }

    /// Follows the selection; `None` while no version is active.
    pub fn watch(&self) -> Option<watch::Receiver<Selection>> {
        self.selection.as_ref().map(watch::Sender::subscribe)
    }

    fn publish_selection(&mut self) {
        let Some(active) = self.active().cloned() else { return };
        let canary = self.handler.canary.map(|canary| canary.version);
        match &self.selection {
            Some(sender) => {
                sender.send_if_modified(|selection| {
                    let changed = selection.active.number != active.number || selection.canary != canary;
                    *selection = Selection { active, canary };
                    changed
                });
            }
            None => self.selection = Some(watch::Sender::new(Selection { active, canary })),
        }
    }

    fn select(&mut self, selector: &Selector<'_>) -> Result<(Arc<Version>, Binding), Error> {
        let missing = |version: String| Error::NoVersion { name: selector.name.to_owned(), version };
        match &selector.version {
            VersionSelector::Active => {
                if let Some(canary) = self.handler.canary
                    && let Some(version) = self.versions.get(&canary.version)
                    && takes_canary(&mut self.turn, canary)
                {
                    return Ok((version.clone(), Binding::Canary));
                }
                let active = self.active().ok_or_else(|| Error::NoneActive(selector.name.to_owned()))?;
                Ok((active.clone(), Binding::Active))
            }
            VersionSelector::Number(number) => {
                let version = self.versions.get(number).ok_or_else(|| missing(number.to_string()))?;
                Ok((version.clone(), Binding::Pinned))
            }
            VersionSelector::Digest(digits) => {
                let mut found = self.versions.values().filter(|version| version.digest.hex().starts_with(digits)).rev();
                let latest = found.next().ok_or_else(|| missing(format!("sha256:{digits}")))?;
                // Several versions may be the same component with other limits.
                match found.all(|version| version.digest == latest.digest) {
                    true => Ok((latest.clone(), Binding::Pinned)),
                    false => Err(missing(format!("sha256:{digits}"))),
                }
            }
        }
    }
}

/// Decides whether the next session gets the canary: exactly its share does, evenly spread.
fn takes_canary(turn: &mut f64, canary: Canary) -> bool {
    *turn += canary.share;
    let takes = *turn >= 1.0 - 1e-9;
    if takes {
        *turn -= 1.0;
    }
    takes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_gets_its_share() {
        for (share, of) in [(0.1, 10), (0.25, 25), (1.0, 100), (0.0, 0), (0.333, 33)] {
            let mut turn = 0.0;
            let count = (0..100).filter(|_| takes_canary(&mut turn, Canary { version: 1, share })).count();
            assert_eq!(count, of, "{share}");
        }
    }
}
