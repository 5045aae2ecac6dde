//! What the server and a worker process say to each other over a stream socket (unix(7)).
//!
//! Each message is its length (four bytes, little-endian, without themselves), a byte that says what follows, and that: a
//! coded frame or a file in binary form, or a message as JSON. Descriptors travel beside the message that names them.

mod framing;
mod message;
mod time;

pub(crate) use framing::{Incoming, MAX_IMAGE, Outgoing, parse};
pub(crate) use message::{FromWorker, Start, ToWorker};
pub(crate) use time::{from_nanos, to_nanos};
