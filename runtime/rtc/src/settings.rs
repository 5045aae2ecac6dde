//! Where and how peers are reached.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use framebox_media::Codec;

/// Settings of a [`Transport`](crate::Transport).
#[derive(Clone, Debug)]
pub struct Settings {
    /// UDP ports for media, of which each connection holds one on each of the addresses; `None` lets all connections share
    /// [`udp_port`](Self::udp_port).
    pub udp_ports: Option<RangeInclusive<u16>>,
    /// The UDP port that all connections share where there is no range; with 0 the system chooses it at the first offer.
    pub udp_port: u16,
    /// Whether media may also go over TCP, on the number of the UDP port, for peers that UDP does not reach.
    pub tcp: bool,
    /// Local addresses on which media is exchanged; if empty, those of all interfaces, loopback included.
    pub addresses: Vec<IpAddr>,
    /// Addresses under which the port is reached from outside, where a router or a cloud translates them (NAT 1:1). The
    /// answer names them beside the local ones.
    pub public_addresses: Vec<IpAddr>,
    /// STUN and TURN servers, `stun:host:port`, `turn:user:password@host:port`.
    pub ice_servers: Vec<String>,
    /// Codecs that are taken, the preferred one first; those that are not [available](Codec::is_available) are passed over.
    pub codecs: Vec<Codec>,
    /// Highest bit rate that [`ConnectionEvents::bitrate`](crate::ConnectionEvents::bitrate) allows, b/s.
    pub max_bitrate: u32,
    /// Bit rate at the start, b/s.
    pub start_bitrate: u32,
    /// Silence after which a connection that was there has failed. Until then it recovers when the path does.
    pub disconnect_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            udp_ports: None,
            udp_port: 0,
            tcp: true,
            addresses: Vec::new(),
            public_addresses: Vec::new(),
            ice_servers: Vec::new(),
            codecs: Codec::ALL.to_vec(),
            max_bitrate: 2_500_000,
            start_bitrate: 1_500_000,
            disconnect_timeout: Duration::from_secs(30),
        }
    }
}
