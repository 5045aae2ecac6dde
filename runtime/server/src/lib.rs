//! The server: HTTP, WebRTC peers, the catalog of handlers, configuration and the page.
//!
//! **Async threads never block: codec and guest code run on the threads of the pipeline.**
//!
//! | module | what it holds |
//! |---|---|
//! | [`cli`], [`config`], [`logging`] | command line, configuration file, the program's log |
//! | [`app`] | [`app::App`]: everything put together, and its run from start to end |
//! | [`catalog`] | the handlers that are offered, their versions, and uploads |
//! | [`home`] | the data directory, held by one server at a time |
//! | [`http`] | the API, FastRTC's signalling, the page |
//! | [`peer`] | WebRTC behind a small trait: access units in and out, a data channel |
//! | [`rights`] | tokens and scopes, quotas, the audit log |
//! | [`sessions`] | who holds a slot; the bridge between a peer and its pipeline; when a session is over |
//! | [`sources`] | the videos and pictures that handlers may read |
//! | [`channel`] | the messages of the data channel |

pub mod app;
pub mod catalog;
pub mod channel;
pub mod cli;
pub mod config;
mod fault;
pub mod home;
pub mod http;
pub mod logging;
pub mod peer;
pub mod rights;
pub mod sessions;
pub mod sources;
