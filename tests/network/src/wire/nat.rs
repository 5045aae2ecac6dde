//! A NAT in front of the client whose mapping changes at some time.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::packet::{End, address, is_udp, port, rewrite};

/// Distance of a mapped port from the client's.
const SHIFT: u16 = 7_777;

/// A NAT that maps the client to itself until it is rebound: from then on its UDP comes from another address or other
/// ports, and what is sent to the former ones goes nowhere.
#[derive(Debug, Default)]
pub struct Nat {
    /// The client, and the address as which it is seen.
    mapping: Option<(Ipv4Addr, Ipv4Addr)>,
    /// Outer ports that the client used since.
    ports: BTreeSet<u16>,
}

impl Nat {
    /// Lets the UDP of `client` come from `outer` from now on, and from other ports.
    pub fn rebind(&mut self, client: Ipv4Addr, outer: Ipv4Addr) {
        self.mapping = Some((client, outer));
        self.ports.clear();
    }

    /// Translates a packet from the client.
    pub fn outgoing(&mut self, packet: &mut [u8]) {
        let Some((client, outer)) = self.mapping else { return };
        if let (Some(from), Some(port)) = (address(packet, End::Source), port(packet, End::Source))
            && from == client
        {
            let mapped = port.wrapping_add(SHIFT);
            self.ports.insert(mapped);
            rewrite(packet, End::Source, outer, mapped);
        }
    }

    /// Translates a packet to the client. Returns whether there is a mapping for it.
    pub fn incoming(&self, packet: &mut [u8]) -> bool {
        let Some((client, outer)) = self.mapping else { return true };
        if !is_udp(packet) {
            return true;
        }
        match (address(packet, End::Destination), port(packet, End::Destination)) {
            (Some(to), Some(port)) if to == outer && self.ports.contains(&port) => {
                rewrite(packet, End::Destination, client, port.wrapping_sub(SHIFT));
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::packet::udp_packet;

    const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
    const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
    const OUTER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 99);

    #[test]
    fn before_it_is_rebound_everything_passes_as_it_is() {
        let mut nat = Nat::default();
        let packet = udp_packet((CLIENT, 50_000), (SERVER, 9), b"x");
        let mut passed = packet.clone();
        nat.outgoing(&mut passed);
        assert!(nat.incoming(&mut passed));
        assert_eq!(passed, packet);
    }

    #[test]
    fn a_rebound_client_is_seen_elsewhere_and_gets_the_answers() {
        let mut nat = Nat::default();
        nat.rebind(CLIENT, OUTER);
        let mut out = udp_packet((CLIENT, 50_000), (SERVER, 9), b"x");
        nat.outgoing(&mut out);
        assert_eq!(out, udp_packet((OUTER, 57_777), (SERVER, 9), b"x"));

        let mut answer = udp_packet((SERVER, 9), (OUTER, 57_777), b"y");
        assert!(nat.incoming(&mut answer));
        assert_eq!(answer, udp_packet((SERVER, 9), (CLIENT, 50_000), b"y"));

        let mut late = udp_packet((SERVER, 9), (CLIENT, 50_000), b"z");
        assert!(!nat.incoming(&mut late), "the former mapping is gone");
    }
}
