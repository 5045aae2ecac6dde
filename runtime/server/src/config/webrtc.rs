//! `[webrtc]`: how peers reach the server.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{anyhow, bail, ensure};
use framebox_media::Codec;
use serde::Deserialize;

use super::ice_url::{IceUrl, split_login};

/// Most servers that clients are given; browsers slow down from five on.
const MAX_CLIENT_SERVERS: usize = 8;
/// Most URLs of one of them.
const MAX_URLS: usize = 8;
/// Most public addresses.
const MAX_ADDRESSES: usize = 16;

/// `[webrtc]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebRtc {
    /// Addresses for media; empty: those of every interface, since browsers do not use loopback by default.
    pub addresses: Vec<IpAddr>,
    /// The UDP port of all sessions, and the TCP port; 0: the system chooses one at the start.
    pub port: u16,
    /// In place of `port`, a UDP port for each session: the first of them.
    pub first_port: Option<u16>,
    /// The last of them.
    pub last_port: Option<u16>,
    /// Whether clients that cannot use UDP may connect over TCP, to `port` (RFC 6544).
    pub tcp: bool,
    /// Addresses at which a NAT in front of the server makes its media ports reachable.
    pub public_addresses: Vec<IpAddr>,
    /// Time for which a session outlives a connection that was interrupted, s.
    pub disconnect_timeout_s: u64,
    /// STUN and TURN servers that the server itself uses, `stun:host:port`, `turn:user:password@host:port`.
    pub ice_servers: Vec<String>,
    /// Codecs that are taken, the preferred one first: `h264`, `vp8`. Those that the program was built without are passed over.
    pub codecs: Vec<Codec>,
    /// STUN and TURN servers that clients are told to use.
    pub client_ice_servers: Vec<ClientIceServer>,
}

impl Default for WebRtc {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            port: 0,
            first_port: None,
            last_port: None,
            tcp: true,
            public_addresses: Vec::new(),
            disconnect_timeout_s: 30,
            ice_servers: Vec::new(),
            codecs: Codec::ALL.to_vec(),
            client_ice_servers: Vec::new(),
        }
    }
}

/// `[[webrtc.client_ice_servers]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientIceServer {
    /// Its addresses, `stun:host:port`, `turn:host:port?transport=tcp`.
    pub urls: Vec<String>,
    /// A user name that every client gets.
    pub username: Option<String>,
    /// The password of that user.
    pub credential: Option<Password>,
    /// In place of both, the secret that the TURN server shares with this one (coturn's `static-auth-secret`): each client
    /// gets a credential of its own.
    pub secret: Option<Password>,
    /// How long such a credential may be used to begin a connection, s.
    pub ttl_s: u64,
}

impl Default for ClientIceServer {
    fn default() -> Self {
        Self { urls: Vec::new(), username: None, credential: None, secret: None, ttl_s: 12 * 3600 }
    }
}

/// A text that no log shows.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Returns the text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl WebRtc {
    /// Returns the range of ports of which each session has one; `None` where all share one port.
    pub fn ports(&self) -> Option<RangeInclusive<u16>> {
        self.first_port.zip(self.last_port).map(|(first, last)| first..=last)
    }

    /// Returns the time for which a session outlives a connection that was interrupted.
    pub fn disconnect_timeout(&self) -> Duration {
        Duration::from_secs(self.disconnect_timeout_s)
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// Names the key, and what is allowed.
    pub fn check(&self) -> anyhow::Result<()> {
        match (self.first_port, self.last_port) {
            (None, None) => {}
            (Some(first), Some(last)) => {
                ensure!(first >= 1 && first <= last, "webrtc.first_port must be within 1 and webrtc.last_port");
                ensure!(
                    self.port == 0,
                    "webrtc.port and webrtc.first_port exclude each other: give one port for all sessions, or a range of \
                     which each session has one"
                );
            }
            _ => bail!("webrtc.first_port and webrtc.last_port go together: give both or none"),
        }
        ensure!(self.public_addresses.len() <= MAX_ADDRESSES, "webrtc.public_addresses are at most {MAX_ADDRESSES}");
        for address in &self.public_addresses {
            ensure!(
                !address.is_unspecified() && !address.is_multicast(),
                "webrtc.public_addresses: {address} is no address of a machine"
            );
        }
        ensure!((1..=600).contains(&self.disconnect_timeout_s), "webrtc.disconnect_timeout_s must be within 1 and 600");
        for url in &self.ice_servers {
            let login = split_login(url);
            let bare = login.as_ref().map_or(&**url, |(url, ..)| url);
            // Not the URL itself: there is a password in it.
            IceUrl::parse(bare).map_err(|wrong| anyhow!("webrtc.ice_servers: {bare:?} is wrong: {wrong}"))?;
        }
        self.check_codecs()?;
        ensure!(
            self.client_ice_servers.len() <= MAX_CLIENT_SERVERS,
            "webrtc.client_ice_servers are at most {MAX_CLIENT_SERVERS}"
        );
        self.client_ice_servers.iter().try_for_each(ClientIceServer::check)
    }

    fn check_codecs(&self) -> anyhow::Result<()> {
        let doubled = self.codecs.iter().enumerate().any(|(index, codec)| self.codecs[..index].contains(codec));
        ensure!(!self.codecs.is_empty() && !doubled, "webrtc.codecs must name h264, vp8 or both, each once");
        let missing: Option<Vec<&str>> = self.codecs.iter().map(|codec| codec.missing()).collect();
        if let Some([missing, ..]) = missing.as_deref() {
            bail!("webrtc.codecs names only what this program does not have: it {missing}");
        }
        Ok(())
    }
}

