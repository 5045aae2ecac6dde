//! Addresses that are never checked because a client names them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Ports below this one belong to services of a system, not to clients.
const FIRST_CLIENT_PORT: u16 = 1024;
/// Where clouds serve credentials to the machines that run in them, besides 169.254.169.254, which is link-local.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// Returns whether nothing is sent to an address, whoever names it or claims to be there.
pub fn is_never_reached(address: SocketAddr) -> bool {
    let ip = address.ip().to_canonical();
    let special = match ip {
        IpAddr::V4(ip) => ip.is_broadcast() || ip.octets()[0] == 0 || ip.octets()[0] >= 240,
        IpAddr::V6(_) => false,
    };
    special || ip.is_unspecified() || ip.is_multicast() || METADATA.contains(&ip) || address.port() < FIRST_CLIENT_PORT
}

/// Returns whether no check is sent to an address only because an offer names it. A client that is there sends checks of its
/// own, which are answered.
pub fn is_forbidden(address: SocketAddr) -> bool {
    let local = match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unicast_link_local(),
    };
    local || is_never_reached(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_machines_and_services_are_forbidden() {
        for (address, forbidden, never) in [
            ("192.0.2.1:5000", false, false),
            ("10.0.0.7:1024", false, false),
            ("[2001:db8::1]:5000", false, false),
            ("[fd12::1]:5000", false, false),
            ("127.0.0.1:5000", true, false),
            ("127.1.2.3:5000", true, false),
            ("[::1]:5000", true, false),
            ("[::ffff:127.0.0.1]:5000", true, false),
            ("169.254.3.4:5000", true, false),
            ("[fe80::1]:5000", true, false),
            ("192.0.2.1:53", true, true),
            ("192.0.2.1:1023", true, true),
            ("[2001:db8::1]:123", true, true),
            ("169.254.169.254:5000", true, true),
            ("[::ffff:169.254.169.254]:5000", true, true),
            ("[fd00:ec2::254]:5000", true, true),
            ("100.100.100.200:5000", true, true),
            ("0.0.0.0:5000", true, true),
            ("0.1.2.3:5000", true, true),
            ("[::]:5000", true, true),
            ("224.0.0.251:5353", true, true),
            ("[ff02::fb]:5353", true, true),
            ("255.255.255.255:5000", true, true),
            ("240.0.0.1:5000", true, true),
        ] {
            let parsed = address.parse().unwrap();
            assert_eq!((is_forbidden(parsed), is_never_reached(parsed)), (forbidden, never), "{address}");
        }
    }
}
