//! The thread that moves packets between two devices.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::link::{Counts, Link};
use super::nat::Nat;
use super::packet::is_unicast;
use super::profile::Profile;
use crate::calls;

/// Packets that are read from a device before those that are due are written.
const BATCH: usize = 32;
/// Longest sleep, so that a change by another thread is seen.
const LONGEST: Duration = Duration::from_millis(10);

/// A running wire. Dropping it cuts the wire.
pub struct Pump {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    start: Instant,
    ends: AtomicBool,
    path: Mutex<Path>,
}

/// Both directions.
struct Path {
    up: Link,
    down: Link,
    nat: Nat,
}

impl Pump {
    /// Joins the device of the server and that of the client.
    pub fn start(server: File, client: File, up: Profile, down: Profile, seed: u64) -> std::io::Result<Self> {
        let path = Path { up: Link::new(up, seed), down: Link::new(down, !seed), nat: Nat::default() };
        let shared = Shared { start: Instant::now(), ends: AtomicBool::new(false), path: Mutex::new(path) };
        let shared = Arc::new(shared);
        let pumped = shared.clone();
        let thread = std::thread::Builder::new().name("wire".to_owned()).spawn(move || {
            calls::be_punctual();
            pumped.pump(server, client);
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Starts the schedules of both directions.
    pub fn start_schedule(&self) {
        let now = self.shared.start.elapsed();
        let mut path = self.shared.path();
        path.up.start_schedule(now);
        path.down.start_schedule(now);
    }

    /// Lets the UDP of `client` come from `outer` from now on, and from other ports.
    pub fn rebind(&self, client: Ipv4Addr, outer: Ipv4Addr) {
        self.shared.path().nat.rebind(client, outer);
    }

    /// Returns what became of the packets: to the server, and to the client.
    pub fn counts(&self) -> (Counts, Counts) {
        let path = self.shared.path();
        (path.up.counts(), path.down.counts())
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        // A panic of the thread was printed already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn path(&self) -> MutexGuard<'_, Path> {
        self.path.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pump(&self, mut server: File, mut client: File) {
        let mut buffer = vec![0; 65_536];
        while !self.ends.load(Ordering::Relaxed) {
            let next = {
                let mut path = self.path();
                let Path { up, down, nat } = &mut *path;
                let now = self.start.elapsed();
                read(&mut client, &mut buffer, |packet| {
                    nat.outgoing(packet);
                    up.push(now, packet.to_vec());
                });
                read(&mut server, &mut buffer, |packet| {
                    if nat.incoming(packet) {
                        down.push(now, packet.to_vec());
                    }
                });
                let now = self.start.elapsed();
                // A device that is down takes nothing: the packet is lost.
                while let Some(packet) = up.pop(now) {
                    let _ = server.write(&packet);
                }
                while let Some(packet) = down.pop(now) {
                    let _ = client.write(&packet);
                }
                up.next().into_iter().chain(down.next()).min()
            };
            let sleep = next.map_or(LONGEST, |next| next.saturating_sub(self.start.elapsed()).min(LONGEST));
            calls::wait_for_input([server.as_fd(), client.as_fd()], sleep);
        }
    }
}

/// Reads what a device has.
fn read(device: &mut File, buffer: &mut [u8], mut take: impl FnMut(&mut [u8])) {
    for _ in 0..BATCH {
        match device.read(buffer) {
            Ok(length) if length > 0 => {
                if is_unicast(&buffer[..length]) {
                    take(&mut buffer[..length]);
                }
            }
            // Nothing more for now, or the device is gone.
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::wire::packet::udp_packet;

    const CLIENT: (Ipv4Addr, u16) = (Ipv4Addr::new(10, 77, 0, 2), 40_000);
    const SERVER: (Ipv4Addr, u16) = (Ipv4Addr::new(10, 77, 0, 1), 9);
    const OUTER: (Ipv4Addr, u16) = (Ipv4Addr::new(10, 77, 0, 3), 47_777);

    /// A device and its other end, where a packet is a datagram.
    fn device() -> (File, UnixDatagram) {
        let (device, end) = UnixDatagram::pair().unwrap();
        device.set_nonblocking(true).unwrap();
        (OwnedFd::from(device).into(), end)
    }

    fn receive(end: &UnixDatagram) -> Vec<u8> {
        let mut buffer = [0; 2000];
        let length = end.recv(&mut buffer).unwrap();
        buffer[..length].to_vec()
    }

    #[test]
    fn packets_pass_both_ways_and_the_nat_is_in_between() {
        let ((server, at_server), (client, at_client)) = (device(), device());
        let delayed = Profile { delay: Duration::from_millis(2), ..Profile::default() };
        let pump = Pump::start(server, client, delayed.clone(), delayed, 1).unwrap();

        let (question, answer) = (udp_packet(CLIENT, SERVER, b"?"), udp_packet(SERVER, CLIENT, b"!"));
        at_client.send(&question).unwrap();
        assert_eq!(receive(&at_server), question);
        at_server.send(&answer).unwrap();
        assert_eq!(receive(&at_client), answer);

        pump.rebind(CLIENT.0, OUTER.0);
        at_client.send(&question).unwrap();
        assert_eq!(receive(&at_server), udp_packet(OUTER, SERVER, b"?"));
        at_server.send(&answer).unwrap();
        at_server.send(&udp_packet(SERVER, OUTER, b"new")).unwrap();
        assert_eq!(receive(&at_client), udp_packet(SERVER, CLIENT, b"new"), "the former mapping is gone");

        let (up, down) = pump.counts();
        assert_eq!((up.delivered, down.delivered), (2, 2));
    }
}
