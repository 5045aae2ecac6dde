//! The errors of creating an engine.

/// Why an engine could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The machine lacks what the settings ask for, usually address space.
    #[error("an engine for {instances} instances cannot be created on this machine: {message}")]
    Engine {
        /// Number of instances in the settings.
        instances: u32,
        /// Message of the WebAssembly engine.
        message: String,
    },
    /// A thread could not be started.
    #[error("a thread of the engine could not be started: {0}")]
    Thread(#[from] std::io::Error),
}
