//! Scopes: what a token allows, and what a route requires.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Something that a token may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Upload versions of handlers. The first version of a handler becomes active, a later one only with
    /// [`Scope::Promote`].
    Upload,
    /// Select the active version of a handler and its canary; delete versions.
    Promote,
    /// Use handlers: open sessions, read and control them.
    Watch,
    /// Publish into streams of others.
    Publish,
    /// Everything.
    Admin,
}

impl Scope {
    /// Every scope, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Upload, Self::Promote, Self::Watch, Self::Publish, Self::Admin];

    /// Its name in commands, files and errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Promote => "promote",
            Self::Watch => "watch",
            Self::Publish => "publish",
            Self::Admin => "admin",
        }
    }

    /// Reports whether the scopes `given` include this one.
    pub fn is_in(self, given: &[Self]) -> bool {
        given.contains(&self) || given.contains(&Self::Admin)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or_else(|| format!("there is no scope {text:?}; there are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// What a route requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: the page itself, and the health check.
    Nothing,
    /// Nothing; a token that is given has to be valid: what the client may do depends on it.
    Anyone,
    /// Any valid token: reading the catalog.
    Token,
    /// A token with this scope.
    Scope(Scope),
}

impl Access {
    /// Reports whether a token with the scopes `given` suffices.
    pub fn is_met_by(self, given: &[Scope]) -> bool {
        match self {
            Self::Nothing | Self::Anyone => true,
            Self::Token => !given.is_empty(),
            Self::Scope(scope) => scope.is_in(given),
        }
    }

    /// Returns the scope that a token with the scopes `given` lacks.
    pub fn missing(self, given: &[Scope]) -> Option<Scope> {
        match self {
            _ if self.is_met_by(given) => None,
            Self::Scope(scope) => Some(scope),
            Self::Token | Self::Nothing | Self::Anyone => Some(Scope::Watch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_includes_every_scope_and_the_others_only_themselves() {
        for scope in Scope::ALL {
            assert!(Access::Scope(scope).is_met_by(&[Scope::Admin]));
            assert!(Access::Token.is_met_by(&[scope]) && Access::Nothing.is_met_by(&[]));
            assert_eq!(scope.name().parse(), Ok(scope));
            for other in Scope::ALL {
                let met = scope == other || other == Scope::Admin;
                assert_eq!(Access::Scope(scope).is_met_by(&[other]), met, "{other} for {scope}");
            }
        }
        assert!(!Access::Token.is_met_by(&[]) && !Access::Scope(Scope::Watch).is_met_by(&[]));
        assert!("Upload".parse::<Scope>().is_err());
    }
}
