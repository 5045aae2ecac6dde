//! Signalling: one module a protocol.
//!
//! | module | what it holds |
//! |---|---|
//! | `fastrtc`, `viewers` | offers as FastRTC's clients send them: round trips, and viewers of streams |
//! | `whip`, `whep` | publishing and watching by WHIP and WHEP |
//! | `resource`, `entity_tag` | what these two have in common |
//! | `rate_limit` | how often a client may ask |
//! | `signal`, `failure` | bodies of requests and of errors, as FastRTC has them |

mod entity_tag;
pub mod failure;
pub mod fastrtc;
pub mod rate_limit;
pub mod resource;
mod signal;
pub mod viewers;
pub mod whep;
pub mod whip;
