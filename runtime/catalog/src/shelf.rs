//! Who is there: handlers, their versions, and which of these a session gets.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use framebox_sandbox::Digest;
use tokio::sync::watch;

use super::error::Error;
use super::name::{Wanted, Which};
use super::store::{Canary, Component, Handler};
use super::version::{Chosen, Follows, Version};

/// Every handler, in memory.
#[derive(Default)]
pub struct Shelf {
    pub handlers: BTreeMap<String, Place>,
    /// What comes with the program or its configuration, in the order in which it is shown.
    pub fixed: Vec<String>,
    /// Components of uploads that are hidden by a fixed handler of their name.
    pub hidden: HashSet<Digest>,
    /// What components are.
    pub components: HashMap<Digest, Component>,
}

/// One handler.
#[derive(Default)]
pub struct Place {
    pub handler: Handler,
    pub versions: BTreeMap<u64, Arc<Version>>,
    /// Grows by its share with each session; at 1 the canary has its turn.
    turn: f64,
    changes: Option<watch::Sender<Chosen>>,
}

impl Place {
    pub fn new(handler: Handler, versions: BTreeMap<u64, Arc<Version>>) -> Self {
        let mut place = Self { handler, versions, turn: 0.0, changes: None };
        place.tell();
        place
    }

    /// The version that sessions get.
    pub fn active(&self) -> Option<&Arc<Version>> {
        self.versions.get(&self.handler.active?)
    }

    /// Sets what holds of the handler, and tells of what is chosen. What is chosen anew is on trial, as long as there is
    /// something to go back to.
    pub fn set(&mut self, handler: Handler) {
        let before = std::mem::replace(&mut self.handler, handler);
        if before.canary != self.handler.canary {
            self.turn = 0.0;
        }
        let canary = |handler: &Handler| handler.canary.map(|canary| canary.version);
        let to_go_back_to = self.handler.previous.is_some_and(|previous| self.versions.contains_key(&previous));
        let active = self.handler.active.filter(|active| before.active != Some(*active) && to_go_back_to);
        let canary = canary(&self.handler).filter(|number| canary(&before) != Some(*number));
        for number in active.into_iter().chain(canary) {
            if let Some(version) = self.versions.get(&number) {
                version.trial().begin();
            }
        }
        self.tell();
    }

    fn tell(&mut self) {
        let Some(active) = self.active().cloned() else { return };
        let canary = self.handler.canary.map(|canary| canary.version);
        match &self.changes {
            Some(changes) => {
                changes.send_if_modified(|chosen| {
                    let changed = chosen.active.number != active.number || chosen.canary != canary;
                    *chosen = Chosen { active, canary };
                    changed
                });
            }
            None => self.changes = Some(watch::Sender::new(Chosen { active, canary })),
        }
    }

    /// Tells of what is chosen. None: nothing is yet.
    pub fn watch(&self) -> Option<watch::Receiver<Chosen>> {
        self.changes.as_ref().map(watch::Sender::subscribe)
    }

    /// The version that a session gets.
    fn choose(&mut self, wanted: &Wanted<'_>) -> Result<(Arc<Version>, Follows), Error> {
        let missing = |version: String| Error::NoVersion { name: wanted.name.to_owned(), version };
        match &wanted.which {
            Which::Active => {
                if let Some(canary) = self.handler.canary
                    && let Some(version) = self.versions.get(&canary.version)
                    && is_turn(&mut self.turn, canary)
                {
                    return Ok((version.clone(), Follows::Canary));
                }
                let active = self.active().ok_or_else(|| Error::NoneActive(wanted.name.to_owned()))?;
                Ok((active.clone(), Follows::Active))
            }
            Which::Number(number) => {
                let version = self.versions.get(number).ok_or_else(|| missing(number.to_string()))?;
                Ok((version.clone(), Follows::Pinned))
            }
            Which::Digest(digits) => {
                let mut found = self.versions.values().filter(|version| version.digest.hex().starts_with(digits)).rev();
                let latest = found.next().ok_or_else(|| missing(format!("sha256:{digits}")))?;
                // The same component may be there with other limits.
                match found.all(|version| version.digest == latest.digest) {
                    true => Ok((latest.clone(), Follows::Pinned)),
                    false => Err(missing(format!("sha256:{digits}"))),
                }
            }
        }
    }
}

/// Whether this session is one of the canary's: exactly its share of them are, evenly spread.
fn is_turn(turn: &mut f64, canary: Canary) -> bool {
    *turn += canary.share;
    let its = *turn >= 1.0 - 1e-9;
    if its {
        *turn -= 1.0;
    }
    its
}

impl Shelf {
    /// The handler `name`.
    pub fn place(&self, name: &str) -> Result<&Place, Error> {
        self.handlers.get(name).ok_or_else(|| Error::NoHandler(name.to_owned()))
    }

    /// The handler `name`, which may be changed.
    pub fn changeable(&self, name: &str) -> Result<&Place, Error> {
        if self.is_fixed(name) {
            return Err(Error::Fixed(name.to_owned()));
        }
        self.place(name)
    }

    /// True for what comes with the program or its configuration.
    pub fn is_fixed(&self, name: &str) -> bool {
        self.fixed.iter().any(|fixed| fixed == name)
    }

    /// The version that a session gets.
    pub fn choose(&mut self, wanted: &Wanted<'_>) -> Result<(Arc<Version>, Follows), Error> {
        let place = self.handlers.get_mut(wanted.name).ok_or_else(|| Error::NoHandler(wanted.name.to_owned()))?;
        place.choose(wanted)
    }

    /// The active version of every handler, in the order in which they are shown.
    pub fn shown(&self) -> Vec<Arc<Version>> {
        let uploaded = self.handlers.keys().filter(|name| !self.is_fixed(name));
        let names = self.fixed.iter().chain(uploaded);
        names.filter_map(|name| self.handlers.get(name)?.active().cloned()).collect()
    }

    /// True when a version of any handler is this component.
    pub fn uses(&self, digest: &Digest) -> bool {
        let mut versions = self.handlers.values().flat_map(|place| place.versions.values());
        versions.any(|version| version.digest == *digest) || self.hidden.contains(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_has_its_share() {
        for (share, of) in [(0.1, 10), (0.25, 25), (1.0, 100), (0.0, 0), (0.333, 33)] {
            let mut turn = 0.0;
            let its = (0..100).filter(|_| is_turn(&mut turn, Canary { version: 1, share })).count();
            assert_eq!(its, of, "{share}");
        }
    }
}
