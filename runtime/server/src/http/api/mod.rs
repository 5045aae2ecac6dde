//! The API: one module a resource, each with its routes.

pub mod builds;
pub mod handlers;
pub mod health;
pub mod ice;
pub mod outputs;
pub mod parameters;
pub mod recordings;
pub mod sessions;
pub mod snapshots;
pub mod streams;
mod upload_body;
pub mod uploads;
pub mod versions;
