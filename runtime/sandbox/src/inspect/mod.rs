//! Inspects a component before it is compiled.

mod error;
mod interface;
mod limits;
mod outline;
mod walk;

use wasmparser::{Parser, Payload};

pub use error::LoadError;
pub use limits::CompileLimits;
pub(crate) use outline::Outline;

/// Inspects a component without compiling it, which takes milliseconds. Loading it may still fail afterwards.
///
/// # Errors
/// Why the component cannot be loaded.
pub fn check(bytes: &[u8], limits: &CompileLimits) -> Result<(), LoadError> {
    inspect(bytes, limits).map(drop)
}

/// Counts the functions of all modules of a component, as far as it can be parsed.
pub fn functions(bytes: &[u8]) -> u32 {
    let payloads = Parser::new(0).parse_all(bytes).map_while(Result::ok);
    payloads.fold(0, |sum, payload| match payload {
        Payload::CodeSectionStart { count, .. } => sum.saturating_add(count),
        _ => sum,
    })
}

/// Inspects a component and returns what it is.
pub(crate) fn inspect(bytes: &[u8], limits: &CompileLimits) -> Result<Outline, LoadError> {
    if bytes.is_empty() {
        return Err(LoadError::Empty);
    }
    if bytes.len() > limits.bytes {
        return Err(LoadError::TooLarge { bytes: bytes.len(), limit: limits.bytes });
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(LoadError::NotWasm);
    }
    outline::outline(walk::walk(bytes, limits)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_not_components_are_refused() {
        let limits = CompileLimits { bytes: 100, ..CompileLimits::default() };
        for (bytes, error) in [
            (&b""[..], LoadError::Empty),
            (&[0; 101], LoadError::TooLarge { bytes: 101, limit: 100 }),
            (b"\x7fELF", LoadError::NotWasm),
            (b"(component)", LoadError::NotWasm),
            (b"\0asm\x01\0\0\0", LoadError::CoreModule),
            (b"\0asm\x0d\0\x01\0", LoadError::NoWorld),
        ] {
            assert_eq!(inspect(bytes, &limits), Err(error), "{bytes:?}");
        }
        assert!(matches!(inspect(b"\0asm\x0d\0\x01\0\x07", &limits), Err(LoadError::Malformed(_))));
    }
}
