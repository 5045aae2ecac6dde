//! Where and how peers are reached.

use std::net::IpAddr;
use std::ops::RangeInclusive;

/// Settings of a [`Transport`](crate::Transport).
#[derive(Clone, Debug)]
pub struct Settings {
    /// UDP ports for media; `None` lets the system choose. A connection holds one port on each of the addresses.
    pub udp_ports: Option<RangeInclusive<u16>>,
    /// Local addresses on which media is exchanged; if empty, those of all interfaces, loopback included.
    pub addresses: Vec<IpAddr>,
    /// STUN and TURN servers, `stun:host:port`, `turn:user:password@host:port`.
    pub ice_servers: Vec<String>,
    /// Highest bit rate that [`ConnectionEvents::bitrate`](crate::ConnectionEvents::bitrate) allows, b/s.
    pub max_bitrate: u32,
    /// Bit rate at the start, b/s.
    pub start_bitrate: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            udp_ports: None,
            addresses: Vec::new(),
            ice_servers: Vec::new(),
            max_bitrate: 2_500_000,
            start_bitrate: 1_500_000,
        }
    }
}
