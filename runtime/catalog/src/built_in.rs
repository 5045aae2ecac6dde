//! Built-in handlers: prebuilt components of `guest-examples`.

macro_rules! prebuilt {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../guest-examples/prebuilt/", $name, ".wasm")))),*]
    };
}

/// Name and component of each built-in handler, in the order in which the API lists them.
pub const ALL: &[(&str, &[u8])] = prebuilt![
    "invert",
    "flip",
    "edges",
    "pixelate",
    "posterize",
    "motion",
    "detect",
    "background",
    "qr",
    "timestamp",
    "slow-flip",
    "plasma",
    "play",
    "play-fps",
    "watch",
    "knobs",
    "hello",
];
