//! What a guest may import.

pub(crate) mod frame;
pub(crate) mod log;
pub(crate) mod output;
pub(crate) mod pixels;
pub(crate) mod sources;
pub(crate) mod words;

use wasmtime::Result;
use wasmtime::component::Linker;

use crate::state::State;

/// Everything that is offered: the interfaces of this package, and WASI that grants nothing.
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
