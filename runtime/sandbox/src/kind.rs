//! The kinds of handlers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a handler does with frames, derived from the world that it exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Takes frames and returns frames.
    Transform,
    /// Makes frames.
    Generator,
    /// Takes frames and returns values.
    Observer,
}
