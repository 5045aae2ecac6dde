//! Tokens: the secret that a client holds, and the record that the server keeps.

use std::fmt;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::quota::Quota;
use super::scope::Scope;

/// Prefix of every token, so that a token leaked into a file can be found.
const PREFIX: &str = "fbx_";
/// Prefix of the secret of a session.
const SESSION_PREFIX: &str = "fbs_";
/// Longest name, bytes.
const LONGEST_NAME: usize = 64;

/// The text of a token, shown once and stored nowhere.
pub struct Secret(String);

impl Secret {
    /// Creates a token of 256 random bits.
    ///
    /// # Errors
    /// When the operating system provides no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        Self::with_prefix(PREFIX)
    }

    /// Creates the secret of an anonymous client's session, 256 random bits.
    ///
    /// # Errors
    /// When the operating system provides no random bytes.
    pub fn of_session() -> io::Result<Self> {
        Self::with_prefix(SESSION_PREFIX).map_err(|error| io::Error::other(error.to_string()))
    }

    fn with_prefix(prefix: &str) -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// Its text, to show to whoever asked for it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The hash that the server keeps.
    pub fn hash(&self) -> Hash {
        Hash::of(&self.0)
    }
}

/// SHA-256 of a token. A slow hash would add nothing: the token is entirely random.
#[derive(Clone, Copy)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Hashes the text that a client presents.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Compares in constant time.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// Its first 64 bits as hexadecimal digits: they tell tokens apart and say nothing of them.
    pub fn prefix(&self) -> String {
        self.0[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(…)")
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || de::Error::custom("a hash has 64 hexadecimal digits");
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(2 * i..2 * i + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// The record of a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its name, unique.
    pub name: String,
    /// Hash of its text.
    pub hash: Hash,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it was created, seconds since 1970.
    pub made: u64,
    /// When it expires, seconds since 1970; `None`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    /// Bounds on what is uploaded with it.
    #[serde(default, skip_serializing_if = "Quota::is_unbounded")]
    pub quota: Quota,
}

impl Token {
    /// Reports whether it has expired.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| seconds(now) >= expires)
    }
}

/// Converts to seconds since 1970.
pub fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// Reports whether a token may have this name.
pub fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_text_has_the_same_hash() {
        let (one, other) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert!(one.reveal().starts_with("fbx_") && one.reveal().len() == 47);
        assert!(one.hash().is(&Hash::of(one.reveal())));
        assert!(!one.hash().is(&other.hash()));
        assert!(!one.hash().is(&Hash::of(&one.reveal()[..46])));
        let text = serde_json::to_string(&one.hash()).unwrap();
        assert!(!text.contains(one.reveal()));
        assert!(serde_json::from_str::<Hash>(&text).unwrap().is(&one.hash()));
        for wrong in ["\"\"", "\"00\"", "7", &text.replace(&text[1..2], "g"), &format!("\"{}é\"", "0".repeat(62))] {
            assert!(serde_json::from_str::<Hash>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_plain() {
        for name in ["ci", "build-7@host.example", &"x".repeat(64)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "a b", "a\nb", "ä", "../x", "\"", &"x".repeat(65)] {
            assert!(!is_name(name), "{name:?}");
        }
    }
}
