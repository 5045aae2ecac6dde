//! The errors of loading a component.

use super::interface::VERSION;
use crate::call_error::CallError;

/// Why a component was not loaded. The messages are for its author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file has no bytes.
    #[error("the file is empty: a WebAssembly component is expected")]
    Empty,
    /// The component exceeds the size limit.
    #[error(
        "the component has {bytes} bytes; at most {limit} are allowed: build it for release and strip debug information"
    )]
    TooLarge {
        /// Size of the component, bytes.
        bytes: usize,
        /// Size limit, bytes.
        limit: usize,
    },
    /// The file is not WebAssembly.
    #[error("this is not WebAssembly: a component begins with the bytes 00 61 73 6d")]
    NotWasm,
    /// The file is a core module.
    #[error("this is a core module, not a component: wrap it with `wasm-tools component new`")]
    CoreModule,
    /// The component cannot be parsed.
    #[error("the component is damaged: {0}; build or upload it again")]
    Malformed(String),
    /// The component would take too long to compile.
    #[error("the component is too complex to compile: {0}")]
    TooComplex(String),
    /// The component imports interfaces that the host does not have.
    #[error("the component imports what this host does not offer: {}; remove these imports", .0.join(", "))]
    Imports(Vec<String>),
    /// The component uses another version of the interface.
    #[error(
        "the component exports {found}; this version of Framebox supports framebox:video@{VERSION}: build it against that"
    )]
    Version {
        /// Name of the export.
        found: String,
    },
    /// The component exports none of the worlds.
    #[error(
        "the component is no video handler: it must export one of transform, generate and observe of framebox:video"
    )]
    NoWorld,
    /// The component exports more than one of the worlds.
    #[error("the component exports {}: a handler must export exactly one of them", .0.join(" and "))]
    SeveralWorlds(Vec<String>),
    /// The component does not export the lifecycle.
    #[error("the component does not export framebox:video/lifecycle, which every handler must export")]
    NoLifecycle,
    /// The compiler rejected the component.
    #[error("the component cannot be compiled: {0}")]
    Compile(String),
    /// An import or export has another type than in the interface.
    #[error("the component does not fit the interface framebox:video@{VERSION}: {0}; generate its bindings again")]
    Mismatch(String),
    /// Calling `describe` failed.
    #[error("the component could not describe itself: {0}")]
    Describe(CallError),
    /// The descriptor is invalid.
    #[error("the component's descriptor is invalid: {0}")]
    Descriptor(String),
}
