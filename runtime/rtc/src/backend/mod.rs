//! The implementation on the `webrtc` crate.
//!
//! | module | what it holds |
//! |---|---|
//! | `answer` | [`WebRtc`]: from an offer to an answer |
//! | `offered` | [`Offered`]: offers of this side's own |
//! | `setup` | the library, set up for one connection |
//! | `formats` | the negotiated format in the library's terms |
//! | `network` | local addresses, STUN and TURN servers |
//! | `place` | where a connection's sockets are |
//! | `port` | the one port that all connections share |
//! | `ports` | UDP ports out of a range |
//! | `negotiation` | later offers of the same peer |
//! | `connection` | the connection that was answered |
//! | `shared` | what the tasks of a connection share, and how they end |
//! | `handler` | the library's events |
//! | `closing` | notices when the peer or the library ends the connection |
//! | `tracks` | video both ways |
//! | `channel` | the data channel |
//! | [`interceptor`] | the links of the library's chain that every packet passes |
//! | `runtime` | tokio, with an owner for the library's tasks |
//! | `socket` | sockets that read and send what the connection may |

mod answer;
mod channel;
mod closing;
mod connection;
mod formats;
mod handler;
pub mod interceptor;
mod negotiation;
mod network;
mod offered;
mod place;
mod port;
mod ports;
mod runtime;
mod setup;
mod shared;
mod socket;
mod tracks;

pub use answer::WebRtc;
pub use channel::MAX_MESSAGE_BYTES;
pub use offered::Offered;
