//! Whole-system tests that need the machine for themselves, one at a time: a browser that encodes and decodes video, and
//! hostile components whose effect on a neighbour is measured.
//!
//! | module | what it tests |
//! |---|---|
//! | [`browser`] | the page in a real browser |
//! | [`hostile`] | hostile components beside a well-behaved session |

#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "tests sleep and start tasks")]

mod browser;
mod hostile;
