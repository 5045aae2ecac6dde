//! Tries STUN and TURN servers as a client does.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use framebox_server::config::ice_url::IceUrl;
use rtc::sansio::Protocol;
use rtc::shared::{TransportContext, TransportMessage, TransportProtocol};
use rtc::turn::client::{Client, ClientConfig, Event};

/// Longest time for one server.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes before the attributes of a STUN message (RFC 8489 section 5).
const STUN_HEADER: usize = 20;

/// What a server does for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The address at which it sees us.
    pub seen: Option<IpAddr>,
    /// The address at which it relays for us.
    pub relayed: Option<SocketAddr>,
}

/// Asks a server for our address, and one that relays for an allocation with `login`, user and password.
///
/// # Errors
/// What does not work.
pub fn try_server(url: &IceUrl, login: Option<(&str, &str)>) -> anyhow::Result<Found> {
    let mut addresses =
        (url.host.as_str(), url.port).to_socket_addrs().with_context(|| format!("{} has no address", url.host))?;
    let server = addresses.next().ok_or_else(|| anyhow!("{} has no address", url.host))?;
    let mut socket = Socket::connect(server, url.tcp).with_context(|| format!("{server} cannot be reached"))?;
    if url.scheme.is_secure() {
        // What is behind TLS is the same as without; its certificate is the browsers' matter.
        return Ok(Found { seen: None, relayed: None });
    }
    let (username, password) = login.unwrap_or_default();
    let protocol = if url.tcp { TransportProtocol::TCP } else { TransportProtocol::UDP };
    let config = ClientConfig {
        stun_serv_addr: server.to_string(),
        turn_serv_addr: server.to_string(),
        local_addr: socket.local()?,
        transport_protocol: protocol,
        username: username.to_owned(),
        password: password.to_owned(),
        realm: String::new(),
        software: String::new(),
        rto_in_ms: 0,
        allocation_refresh_interval_cap: None,
    };
    let provider = rtc::crypto::default_provider().map_err(|error| anyhow!("{error}"))?;
    let mut client = Client::new(config, provider)?;
    let relays = url.scheme.relays();
    if relays {
        client.allocate(Instant::now())?;
    } else {
        client.send_binding_request(Instant::now())?;
    }
    let begin = Instant::now();
    let mut found = Found { seen: None, relayed: None };
    while begin.elapsed() < PATIENCE {
        while let Some(message) = client.poll_write() {
            socket.send(&message.message)?;
        }
        while let Some(event) = client.poll_event() {
            match event {
                Event::BindingResponse(_, seen) => {
                    // Gives the allocation back; whether that arrives is of no matter.
                    if let Some(relayed) = found.relayed {
                        let _ = client.relay(relayed).and_then(|mut relay| relay.close(Instant::now()));
                        while let Some(message) = client.poll_write() {
                            let _ = socket.send(&message.message);
                        }
                    }
                    return Ok(Found { seen: Some(seen.ip()), ..found });
                }
                Event::AllocateResponse(_, relayed) => {
                    found.relayed = Some(relayed);
                    client.send_binding_request(Instant::now())?;
                }
                Event::AllocateError(_, error) => bail!(
                    "it allocates no relay ({error}): compare its secret (static-auth-secret) or user and password, and its \
                     clock"
                ),
                Event::BindingError(_, error) => bail!("it does not say our address: {error}"),
                Event::TransactionTimeout(_) if found.relayed.is_none() => bail!("{server} does not answer"),
                _ => {}
            }
        }
        if let Some(message) = socket.receive()? {
            let transport = TransportContext {
                local_addr: socket.local()?,
                peer_addr: server,
                transport_protocol: protocol,
                ecn: None,
            };
            client.handle_read(TransportMessage { now: Instant::now(), transport, message: message[..].into() })?;
        }
        client.handle_timeout(Instant::now())?;
    }
    if found.relayed.is_some() { Ok(found) } else { Err(anyhow!("{server} does not answer")) }
}

/// A socket that waits for a short time.
enum Socket {
    Udp(UdpSocket),
    Tcp(TcpStream, Vec<u8>),
}

impl Socket {
    const WAIT: Duration = Duration::from_millis(50);

    fn connect(server: SocketAddr, tcp: bool) -> std::io::Result<Self> {
        if tcp {
            let stream = TcpStream::connect_timeout(&server, PATIENCE)?;
            stream.set_read_timeout(Some(Self::WAIT))?;
            return Ok(Self::Tcp(stream, Vec::new()));
        }
        let local: IpAddr = if server.is_ipv4() { [0, 0, 0, 0].into() } else { [0u16; 8].into() };
        let socket = UdpSocket::bind((local, 0))?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(Self::WAIT))?;
        Ok(Self::Udp(socket))
    }

    fn local(&self) -> std::io::Result<SocketAddr> {
        match self {
            Self::Udp(socket) => socket.local_addr(),
            Self::Tcp(stream, _) => stream.local_addr(),
        }
    }

    fn send(&mut self, message: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send(message).map(drop),
            Self::Tcp(stream, _) => stream.write_all(message),
        }
    }

    /// The next message; `None` while there is none.
    fn receive(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        let mut part = vec![0; 2048];
        let read = match self {
            Self::Udp(socket) => socket.recv(&mut part),
            Self::Tcp(stream, _) => stream.read(&mut part),
        };
        match (read, self) {
            (Err(error), _)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                Ok(None)
            }
            (Err(error), _) => Err(error).context("the server does not answer"),
            (Ok(length), Self::Udp(_)) => Ok(Some(part[..length].to_vec())),
            (Ok(0), Self::Tcp(..)) => bail!("the server closed the connection"),
            (Ok(length), Self::Tcp(_, buffer)) => {
                buffer.extend_from_slice(&part[..length]);
                let [_, _, high, low, ..] = buffer[..] else { return Ok(None) };
                let whole = STUN_HEADER + usize::from(u16::from_be_bytes([high, low]));
                Ok((buffer.len() >= whole).then(|| buffer.drain(..whole).collect()))
            }
        }
    }
}
