//! What the wire reads of IPv4 packets (RFC 791), and what a NAT rewrites.

use std::net::Ipv4Addr;

const UDP: u8 = 17;

/// Which end of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where it comes from.
    Source,
    /// Where it goes.
    Destination,
}

impl End {
    /// Offset of the address in the IP header.
    fn address(self) -> usize {
        match self {
            Self::Source => 12,
            Self::Destination => 16,
        }
    }

    /// Offset of the port in the UDP header.
    fn port(self) -> usize {
        match self {
            Self::Source => 0,
            Self::Destination => 2,
        }
    }
}

/// Returns whether it is an IPv4 packet to one receiver: neither broadcast nor multicast.
pub fn is_unicast(packet: &[u8]) -> bool {
    header_length(packet).is_some() && address(packet, End::Destination).is_some_and(|to| !to.is_multicast())
}

/// Returns whether it is UDP.
pub fn is_udp(packet: &[u8]) -> bool {
    header_length(packet).is_some() && packet[9] == UDP
}

/// Returns the address of one end.
pub fn address(packet: &[u8], end: End) -> Option<Ipv4Addr> {
    header_length(packet)?;
    let bytes: [u8; 4] = packet[end.address()..][..4].try_into().ok()?;
    Some(bytes.into())
}

/// Returns the UDP port of one end.
pub fn port(packet: &[u8], end: End) -> Option<u16> {
    let at = udp(packet)? + end.port();
    Some(u16::from_be_bytes([packet[at], packet[at + 1]]))
}

/// Replaces the address and the UDP port of one end, and corrects the checksums.
pub fn rewrite(packet: &mut [u8], end: End, address: Ipv4Addr, port: u16) {
    let Some(udp) = udp(packet) else { return };
    let [a, b, c, d] = address.octets();
    let words = [
        (end.address(), u16::from_be_bytes([a, b])),
        (end.address() + 2, u16::from_be_bytes([c, d])),
        (udp + end.port(), port),
    ];
    for (number, (at, word)) in words.into_iter().enumerate() {
        let old = u16::from_be_bytes([packet[at], packet[at + 1]]);
        packet[at..at + 2].copy_from_slice(&word.to_be_bytes());
        // The IP header's checksum covers the address only; UDP's covers all, and 0 says that there is none.
        if number < 2 {
            correct(packet, 10, old, word);
        }
        if packet[udp + 6..udp + 8] != [0, 0] {
            correct(packet, udp + 6, old, word);
        }
    }
}

/// Corrects a checksum for one word that changed (RFC 1624, section 3).
fn correct(packet: &mut [u8], at: usize, old: u16, new: u16) {
    let sum = !u16::from_be_bytes([packet[at], packet[at + 1]]);
    let mut sum = u32::from(sum) + u32::from(!old) + u32::from(new);
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    packet[at..at + 2].copy_from_slice(&(!(sum as u16)).to_be_bytes());
}

/// Offset of the UDP header.
fn udp(packet: &[u8]) -> Option<usize> {
    let length = header_length(packet)?;
    let is_first_fragment = packet[6] & 0x1F == 0 && packet[7] == 0;
    (packet[9] == UDP && is_first_fragment && packet.len() >= length + 8).then_some(length)
}

/// Length of the IPv4 header, if it is one.
fn header_length(packet: &[u8]) -> Option<usize> {
    let first = *packet.first()?;
    let length = usize::from(first & 0xF) * 4;
    (first >> 4 == 4 && length >= 20 && packet.len() >= length).then_some(length)
}

/// Returns a UDP packet, for tests.
#[cfg(test)]
pub fn udp_packet(from: (Ipv4Addr, u16), to: (Ipv4Addr, u16), payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 28];
    packet[0] = 0x45;
    packet[2..4].copy_from_slice(&((28 + payload.len()) as u16).to_be_bytes());
    packet[8] = 64;
    packet[9] = UDP;
    packet[12..16].copy_from_slice(&from.0.octets());
    packet[16..20].copy_from_slice(&to.0.octets());
    packet[20..22].copy_from_slice(&from.1.to_be_bytes());
    packet[22..24].copy_from_slice(&to.1.to_be_bytes());
    packet[24..26].copy_from_slice(&((8 + payload.len()) as u16).to_be_bytes());
    packet.extend(payload);
    let ip = checksum(&packet[..20]);
    packet[10..12].copy_from_slice(&ip.to_be_bytes());
    let udp = udp_checksum(&packet);
    packet[26..28].copy_from_slice(&udp.to_be_bytes());
    packet
}

/// Returns the checksum that a UDP packet ought to have, for tests.
#[cfg(test)]
pub fn udp_checksum(packet: &[u8]) -> u16 {
    let mut covered = packet[12..20].to_vec();
    covered.extend([0, UDP]);
    covered.extend(&packet[24..26]);
    covered.extend(&packet[20..26]);
    covered.extend([0, 0]);
    covered.extend(&packet[28..]);
    checksum(&covered)
}

#[cfg(test)]
fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);
    const SERVER: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

    #[test]
    fn a_rewritten_packet_has_the_right_checksums() {
        let mut packet = udp_packet((CLIENT, 50_000), (SERVER, 9), b"odd");
        rewrite(&mut packet, End::Source, Ipv4Addr::new(192, 168, 254, 99), 1);
        assert_eq!(packet, udp_packet((Ipv4Addr::new(192, 168, 254, 99), 1), (SERVER, 9), b"odd"));
        assert_eq!(packet[26..28], udp_checksum(&packet).to_be_bytes());
        rewrite(&mut packet, End::Source, CLIENT, 50_000);
        assert_eq!(packet, udp_packet((CLIENT, 50_000), (SERVER, 9), b"odd"));
    }

    #[test]
    fn what_is_no_ipv4_packet_is_left_alone() {
        for packet in [&b""[..], &[0x45], &[0x60; 60], &[0x41; 60], &[0xFF; 20]] {
            assert!(!is_udp(packet) && !is_unicast(packet) && port(packet, End::Source).is_none());
        }
        let multicast = udp_packet((CLIENT, 5353), (Ipv4Addr::new(224, 0, 0, 251), 5353), b"");
        assert!(!is_unicast(&multicast) && is_udp(&multicast));
    }
}
