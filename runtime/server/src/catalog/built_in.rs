//! The handlers that come with the program: prebuilt components of `guest-examples`.

/// Name and component of each, in the order in which they are shown.
pub const ALL: &[(&str, &[u8])] = &[
    ("invert", include_bytes!("../../../../guest-examples/prebuilt/invert.wasm")),
    ("flip", include_bytes!("../../../../guest-examples/prebuilt/flip.wasm")),
    ("edges", include_bytes!("../../../../guest-examples/prebuilt/edges.wasm")),
    ("pixelate", include_bytes!("../../../../guest-examples/prebuilt/pixelate.wasm")),
    ("motion", include_bytes!("../../../../guest-examples/prebuilt/motion.wasm")),
    ("watch", include_bytes!("../../../../guest-examples/prebuilt/watch.wasm")),
    ("knobs", include_bytes!("../../../../guest-examples/prebuilt/knobs.wasm")),
    ("detect", include_bytes!("../../../../guest-examples/prebuilt/detect.wasm")),
    ("hello", include_bytes!("../../../../guest-examples/prebuilt/hello.wasm")),
];
