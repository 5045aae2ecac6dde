//! The errors of creating an instance.

use crate::call_error::CallError;
use crate::inspect::LoadError;
use crate::text::error_chain;

/// Why an instance could not be created.
pub(crate) enum InstantiateError {
    /// The engine has no room, or the guest's start function failed.
    Call(CallError),
    /// An exported function has another type than in the interface.
    Mismatch(wasmtime::Error),
}

impl From<InstantiateError> for CallError {
    fn from(error: InstantiateError) -> Self {
        match error {
            InstantiateError::Call(error) => error,
            InstantiateError::Mismatch(error) => Self::Refused(error_chain(&error)),
        }
    }
}

impl From<InstantiateError> for LoadError {
    fn from(error: InstantiateError) -> Self {
        match error {
            InstantiateError::Call(error) => Self::Describe(error),
            InstantiateError::Mismatch(error) => Self::Mismatch(error_chain(&error)),
        }
    }
}
