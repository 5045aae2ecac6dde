//! Where a connection's sockets are.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::port::Registration;
use super::ports::Port;
use crate::sdp::LocalCandidates;

/// Where a connection's sockets are.
pub enum Place {
    /// On a port of its own.
    Own(Port),
    /// On the port that all connections share.
    Shared(Arc<Registration>),
}

impl Place {
    /// What the library has to bind.
    pub fn addresses(&self, local: &[IpAddr]) -> Vec<SocketAddr> {
        match self {
            Self::Own(port) => local.iter().map(|address| SocketAddr::new(*address, port.number())).collect(),
            // Only the addresses matter.
            Self::Shared(registration) => registration.addresses().map(|address| SocketAddr::new(address, 0)).collect(),
        }
    }

    /// Where the peer reaches it by UDP.
    pub fn hosts(&self, local: &[IpAddr]) -> Vec<SocketAddr> {
        let number = match self {
            Self::Own(port) => port.number(),
            Self::Shared(registration) => registration.number(),
        };
        self.addresses(local).into_iter().map(|address| SocketAddr::new(address.ip(), number)).collect()
    }

    /// The connection's part of the port that all share.
    pub fn registration(&self) -> Option<&Arc<Registration>> {
        match self {
            Self::Own(_) => None,
            Self::Shared(registration) => Some(registration),
        }
    }

    /// What the answer's candidates have besides the library's.
    pub fn candidates(&self, public: &[IpAddr]) -> LocalCandidates {
        let public = public.to_vec();
        match self {
            Self::Own(port) => {
                let port = Some(port.number()).filter(|number| *number != 0);
                LocalCandidates { public, port, ..LocalCandidates::default() }
            }
            Self::Shared(registration) => LocalCandidates {
                stands_for: registration.stands_for(),
                public,
                port: Some(registration.number()),
                tcp: registration.tcp().to_vec(),
            },
        }
    }
}
