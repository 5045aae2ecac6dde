//! What a token allows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Bring versions of handlers. The first of a name becomes active; a later one only with [`Scope::Promote`].
    Upload,
    /// Choose which version of a handler is active.
    Promote,
    /// Use handlers: open sessions, read and steer them.
    Watch,
    /// Everything, and what no other scope covers: deleting.
    Admin,
}

impl Scope {
    /// Every scope, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Upload, Self::Promote, Self::Watch, Self::Admin];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Promote => "promote",
            Self::Watch => "watch",
            Self::Admin => "admin",
        }
    }

    /// True if `given` allows this.
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

/// What a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: the page itself, and whether the server is up.
    Nothing,
    /// Any token that is valid: reading the catalog, which each of the others has to.
    Token,
    /// One with that scope.
    Scope(Scope),
}

impl Access {
    /// True if a token with the scopes `given` meets it.
    pub fn is_met_by(self, given: &[Scope]) -> bool {
        match self {
            Self::Nothing => true,
            Self::Token => !given.is_empty(),
            Self::Scope(scope) => scope.is_in(given),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_is_everything_and_the_others_are_themselves() {
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
