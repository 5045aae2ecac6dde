//! Authentication and authorization: tokens with scopes, quotas, and the audit log.
//!
//! **A request that is not known to be allowed is refused**: a route states what it requires where it is defined, tokens
//! that cannot be read authorize nobody, and a server that once had tokens does not open itself while it runs.
//!
//! | module | content |
//! |---|---|
//! | `auth` | [`Auth`]: all of it, for a running server |
//! | [`scope`] | what a token may allow, what a route may require |
//! | [`token`] | a token's secret, and the record that is kept of it |
//! | [`store`] | the file of tokens, which `framebox token` changes while a server runs |
//! | [`mod@authorize`] | the decision whether a request is allowed |
//! | [`principal`] | keys of principals, to which sessions and uploads belong |
//! | [`quota`], [`usage`] | how much may be uploaded with a token, and what was |
//! | [`audit`] | who changed what |

pub mod audit;
mod auth;
pub mod authorize;
pub mod principal;
pub mod quota;
pub mod scope;
pub mod store;
pub mod token;
pub mod usage;

pub use auth::{Auth, OpenError};
pub use authorize::{AuthorizeError, Principal};
pub use principal::PrincipalKey;
