//! The handlers of `guest-examples`: what each does to pictures, that it goes on doing just that, and that the prebuilt
//! components are those of the sources.
//!
//! | module | what it holds |
//! |---|---|
//! | `meaning` | what each handler does, told from its output |
//! | `golden` | digests of outputs, so that a change is seen |
//! | `cost` | fuel for a frame, which grows many times when a loop no longer runs in vectors |
//! | `languages` | the examples in other languages than Rust |
//! | `sources` | prebuilt components and their sources |
//! | `handler`, `photographs`, `pictures`, `clips`, `codes` | what the tests share |

mod clips;
mod codes;
mod cost;
mod golden;
mod handler;
mod languages;
mod meaning;
mod photographs;
mod pictures;
mod sources;
