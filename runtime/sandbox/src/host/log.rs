//! `log`: the handler's own words.

use wasmtime::component::{LinkerInstance, WasmStr};
use wasmtime::{AsContextMut, Result, StoreContextMut};

use crate::Level;
use crate::bindings::framebox::video::log::Level as Given;
use crate::state::State;

pub(crate) fn add(log: &mut LinkerInstance<'_, State>) -> Result<()> {
    log.func_wrap("log", |mut store: StoreContextMut<'_, State>, (level, message): (Given, WasmStr)| {
        store.data().in_time()?;
        let level = match level {
            Given::Debug => Level::Debug,
            Given::Info => Level::Info,
            Given::Warn => Level::Warn,
            Given::Error => Level::Error,
        };
        let journal = store.data().journal.clone();
        journal.write(level, &message.to_str(store.as_context_mut())?);
        Ok(())
    })
}
