//! Types and lookups generated from the WIT interface.
#![allow(missing_docs, dead_code, clippy::all)]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "handler-base",
    imports: { default: trappable },
    exports: { default: async },
    with: {
        "framebox:video/media.frame": crate::abi::resources::Frame,
        "framebox:video/media.output": crate::abi::resources::OutputHandle,
        "framebox:video/sources.source": crate::abi::resources::OpenSource,
    },
});

pub use framebox::video::{log, sources, types};
