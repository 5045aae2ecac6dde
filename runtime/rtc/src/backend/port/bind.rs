//! Sockets of all local addresses on one number.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

use socket2::SockRef;

/// Numbers that are tried where the system chooses one.
const MAX_ATTEMPTS: usize = 8;
/// What the system may keep of all connections together until it is read, bytes. It grants less where its own limit is lower.
const RECEIVE_BUFFER: usize = 4 << 20;
/// The same until it is sent: what finds no room is lost.
const SEND_BUFFER: usize = 2 << 20;

/// The sockets of one address.
pub struct Bound {
    pub address: IpAddr,
    pub number: u16,
    pub udp: UdpSocket,
    /// `None` where another program listens on the number.
    pub tcp: Option<TcpListener>,
}

/// Binds each of the addresses to the number. Where it is 0, one that is free on all of them is looked for.
pub fn all(addresses: &[IpAddr], number: u16, with_tcp: bool) -> Vec<io::Result<Bound>> {
    let complete = |bound: &[io::Result<Bound>]| {
        bound.iter().all(|bound| bound.as_ref().is_ok_and(|bound| bound.tcp.is_some() || !with_tcp))
    };
    let attempts = if number == 0 { MAX_ATTEMPTS } else { 1 };
    let mut bound = Vec::new();
    for _ in 0..attempts {
        bound = attempt(addresses, number, with_tcp);
        if complete(&bound) {
            break;
        }
    }
    for bound in &bound {
        match bound {
            Err(error) => tracing::warn!(%error, "no socket for media"),
            Ok(bound) if with_tcp && bound.tcp.is_none() => {
                tracing::warn!(address = %bound.address, port = bound.number, "media cannot go over TCP: the port is in use");
            }
            Ok(_) => {}
        }
    }
    bound
}

fn attempt(addresses: &[IpAddr], mut number: u16, with_tcp: bool) -> Vec<io::Result<Bound>> {
    let mut all = Vec::with_capacity(addresses.len());
    for address in addresses {
        let bound = one(*address, number, with_tcp);
        if let Ok(bound) = &bound {
            number = bound.number;
        }
        all.push(bound);
    }
    all
}

fn one(address: IpAddr, number: u16, with_tcp: bool) -> io::Result<Bound> {
    let at = SocketAddr::new(address, number);
    let udp = UdpSocket::bind(at).map_err(|error| io::Error::new(error.kind(), format!("UDP {at}: {error}")))?;
    let number = udp.local_addr()?.port();
    let reference = SockRef::from(&udp);
    // Best effort: a smaller buffer loses more in a burst.
    let _ = reference.set_recv_buffer_size(RECEIVE_BUFFER);
    let _ = reference.set_send_buffer_size(SEND_BUFFER);
    udp.set_nonblocking(true)?;
    let tcp = match with_tcp.then(|| TcpListener::bind(SocketAddr::new(address, number))) {
        Some(Ok(listener)) => {
            listener.set_nonblocking(true)?;
            Some(listener)
        }
        _ => None,
    };
    Ok(Bound { address, number, udp, tcp })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn all_addresses_have_the_same_number_for_udp_and_tcp() {
        let addresses = [Ipv4Addr::new(127, 0, 0, 1).into(), Ipv4Addr::new(127, 0, 0, 2).into()];
        let bound: Vec<Bound> = all(&addresses, 0, true).into_iter().map(Result::unwrap).collect();
        let number = bound[0].number;
        assert!(number != 0 && bound.iter().all(|bound| bound.number == number), "{number}");
        let again = all(&addresses[..1], number, true);
        assert!(again[0].is_err(), "the port is held");
    }

    #[test]
    fn without_tcp_there_is_udp() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let number = listener.local_addr().unwrap().port();
        if let [Ok(bound)] = &all(&[Ipv4Addr::LOCALHOST.into()], number, true)[..] {
            assert!(bound.tcp.is_none() && bound.number == number);
        }
    }
}
