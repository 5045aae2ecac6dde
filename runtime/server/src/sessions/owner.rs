//! Owners of sessions, and the decision who may see, steer and end one.
//!
//! A session belongs to the principal that made it. A token and the operator prove themselves with each request; an
//! anonymous client proves itself with the secret that came with the answer to its offer.
//!
//! Every access to a session goes through [`Owner::admits`]: what a stream will say of who may watch, steer and publish
//! belongs there.

use framebox_auth::PrincipalKey;
use framebox_auth::token::{Hash, Secret};

use crate::recording::Place;

/// Whom a session belongs to.
#[derive(Clone, Debug)]
pub struct Owner {
    key: PrincipalKey,
    /// Hash of the session's secret. Only anonymous clients have one.
    secret: Option<Hash>,
}

/// Who asks for a session.
#[derive(Clone, Debug)]
pub struct Requester {
    /// The principal.
    pub key: PrincipalKey,
    /// Whether it has the scope `admin`, and with it every session.
    pub is_admin: bool,
    /// Hash of the session's secret that the request carries.
    pub secret: Option<Hash>,
}

/// What an anonymous client has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The session's secret.
    Secret,
    /// The session's secret, or its id from the address of the offer: clients of FastRTC know no secret, and nobody else
    /// can list the id that they chose.
    Id,
}

impl Owner {
    /// Creates the owner of a session that `key` makes. An anonymous client gets a secret, 256 random bits.
    ///
    /// # Errors
    /// When the operating system provides no random bytes.
    pub fn new(key: PrincipalKey) -> std::io::Result<(Self, Option<Secret>)> {
        let secret = match key {
            PrincipalKey::Address(_) => Some(Secret::of_session()?),
            PrincipalKey::Operator | PrincipalKey::Token(_) => None,
        };
        Ok((Self { key, secret: secret.as_ref().map(Secret::hash) }, secret))
    }

    /// Returns an owner with a secret that nobody knows, to compare with where there is no session.
    pub fn nobody() -> Self {
        Self { key: PrincipalKey::anonymous(None), secret: Some(Hash::of("")) }
    }

    /// Returns the principal.
    pub fn key(&self) -> &PrincipalKey {
        &self.key
    }

    /// Reports whether it proves itself by a secret.
    pub fn is_anonymous(&self) -> bool {
        self.secret.is_some()
    }

    /// Returns as whose witness the session `id` counts when its handler fails: everybody has one voice, however many
    /// sessions there are of them. What the operator runs is nobody's attack: each of those sessions has one.
    pub fn witness(&self, id: &str) -> String {
        match &self.key {
            PrincipalKey::Operator => format!("session {id}"),
            PrincipalKey::Token(name) => format!("token {name}"),
            PrincipalKey::Address(address) => format!("address {address}"),
        }
    }

    /// Returns where recordings of its stream `stream` are kept. None if no stream is called so.
    pub fn place(&self, stream: &str) -> Option<Place> {
        Place::new(stream, &self.key, self.secret.as_ref())
    }

    /// Decides whether `requester` has access, in a time that does not depend on the secrets.
    pub fn admits(&self, requester: &Requester, proof: Proof) -> bool {
        let is_same = self.key == requester.key;
        let is_proven = match (&self.secret, &requester.secret) {
            (Some(own), Some(presented)) => own.is(presented) | (is_same & (proof == Proof::Id)),
            (Some(_), None) => is_same & (proof == Proof::Id),
            (None, _) => is_same,
        };
        requester.is_admin | is_proven
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> PrincipalKey {
        PrincipalKey::anonymous(Some(text.parse().unwrap()))
    }

    fn token(name: &str) -> PrincipalKey {
        PrincipalKey::Token(name.to_owned())
    }

    #[test]
    fn a_session_is_its_principals_and_nobody_elses() {
        let make = |key: PrincipalKey| Owner::new(key).unwrap();
        let (anonymous, secret) = make(address("192.0.2.1"));
        let (own, (_, other)) = (secret.unwrap().hash(), make(address("192.0.2.1")));
        let other = other.unwrap().hash();
        let (viewer, none) = make(token("viewer"));
        assert!(none.is_none(), "a token proves itself");
        let (operator, _) = make(PrincipalKey::Operator);
        // Owner, who asks, with which secret, admitted with a secret, admitted with the id.
        for (owner, key, secret, strict, by_id) in [
            (&viewer, token("viewer"), None, true, true),
            (&viewer, token("viewer2"), None, false, false),
            (&viewer, token("viewer2"), Some(own), false, false),
            (&viewer, address("192.0.2.1"), None, false, false),
            (&operator, PrincipalKey::Operator, None, true, true),
            (&operator, token("viewer"), None, false, false),
            (&operator, address("127.0.0.1"), None, false, false),
            (&anonymous, address("192.0.2.1"), Some(own), true, true),
            (&anonymous, address("192.0.2.1"), Some(other), false, true),
            (&anonymous, address("192.0.2.1"), None, false, true),
            (&anonymous, address("192.0.2.9"), Some(own), true, true),
            (&anonymous, address("192.0.2.9"), Some(other), false, false),
            (&anonymous, address("192.0.2.9"), None, false, false),
            (&anonymous, token("viewer"), None, false, false),
        ] {
            let requester = Requester { key, is_admin: false, secret };
            assert_eq!(owner.admits(&requester, Proof::Secret), strict, "{owner:?} {requester:?}");
            assert_eq!(owner.admits(&requester, Proof::Id), by_id, "{owner:?} {requester:?}");
            let admin = Requester { is_admin: true, ..requester };
            assert!(owner.admits(&admin, Proof::Secret) && owner.admits(&admin, Proof::Id));
        }
    }
}
