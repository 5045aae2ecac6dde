//! Authentication and authorization: tokens with scopes, quotas, and the audit log.
//!
//! **A request that is not known to be allowed is refused**: a route states what it requires where it is defined, tokens
//! that cannot be read authorize nobody, and where a request comes from authorizes nobody either: clients of the server's own
//! machine show the start-up secret.
//!
//! | module | content |
//! |---|---|
//! | `auth` | [`Auth`]: all of it, for a running server |
//! | [`scope`] | what a token may allow, what a route may require |
//! | [`token`] | a token's secret, and the record that is kept of it |
//! | [`startup`] | the start-up secret's file, for commands on the same machine |
//! | [`store`] | the file of tokens, which `framebox token` changes while a server runs |
//! | [`mod@authorize`] | the decision whether a request is allowed |
//! | [`principal`] | keys of principals, to which sessions and uploads belong |
//! | [`quota`], [`meter`] | how much one principal may use, and what it used lately |
//! | [`audit`] | who changed what |

pub mod audit;
mod auth;
pub mod authorize;
pub mod meter;
pub mod principal;
pub mod quota;
pub mod scope;
pub mod startup;
pub mod store;
pub mod token;

pub use auth::{Auth, OpenError};
pub use authorize::{AuthorizeError, Principal};
pub use principal::PrincipalKey;
