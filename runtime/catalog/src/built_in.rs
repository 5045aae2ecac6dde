//! The handlers that come with the program: prebuilt components of `guest-examples`.

macro_rules! prebuilt {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../guest-examples/prebuilt/", $name, ".wasm")))),*]
    };
}

/// Name and component of each, in the order in which they are shown.
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
