//! Types and lookups generated from the interface's own text.
#![allow(missing_docs, dead_code, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "handler-base",
    imports: { default: trappable },
    exports: { default: async },
    with: {
        "framebox:video/media.frame": crate::host::frame::Frame,
        "framebox:video/media.output": crate::host::output::Handle,
        "framebox:video/sources.source": crate::host::sources::Opened,
    },
});

pub use framebox::video::types;
