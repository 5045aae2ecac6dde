//! The interfaces that a guest may import, one file each.
//!
//! | module | import |
//! |---|---|
//! | [`log`] | `framebox:video/log` |
//! | [`frame`], [`output`] | the resources of `framebox:video/media` |
//! | [`sources`] | `framebox:video/sources` |
//! | [`wasi`] | WASI 0.2, which grants nothing |
//!
//! [`pixels`] converts pictures directly into guest memory.

pub(crate) mod frame;
pub(crate) mod log;
pub(crate) mod output;
pub(crate) mod pixels;
pub(crate) mod sources;
pub(crate) mod wasi;

use wasmtime::Result;
use wasmtime::component::Linker;

use crate::state::State;

/// Returns a linker with every interface that a guest may import.
pub(crate) fn linker(engine: &wasmtime::Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    log::add(&mut linker.instance("framebox:video/log@0.1.0")?)?;
    let mut media = linker.instance("framebox:video/media@0.1.0")?;
    frame::add(&mut media)?;
    output::add(&mut media)?;
    sources::add(&mut linker.instance("framebox:video/sources@0.1.0")?)?;
    Ok(linker)
}
