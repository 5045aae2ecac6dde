//! An impaired wire in user space: what `sch_netem` does, where the kernel has none.
//!
//! **What a packet meets is decided by plain structs that take the time and a seed; only [`Pump`] has a clock.**
//!
//! | module | what it holds |
//! |---|---|
//! | [`profile`] | what one direction does to packets |
//! | [`link`] | one direction: queue, losses, delay |
//! | [`nat`] | a NAT whose mapping changes |
//! | [`packet`] | IPv4 and UDP headers |
//! | [`random`] | random numbers from a seed |
//! | [`pump`] | the thread that moves packets between two devices |

pub mod link;
pub mod nat;
pub mod packet;
pub mod profile;
pub mod pump;
pub mod random;

pub use link::{Counts, Link};
pub use profile::{Bursts, Gaps, Profile, Queue};
pub use pump::Pump;
