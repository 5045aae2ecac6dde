//! The page in a real browser: what a person sees and does.
//!
//! | module | what it holds |
//! |---|---|
//! | [`transform`] | camera in, video out |
//! | [`receive`] | video out, without a camera |
//! | [`send`] | camera in, values out |
//! | [`settings`] | parameters of each kind, presets, outputs of each kind, the log |
//! | [`streams`] | watched, shared, published |
//! | [`inputs`] | a file or the screen in place of the camera |
//! | [`timeline`] | the timeline of frames, and the policies for skipping |
//! | [`upload`] | a component dropped on the page, and another version of it while it runs |
//! | [`dev`] | an author edits while the page is open |
//! | [`vp8`] | browsers without H.264: Firefox and Chromium |
//! | [`offers`] | offers as other clients write them |
//! | [`actions`] | what a person does, and what they wait for |

mod actions;
mod dev;
mod inputs;
mod offers;
mod receive;
mod send;
mod settings;
mod streams;
mod timeline;
mod transform;
mod upload;
mod vp8;
