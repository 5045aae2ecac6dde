//! Addresses of STUN and TURN servers (RFC 7064, RFC 7065).

use std::net::Ipv6Addr;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// STUN.
    Stun,
    /// STUN over TLS.
    Stuns,
    /// TURN.
    Turn,
    /// TURN over TLS.
    Turns,
}

impl Scheme {
    const ALL: [(&str, Self); 4] =
        [("stun", Self::Stun), ("stuns", Self::Stuns), ("turn", Self::Turn), ("turns", Self::Turns)];

    /// Reports whether it relays, which takes a credential.
    pub fn relays(self) -> bool {
        matches!(self, Self::Turn | Self::Turns)
    }

    /// Reports whether it is spoken over TLS.
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Stuns | Self::Turns)
    }

    fn port(self) -> u16 {
        if self.is_secure() { 5349 } else { 3478 }
    }
}

/// The address of a STUN or TURN server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceUrl {
    /// How it is spoken to.
    pub scheme: Scheme,
    /// Its name or address; an IPv6 address without brackets.
    pub host: String,
    /// Its port; the scheme's when the URL has none.
    pub port: u16,
    /// Whether it is spoken to over TCP, as `?transport=tcp` and the secure schemes say.
    pub tcp: bool,
}

impl IceUrl {
    /// Parses `stun:host`, `turn:host:port?transport=tcp` and the like.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = url.split_once(':').ok_or("it has no scheme; give one like stun:host:3478")?;
        let known = Scheme::ALL.iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name));
        let &(_, scheme) = known.ok_or("its scheme is none of stun, stuns, turn and turns")?;
        let (address, query) = match rest.split_once('?') {
            Some((address, query)) => (address, Some(query)),
            None => (rest, None),
        };
        let tcp = match query {
            None => scheme.is_secure(),
            Some(_) if !scheme.relays() => return Err("a STUN server's URL has no `?`"),
            Some("transport=tcp") => true,
            Some("transport=udp") => false,
            Some(_) => return Err("what follows its `?` is neither transport=udp nor transport=tcp"),
        };
        let (host, port) = match address.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or("its IPv6 address has no closing bracket")?;
                if host.parse::<Ipv6Addr>().is_err() {
                    return Err("what is in its brackets is no IPv6 address");
                }
                let port = match port {
                    "" => None,
                    port => Some(port.strip_prefix(':').ok_or("its port is wrong")?),
                };
                (host, port)
            }
            None => match address.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (address, None),
            },
        };
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
        if host.is_empty() || host.len() > 253 || !host.bytes().all(fits) {
            return Err("its host is no name and no address");
        }
        let port = match port {
            None => scheme.port(),
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or("its port is wrong")?,
        };
        Ok(Self { scheme, host: host.to_owned(), port, tcp })
    }
}

/// Splits `turn:user:password@host` into the URL without them, user and password.
pub fn split_login(url: &str) -> Option<(String, &str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let (login, host) = rest.rsplit_once('@')?;
    let (user, password) = login.split_once(':')?;
    Some((format!("{scheme}:{host}"), user, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_the_standards_write_them() {
        for (url, scheme, host, port, tcp) in [
            ("stun:stun.example", Scheme::Stun, "stun.example", 3478, false),
            ("STUNS:stun.example", Scheme::Stuns, "stun.example", 5349, true),
            ("turn:192.0.2.1:443?transport=tcp", Scheme::Turn, "192.0.2.1", 443, true),
            ("turn:[2001:db8::1]", Scheme::Turn, "2001:db8::1", 3478, false),
            ("turns:[2001:db8::1]:443?transport=udp", Scheme::Turns, "2001:db8::1", 443, false),
        ] {
            assert_eq!(IceUrl::parse(url), Ok(IceUrl { scheme, host: host.to_owned(), port, tcp }), "{url}");
        }
        for url in [
            "",
            "stun",
            "stun:",
            "http://a.example",
            "stun:a.example:0",
            "stun:a.example:70000",
            "stun:a.example?transport=udp",
            "turn:a.example?transport=sctp",
            "turn:[::1",
            "turn:[a.example]",
            "turn:[::1]443",
            "turn:a b",
            "turn:me:secret@a.example",
        ] {
            assert!(IceUrl::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_login_is_taken_out_of_a_url() {
        assert_eq!(split_login("turn:me:p@ss@a.example"), Some(("turn:a.example".to_owned(), "me", "p@ss")));
        assert_eq!(split_login("turn:a.example:3478"), None);
    }
}
