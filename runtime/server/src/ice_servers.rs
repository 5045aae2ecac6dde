//! The STUN and TURN servers that clients are told to use, with credentials of their own for a limited time: the "REST API"
//! of TURN servers (draft-uberti-behave-turn-rest-00), which coturn calls `use-auth-secret`.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use framebox_auth::PrincipalKey;
use hmac::{Hmac, Mac};
use serde::Serialize;
use sha1::Sha1;
use utoipa::ToSchema;

use crate::config::{ClientIceServer, WebRtc};

/// The STUN and TURN servers that clients are told to use.
pub struct IceServers {
    servers: Vec<ClientIceServer>,
    disconnect_timeout_s: u64,
}

/// A STUN or TURN server, as browsers take it (`RTCIceServer`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct IceServer {
    /// Its addresses.
    pub urls: Vec<String>,
    /// User name for a TURN server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub username: Option<String>,
    /// Password for a TURN server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub credential: Option<String>,
}

impl IceServers {
    /// Takes the servers of the configuration, which was checked.
    pub fn new(webrtc: &WebRtc) -> Self {
        Self { servers: webrtc.client_ice_servers.clone(), disconnect_timeout_s: webrtc.disconnect_timeout_s }
    }

    /// Returns the servers with the credentials of `client`, made at `now`.
    pub fn of_client(&self, now: SystemTime, client: &PrincipalKey) -> Vec<IceServer> {
        self.servers.iter().map(|server| with_credential(server, now, client)).collect()
    }

    /// Returns for how long a session outlives a connection that was interrupted, s.
    pub fn disconnect_timeout_s(&self) -> u64 {
        self.disconnect_timeout_s
    }

    /// Returns how long the credentials hold that expire first, s; `None` where none expires.
    pub fn ttl_s(&self) -> Option<u64> {
        self.servers.iter().filter(|server| server.secret.is_some()).map(|server| server.ttl_s).min()
    }
}

fn with_credential(server: &ClientIceServer, now: SystemTime, client: &PrincipalKey) -> IceServer {
    let urls = server.urls.clone();
    let Some(secret) = &server.secret else {
        let credential = server.credential.as_ref().map(|credential| credential.reveal().to_owned());
        return IceServer { urls, username: server.username.clone(), credential };
    };
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let username = format!("{}:{}", now + server.ttl_s, name_of(client));
    let credential = password(secret.reveal(), &username);
    IceServer { urls, username: Some(username), credential: Some(credential) }
}

/// The client's name in the log of the TURN server, which also limits what one user may have by it.
fn name_of(client: &PrincipalKey) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    client.to_string().chars().map(|c| if fits(c) { c } else { '-' }).collect()
}

/// The password of `username`: HMAC-SHA1 under the secret that the TURN server knows, in base64.
fn password(secret: &str, username: &str) -> String {
    // A key of any length is one (RFC 2104 section 2).
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).map(|mac| mac.chain_update(username).finalize());
    mac.map(|mac| BASE64_STANDARD.encode(mac.into_bytes())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn servers(text: &str) -> IceServers {
        let webrtc: WebRtc = toml::from_str(text).unwrap();
        webrtc.check().unwrap();
        IceServers::new(&webrtc)
    }

    #[test]
    fn a_shared_secret_gives_each_client_a_credential_that_expires() {
        // Test case 2 of RFC 2202 section 3.
        let known = "7/zfauXrL6LSdBbV8YTfnCWafHk=";
        assert_eq!(password("Jefe", "what do ya want for nothing?"), known);
        let servers = servers("[[client_ice_servers]]\nurls = [\"turn:turn.example\"]\nsecret = \"s\"\nttl_s = 600");
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let made = servers.of_client(now, &PrincipalKey::Token("ci".to_owned()));
        assert_eq!(made[0].username.as_deref(), Some("1000600:ci"));
        assert_eq!(made[0].credential, Some(password("s", "1000600:ci")));
        let other = servers.of_client(now, &PrincipalKey::anonymous(Some("2001:db8::1".parse().unwrap())));
        assert_eq!(other[0].username.as_deref(), Some("1000600:-2001-db8--"));
        assert_ne!(made[0].credential, other[0].credential);
        assert_eq!(servers.ttl_s(), Some(600));
    }

    #[test]
    fn fixed_credentials_are_passed_on_and_never_expire() {
        let servers = servers(
            "[[client_ice_servers]]\nurls = [\"stun:stun.example\"]\n\
             [[client_ice_servers]]\nurls = [\"turn:turn.example\"]\nusername = \"me\"\ncredential = \"pass\"",
        );
        let made = servers.of_client(UNIX_EPOCH, &PrincipalKey::Operator);
        let json = serde_json::to_value(&made).unwrap();
        let turn = serde_json::json!({ "urls": ["turn:turn.example"], "username": "me", "credential": "pass" });
        assert_eq!(json, serde_json::json!([{ "urls": ["stun:stun.example"] }, turn]));
        assert_eq!(servers.ttl_s(), None);
    }
}
