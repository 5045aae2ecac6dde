//! The sessions of this server.
//!
//! | module | what it holds |
//! |---|---|
//! | [`offer`] | answers an offer: from an SDP text to an active session |
//! | `fair_share` | who leaves a full table for whom |
//! | `table` | [`Sessions`]: sessions by id, never more than the limit |
//! | [`owner`] | whom a session belongs to, and who has access to it |
//! | `active` | [`ActiveSession`]: supervises one session until everything that it held is freed |
//! | [`connection`], `ends` | connects a peer with the pipeline of its session |
//! | [`ingress`] | from the publisher to the pipeline: frames, and requests for keyframes |
//! | `splice` | continues the times of pictures over a change of sessions; pure |
//! | [`egress`] | from a rendition to the viewer: frames, wishes, times |
//! | [`control`], `data_channel` | parameters, policy, values, notices, log; messages to the client |
//! | [`lifecycle`], `media_ports` | decides when a session is over; says why |
//! | `restart` | later offers of a session's client, by which it restarts ICE |
//! | [`follower`] | moves sessions to the version that they are to run |
//! | [`outputs`] | passes additional outputs to readers over HTTP |
//! | [`handler_log`] | keeps the handler's log |
//! | [`requests`] | requests that wait for a change of parameters |
//! | `candidates` | ICE candidates that arrive before their offer is answered |
//! | `throttle` | limits repeated notices |

mod active;
mod candidates;
pub mod connection;
pub mod control;
pub mod data_channel;
pub mod egress;
pub mod ends;
pub mod fair_share;
pub mod follower;
pub mod handler_log;
pub mod ingress;
pub mod lifecycle;
pub mod media_ports;
pub mod offer;
pub mod outputs;
pub mod owner;
pub mod requests;
pub mod restart;
pub mod splice;
mod table;
mod throttle;
pub mod watchdog;

pub use active::ActiveSession;
pub use candidates::PendingCandidates;
pub use table::{Found, Rejection, Reservation, Sessions};
