//! Whether the public addresses can be right. Pure: what is known of the machine and of STUN servers comes as arguments.

use std::net::IpAddr;

use super::report::Outcome;

/// Judges one of `webrtc.public_addresses`, by the addresses of this machine and those that STUN servers see.
pub fn judge(public: IpAddr, local: &[IpAddr], seen: &[IpAddr]) -> (Outcome, String) {
    let comparable: Vec<_> = seen.iter().filter(|seen| seen.is_ipv4() == public.is_ipv4()).collect();
    if local.contains(&public) {
        (Outcome::Ok, "it is an address of this machine".to_owned())
    } else if comparable.contains(&&public) {
        (Outcome::Ok, "STUN servers see this machine there".to_owned())
    } else if let Some(other) = comparable.first() {
        (Outcome::Broken, format!("STUN servers see this machine at {other}: is that the address to name?"))
    } else {
        (Outcome::Advice, "no STUN server answered that could confirm it (webrtc.ice_servers)".to_owned())
    }
}

/// Says what is missing where no public address is named.
pub fn missing(local: &[IpAddr], seen: &[IpAddr]) -> Option<String> {
    let outside = seen.iter().find(|seen| !local.contains(seen) && !seen.is_loopback())?;
    Some(format!(
        "a NAT is in front of this machine: name webrtc.public_addresses = [\"{outside}\"] if it forwards the port"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_is_compared_with_what_is_known() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let local = [ip("127.0.0.1"), ip("10.0.0.5")];
        for (public, seen, outcome) in [
            ("10.0.0.5", &[][..], Outcome::Ok),
            ("203.0.113.7", &[ip("203.0.113.7")], Outcome::Ok),
            ("203.0.113.7", &[ip("203.0.113.9")], Outcome::Broken),
            ("2001:db8::7", &[ip("203.0.113.9")], Outcome::Advice),
            ("203.0.113.7", &[], Outcome::Advice),
        ] {
            assert_eq!(judge(ip(public), &local, seen).0, outcome, "{public} {seen:?}");
        }
        assert!(missing(&local, &[ip("203.0.113.7")]).unwrap().contains("203.0.113.7"));
        assert_eq!(missing(&local, &[ip("10.0.0.5"), ip("127.0.0.1")]), None);
    }
}
