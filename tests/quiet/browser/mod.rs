//! The page in a real browser: what a person sees and does.
//!
//! | module | what it holds |
//! |---|---|
//! | [`transform`] | camera in, video out |
//! | [`receive`] | video out, without a camera |
//! | [`send`] | camera in, values out |
//! | [`settings`] | parameters of each kind, presets, and the outputs and the log that tell of them |
//! | [`strip`] | the strip of frames, and the policies for skipping |
//! | [`upload`] | a component dropped on the page, and another version of it while it runs |
//! | [`dev`] | an author edits while the page is open |
//! | [`hand`] | what a person does |

mod dev;
mod hand;
mod receive;
mod send;
mod settings;
mod strip;
mod transform;
mod upload;
