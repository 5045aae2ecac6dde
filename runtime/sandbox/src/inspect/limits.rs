//! Bounds on what may be compiled.

/// Bounds on a component before it is compiled: compilation is the only expensive step before a guest runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Size of the component, bytes.
    pub bytes: usize,
    /// Functions of all modules together.
    pub functions: u32,
    /// Size of one function, bytes.
    pub body_bytes: usize,
    /// Local variables of one function.
    pub locals: u32,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { bytes: 32 * 1024 * 1024, functions: 20_000, body_bytes: 512 * 1024, locals: 512 }
    }
}
