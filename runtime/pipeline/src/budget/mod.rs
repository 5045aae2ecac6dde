//! What a session may use, and what happens when it uses more. Plain structs: time comes in as an argument.
//!
//! | module | what it holds |
//! |---|---|
//! | `settings` | [`Budgets`]: the limits of a session |
//! | [`token_bucket`] | a rate with savings and debt |
//! | [`cost_estimate`] | what a call costs on average |
//! | `tracker` | buckets, estimate and degradation of one session |
//! | [`degradation`] | the steps taken when a session costs too much |
//! | [`breaker`] | pauses a handler that keeps failing |
//! | [`fair_share`] | who skips first when the node is over its capacity |

pub mod breaker;
pub mod cost_estimate;
pub mod degradation;
pub mod fair_share;
mod settings;
pub mod token_bucket;
pub(crate) mod tracker;

pub use settings::Budgets;