impl ClientIceServer {
    fn check(&self) -> anyhow::Result<()> {
        let key = "webrtc.client_ice_servers";
        ensure!((1..=MAX_URLS).contains(&self.urls.len()), "{key}: each needs urls, at most {MAX_URLS}");
        let mut relays = false;
        for url in &self.urls {
            let wrong = |wrong| anyhow!("{key}: {url:?} is wrong: {wrong}");
            if let Some((bare, ..)) = split_login(url) {
                bail!("{key}: give user and password of {bare:?} as username and credential");
            }
            relays |= IceUrl::parse(url).map_err(wrong)?.scheme.relays();
        }
        let urls = self.urls.join(", ");
        match (&self.username, &self.credential, &self.secret) {
            (None, None, None) => {
                ensure!(!relays, "{key}: {urls} needs username and credential, or a secret");
            }
            (Some(username), Some(credential), None) => {
                // They go into a header, too.
                let fits =
                    |text: &str| (1..=512).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b));
                ensure!(
                    fits(username) && fits(credential.reveal()),
                    "{key}: username and credential of {urls} must be 1 to 512 characters of ASCII"
                );
            }
            (None, None, Some(secret)) => ensure!(!secret.reveal().is_empty(), "{key}: the secret of {urls} is empty"),
            (_, _, Some(_)) => bail!("{key}: {urls} has a secret, and with it neither username nor credential"),
            _ => bail!("{key}: username and credential of {urls} go together: give both or none"),
        }
        ensure!((60..=604_800).contains(&self.ttl_s), "{key}: ttl_s must be within 60 and 604800");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<WebRtc, String> {
        let webrtc: WebRtc = toml::from_str(text).map_err(|error| error.to_string())?;
        webrtc.check().map_err(|error| error.to_string())?;
        Ok(webrtc)
    }

    #[test]
    fn wrong_values_are_rejected_by_name() {
        for (text, words) in [
            ("first_port = 5000", "go together"),
            ("first_port = 5001\nlast_port = 5000", "webrtc.first_port must be within"),
            ("port = 4000\nfirst_port = 5000\nlast_port = 5001", "exclude each other"),
            ("port = 70000", "port = 70000"),
            ("public_addresses = [\"my.server\"]", "invalid IP address"),
            ("public_addresses = [\"0.0.0.0\"]", "no address of a machine"),
            ("disconnect_timeout_s = 0", "disconnect_timeout_s must be within"),
            ("codecs = [\"h265\"]", "expected `h264` or `vp8`"),
            ("codecs = []", "webrtc.codecs must name"),
            ("codecs = [\"vp8\", \"vp8\"]", "each once"),
            ("ice_servers = [\"stun.example.org\"]", "it has no scheme"),
            ("ice_servers = [\"turn:me:hidden@turn.example:0\"]", "\"turn:turn.example:0\" is wrong: its port"),
            ("[[client_ice_servers]]", "each needs urls"),
            ("[[client_ice_servers]]\nurls = [\"turn:a\"]", "turn:a needs username and credential, or a secret"),
            ("[[client_ice_servers]]\nurls = [\"turn:a?b\"]", "neither transport=udp"),
            ("[[client_ice_servers]]\nurls = [\"turn:me:hidden@a\"]", "of \"turn:a\" as username and credential"),
            ("[[client_ice_servers]]\nurls = [\"turn:a\"]\nusername = \"me\"", "go together"),
            ("[[client_ice_servers]]\nurls = [\"turn:a\"]\nusername = \"me\"\nsecret = \"hidden\"", "has a secret"),
            ("[[client_ice_servers]]\nurls = [\"turn:a\"]\nsecret = \"\"", "is empty"),
            ("[[client_ice_servers]]\nurls = [\"turn:a\"]\nsecret = \"hidden\"\nttl_s = 5", "ttl_s must be within"),
            ("[[client_ice_servers]]\nurls = [\"turn:a\"]\nusername = \"ü\"\ncredential = \"hidden\"", "of ASCII"),
        ] {
            let error = check(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
            assert!(!error.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn passwords_are_in_no_log() {
        let text = "[[client_ice_servers]]\nurls = [\"turn:a.example\"]\nsecret = \"hidden\"";
        assert!(!format!("{:?}", check(text).unwrap()).contains("hidden"));
    }

    #[test]
    fn a_range_is_in_place_of_the_one_port() {
        assert_eq!(check("").unwrap().ports(), None);
        assert_eq!(check("first_port = 5000\nlast_port = 5001").unwrap().ports(), Some(5000..=5001));
    }
}
