//! The catalog: handlers and their versions, built in, configured or uploaded.
//!
//! **An upload is whole or absent**: it is validated, compiled in a limited child process, described, stored, and then
//! published atomically. A crash at any moment leaves the catalog as it was before a change or after it.
//!
//! [Listeners](subscription) receive every change, with the actor who caused it.
//!
//! | module | content |
//! |---|---|
//! | `catalog` | [`Catalog`]: opening versions, listing handlers |
//! | `start` | opens the catalog: built-in, configured and stored handlers |
//! | [`upload`], [`progress`] | from bytes to a version, and how far each upload is |
//! | `intake` | which uploads may be in flight |
//! | [`quota`] | what the versions of one principal take up, and may take up |
//! | `promotion`, `rollback`, `deletion` | changes of a handler |
//! | [`event`], [`subscription`] | committed changes, for listeners |
//! | [`probation`] | whether a version may stay in its first seconds |
//! | `index` | handlers in memory; which version a session gets |
//! | [`version`], `binding` | a version; how sessions follow the versions of their handler |
//! | [`store`], [`data_dir`], `private` | what outlives the program, and who may read it |
//! | `load`, `component_cache` | loads stored versions into memory, and keeps them there |
//! | [`compile`] | compiling in a child process |
//! | `code_cache` | compiled code of built-in handlers, between runs |
//! | [`limits`], `defaults` | limits of handlers; what the operator configures |
//! | [`name`] | names of handlers and selectors of versions |
//! | `failpoint` | crashes on purpose, for tests |

mod binding;
mod built_in;
mod catalog;
mod code_cache;
pub mod compile;
mod component_cache;
pub mod data_dir;
mod defaults;
mod deletion;
mod error;
pub mod event;
#[cfg(test)]
mod event_tests;
mod failpoint;
mod index;
mod intake;
pub mod limits;
mod load;
pub mod name;
mod private;
pub mod probation;
pub mod progress;
mod promotion;
pub mod quota;
mod rollback;
mod start;
pub mod store;
pub mod subscription;
pub mod upload;
pub mod version;

pub use binding::{Binding, LoadedVersion, Selection};
pub use catalog::{Catalog, Listing};
pub use defaults::{Defaults, Handler as HandlerDefaults};
pub use error::Error;
pub use event::{Actor, CatalogEvent, Change};
pub use promotion::{Promoted, Promotion};
pub use start::StartError;
pub use store::Canary;
pub use subscription::Subscription;
pub use version::{Summary, Version};
