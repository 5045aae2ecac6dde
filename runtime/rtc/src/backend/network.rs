//! Local addresses, STUN and TURN servers.

use std::net::IpAddr;

use webrtc::peer_connection::RTCIceServer;

/// The addresses to bind: those configured, or those of the machine. An unspecified one stands for all of its family, because
/// candidates have to name addresses.
pub fn addresses(configured: &[IpAddr]) -> Vec<IpAddr> {
    let machines =
        if configured.is_empty() || configured.iter().any(IpAddr::is_unspecified) { machines() } else { Vec::new() };
    if configured.is_empty() {
        return machines;
    }
    let mut addresses = Vec::new();
    for address in configured {
        if address.is_unspecified() {
            addresses.extend(machines.iter().filter(|one| one.is_ipv4() == address.is_ipv4()));
        } else {
            addresses.push(*address);
        }
    }
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// The addresses of the machine, loopback included: a browser may run on it.
fn machines() -> Vec<IpAddr> {
    let usable = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_link_local() && !ip.is_unspecified(),
        // Link-local addresses need the interface's name beside them, which candidates do not have.
        IpAddr::V6(ip) => !ip.is_unicast_link_local() && !ip.is_unspecified(),
    };
    let interfaces = rtc::shared::ifaces::ifaces().unwrap_or_default();
    let mut addresses: Vec<IpAddr> =
        interfaces.iter().filter_map(|interface| Some(interface.addr?.ip())).filter(usable).collect();
    addresses.push(IpAddr::from([127, 0, 0, 1]));
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// A server from its configured URL. The library wants user and password of `turn:user:password@host:port` apart.
pub fn ice_server(url: &str) -> RTCIceServer {
    let parts = url.split_once(':').and_then(|(scheme, rest)| {
        let (login, host) = rest.rsplit_once('@')?;
        let (user, password) = login.split_once(':')?;
        Some((format!("{scheme}:{host}"), user.to_owned(), password.to_owned()))
    });
    match parts {
        Some((url, username, credential)) => RTCIceServer { urls: vec![url], username, credential },
        None => RTCIceServer { urls: vec![url.to_owned()], ..RTCIceServer::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_addresses_are_taken_as_they_are() {
        let (configured, local) = ([IpAddr::from([10, 0, 0, 1])], IpAddr::from([127, 0, 0, 1]));
        assert_eq!(addresses(&configured), configured);
        assert!(addresses(&[]).contains(&local));
        let expanded = addresses(&[configured[0], IpAddr::from([0, 0, 0, 0])]);
        assert!(expanded.contains(&local) && expanded.contains(&configured[0]), "{expanded:?}");
        assert!(expanded.iter().all(|address| address.is_ipv4() && !address.is_unspecified()), "{expanded:?}");
    }

    #[test]
    fn a_login_is_taken_out_of_the_url() {
        for (url, taken, username, credential) in [
            ("stun:stun.example:3478", "stun:stun.example:3478", "", ""),
            ("turn:me:secret@turn.example:3478", "turn:turn.example:3478", "me", "secret"),
            ("turn:me:p@ss:word@turn.example", "turn:turn.example", "me", "p@ss:word"),
            ("turn:me@turn.example", "turn:me@turn.example", "", ""),
        ] {
            let server = ice_server(url);
            assert_eq!((&*server.urls[0], &*server.username, &*server.credential), (taken, username, credential));
        }
    }
}
