//! Keys of principals: who sends requests, the same from one request to the next.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who owns something: sessions, uploads, quotas. Two requests with the same key come from the same principal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalKey {
    /// Who runs the server.
    Operator,
    /// Whoever has the token of this name.
    Token(String),
    /// An anonymous client, by the address that its requests come from; see [`PrincipalKey::anonymous`].
    Address(IpAddr),
}

impl PrincipalKey {
    /// Returns the key of an anonymous client at `address`. IPv6 addresses count by their /64 prefix, which is what one
    /// subscriber has (RFC 6177); a request without an address counts as one from `0.0.0.0`.
    pub fn anonymous(address: Option<IpAddr>) -> Self {
        Self::Address(match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V6(address)) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            Some(address) => address,
            None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        })
    }
}

/// Its text, unique and stable: a token's name, or a text that no token is named. Records on the disk refer to it.
impl fmt::Display for PrincipalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("*operator"),
            Self::Token(name) => f.write_str(name),
            Self::Address(address) => write!(f, "*{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::is_name;

    #[test]
    fn an_address_counts_by_its_subscriber_and_no_text_is_the_name_of_a_token() {
        let key = |text: &str| PrincipalKey::anonymous(Some(text.parse().unwrap()));
        assert_eq!(key("192.0.2.1"), key("::ffff:192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("2001:db8:0:1::1"), key("2001:db8:0:1:ffff::9"));
        assert_ne!(key("2001:db8:0:1::1"), key("2001:db8:0:2::1"));
        for key in [key("192.0.2.1"), key("2001:db8::1"), PrincipalKey::anonymous(None), PrincipalKey::Operator] {
            assert!(!is_name(&key.to_string()), "{key}");
        }
        assert_eq!(PrincipalKey::Token("ci".to_owned()).to_string(), "ci");
    }
}
