//! UDP ports out of a range, each of which one connection holds at a time.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Error;

/// The ports that may be used.
pub struct Ports {
    range: Option<RangeInclusive<u16>>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    /// Numbers of the ports that connections hold.
    ports: HashSet<u16>,
    /// Index in the range at which the next search begins: a port that was given back is used again as late as possible, so
    /// that packets of its last connection do not arrive at the next one.
    next: usize,
}

/// A port that no other connection gets until this is dropped.
pub struct Port {
    ports: Arc<Ports>,
    number: u16,
}

impl Ports {
    /// Ports of a range; `None` lets the system choose.
    pub fn new(range: Option<RangeInclusive<u16>>) -> Self {
        Self { range, taken: Mutex::default() }
    }

    /// Takes a port that is free on all addresses.
    ///
    /// # Errors
    /// [`Error::NoPort`] when there is none.
    pub fn take(self: &Arc<Self>, addresses: &[IpAddr]) -> Result<Port, Error> {
        let Some(range) = self.range.clone() else { return Ok(Port { ports: self.clone(), number: 0 }) };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let size = range.len();
        for step in 0..size {
            let index = (taken.next + step) % size;
            let Some(number) = range.clone().nth(index) else { break };
            let free = |address: &IpAddr| UdpSocket::bind(SocketAddr::new(*address, number)).is_ok();
            if !taken.ports.contains(&number) && addresses.iter().all(free) {
                taken.ports.insert(number);
                taken.next = index + 1;
                return Ok(Port { ports: self.clone(), number });
            }
        }
        Err(Error::NoPort)
    }
}

impl Port {
    /// Its number; 0 lets the system choose.
    pub fn number(&self) -> u16 {
        self.number
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.ports.taken.lock().unwrap_or_else(PoisonError::into_inner).ports.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_port_is_held_once_and_given_back() {
        let local = [IpAddr::from([127, 0, 0, 1])];
        // A range around a port that another socket holds.
        let other = UdpSocket::bind((local[0], 0)).unwrap();
        let middle = other.local_addr().unwrap().port().clamp(3, 65533);
        let ports = Arc::new(Ports::new(Some(middle - 2..=middle + 2)));
        let held: Vec<Port> = std::iter::from_fn(|| ports.take(&local).ok()).collect();
        let numbers: HashSet<u16> = held.iter().map(Port::number).collect();
        assert!(!held.is_empty() && numbers.len() == held.len() && !numbers.contains(&middle));
        let given_back = held[0].number();
        drop(held.into_iter().next());
        assert!(ports.take(&local).is_ok(), "{given_back} is free again");
    }

    #[test]
    fn without_a_range_the_system_chooses() {
        assert_eq!(Arc::new(Ports::new(None)).take(&[]).map(|port| port.number()).unwrap(), 0);
    }
}
