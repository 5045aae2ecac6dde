//! The handlers that are built into the program: prebuilt components of `guest-examples`.
//!
//! Enough to try each kind of handler and each kind of control without a toolchain for guests. The other examples are
//! built by `guest-examples/build` and uploaded like any handler.

macro_rules! prebuilt {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../guest-examples/prebuilt/", $name, ".wasm")))),*]
    };
}

/// Name and component of each built-in handler, in the order in which they are listed.
pub const ALL: &[(&str, &[u8])] =
    prebuilt!["invert", "flip", "edges", "motion", "detect", "plasma", "play", "watch", "knobs"];
