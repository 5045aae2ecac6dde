//! The handlers of `guest-examples`: what each does to pictures, that this does not change, and that the prebuilt
//! components match their sources.
//!
//! | module | what it holds |
//! |---|---|
//! | `meaning` | what each handler does, judged by its output |
//! | `golden` | digests of outputs, which detect changes |
//! | `cost` | fuel for a frame, which detects loops that are no longer vectorized |
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
