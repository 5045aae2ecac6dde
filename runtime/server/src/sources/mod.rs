//! Videos and pictures that the operator grants to handlers by name.
//!
//! **A handler sees names and pictures, never a path or an address.** Errors about a file's content go to the handler;
//! errors of fetching one go to the log only.
//!
//! | module | what it holds |
//! |---|---|
//! | `registry` | [`SourceRegistry`]: every source, and who may open it |
//! | `remote` | a source that is fetched in the background until it is there |
//! | `fetch` | one attempt to fetch a file, within [`Limits`] |
//! | `open_permit` | bounds how many sources are open |

mod fetch;
mod open_permit;
mod registry;
mod remote;

pub use fetch::Limits;
pub use registry::SourceRegistry;
