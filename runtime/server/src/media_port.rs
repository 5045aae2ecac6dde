//! Whether the configured port of media is free, asked before anybody connects.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use anyhow::Context;

use crate::config::WebRtc;

/// Checks that the port can be bound on every address of media.
///
/// # Errors
/// Names the address and the port, and what to do.
pub fn check(webrtc: &WebRtc) -> anyhow::Result<()> {
    for (address, protocol) in wanted(webrtc) {
        bind(address, protocol).with_context(|| {
            format!("cannot use {} {address} for media; choose another --media-port (webrtc.port)", protocol.name())
        })?;
    }
    for address in &webrtc.addresses {
        bind(SocketAddr::new(*address, 0), Protocol::Udp).with_context(|| {
            format!("cannot use {address} for media; webrtc.addresses must be addresses of this machine")
        })?;
    }
    Ok(())
}

/// A protocol under ICE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

impl Protocol {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

/// Returns the addresses that media is to use on the configured port; none where the system chooses the port.
pub fn wanted(webrtc: &WebRtc) -> Vec<(SocketAddr, Protocol)> {
    if webrtc.port == 0 {
        return Vec::new();
    }
    let any = [IpAddr::V4(Ipv4Addr::UNSPECIFIED)];
    let addresses = if webrtc.addresses.is_empty() { &any[..] } else { &webrtc.addresses };
    let protocols = if webrtc.tcp { &[Protocol::Udp, Protocol::Tcp][..] } else { &[Protocol::Udp] };
    let of = |address: &IpAddr| {
        let address = SocketAddr::new(*address, webrtc.port);
        protocols.iter().map(move |protocol| (address, *protocol))
    };
    addresses.iter().flat_map(of).collect()
}

/// Tries to bind an address, and gives it back.
///
/// # Errors
/// Those of the system.
pub fn bind(address: SocketAddr, protocol: Protocol) -> io::Result<()> {
    match protocol {
        Protocol::Udp => UdpSocket::bind(address).map(drop),
        Protocol::Tcp => TcpListener::bind(address).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_named() {
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let taken = UdpSocket::bind((local, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let webrtc = WebRtc { addresses: vec![local], port, ..WebRtc::default() };
        let error = check(&webrtc).unwrap_err().to_string();
        assert!(error.contains(&format!("UDP 127.0.0.1:{port}")) && error.contains("--media-port"), "{error}");
        assert!(check(&WebRtc { port: 0, ..webrtc }).is_ok());
    }

    #[test]
    fn an_address_of_another_machine_is_named() {
        let webrtc = WebRtc { addresses: vec![IpAddr::from([192, 0, 2, 200])], ..WebRtc::default() };
        assert!(check(&webrtc).unwrap_err().to_string().contains("192.0.2.200"));
    }
}
