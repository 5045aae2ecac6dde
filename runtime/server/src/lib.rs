//! The server: HTTP, sessions, sources and configuration.
//!
//! **Async threads never block: codec and guest code run on the threads of the pipeline.**
//!
//! | module | what it holds |
//! |---|---|
//! | [`config`] | the configuration file |
//! | [`serve`] | listening, and the orderly end |
//! | [`recorder`] | writes what the catalog did to the audit log |
//! | [`app`] | [`app::App`]: the application's state |
//! | [`ice_servers`] | the STUN and TURN servers that clients are told to use, and their credentials |
//! | [`media_port`] | whether the configured port is free |
//! | [`http`] | the API, signalling and the page |
//! | [`sessions`] | answers offers; supervises each session until everything that it held is freed |
//! | [`sources`] | the videos and pictures that handlers may read |
//! | [`recording`] | what is kept of streams: MP4 files |
//! | [`streams`] | named videos with one input and any number of viewers |
//! | [`protocol`] | the messages of the data channel |

pub mod app;
pub mod config;
pub mod http;
pub mod ice_servers;
pub mod media_port;
pub mod protocol;
pub mod recorder;
pub mod recording;
pub mod serve;
pub mod sessions;
pub mod sources;
pub mod streams;
