//! The server: HTTP, sessions, sources, configuration and the page.
//!
//! **Async threads never block: codec and guest code run on the threads of the pipeline.**
//!
//! | module | what it holds |
//! |---|---|
//! | [`config`] | the configuration file |
//! | [`app`] | [`app::App`]: everything put together, and its run from start to end |
//! | [`http`] | the API, FastRTC's signalling, the page |
//! | [`sessions`] | who holds a slot; the bridge between a peer and its pipeline; when a session is over |
//! | [`sources`] | the videos and pictures that handlers may read |
//! | [`channel`] | the messages of the data channel |

pub mod app;
pub mod channel;
pub mod config;
pub mod http;
pub mod sessions;
pub mod sources;
