//! Packets, as they come from the network and out of decryption. The RTP library parses them; the first two kinds it parses for
//! anybody who reaches a port.

use bytes::Bytes;
use rtc::datachannel::message::Message;
use rtc::dtls::handshake::Handshake;
use rtc::dtls::record_layer::RecordLayer;
use rtc::shared::marshal::Unmarshal as _;

use crate::allocation::{FIXED, within};

/// Largest datagram that arrives, bytes.
const MAX_DATAGRAM: usize = 2048;

/// Parsing takes memory by the packet's length: neither counts nor lengths in it are believed. The first byte says what kind of
/// packet follows.
pub fn run(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let packet = &data[..data.len().min(MAX_DATAGRAM)];
    match kind % 5 {
        0 => stun(packet),
        1 => dtls(packet),
        2 => rtp(packet),
        3 => rtcp(packet),
        _ => within(limit(packet), || {
            let _ = Message::unmarshal(&mut Bytes::copy_from_slice(packet));
        }),
    }
}

fn limit(packet: &[u8]) -> usize {
    FIXED + 256 * packet.len()
}

fn stun(packet: &[u8]) {
    within(limit(packet), || {
        let mut message = rtc::stun::message::Message::new();
        if message.unmarshal_binary(packet).is_ok() {
            let attributes = &message.attributes.0;
            assert!(attributes.len() <= packet.len() / 4, "an attribute has four bytes at least");
            assert!(attributes.iter().map(|attribute| attribute.value.len()).sum::<usize>() <= packet.len());
        }
    });
}

/// Length that a field of a handshake message can state, 24 bits: rtc-dtls 0.21.1 makes room for one certificate before it sees
/// that there is none. It frees it at once, and the rate of handshake packets is bounded.
const STATED: usize = 1 << 24;

fn dtls(packet: &[u8]) {
    within(limit(packet) + STATED, || {
        let _ = RecordLayer::unmarshal(&mut &*packet);
        let _ = Handshake::unmarshal(&mut &*packet);
    });
}

fn rtp(packet: &[u8]) {
    within(limit(packet), || {
        if let Ok(read) = rtc::rtp::packet::Packet::unmarshal(&mut Bytes::copy_from_slice(packet)) {
            assert!(read.payload.len() <= packet.len());
            assert!(read.header.csrc.len() <= 15 && read.header.extensions.len() <= packet.len());
        }
    });
}

fn rtcp(packet: &[u8]) {
    within(limit(packet), || {
        if let Ok(packets) = rtc::rtcp::packet::unmarshal(&mut Bytes::copy_from_slice(packet)) {
            assert!(packets.len() <= packet.len() / 4, "a packet has four bytes at least");
        }
    });
}
