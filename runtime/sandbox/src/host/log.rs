//! `framebox:video/log`: messages of the handler.

use wasmtime::component::{LinkerInstance, WasmStr};
use wasmtime::{AsContextMut, Result, StoreContextMut};

use crate::abi::bindings::log;
use crate::log::Level;
use crate::state::State;

pub(crate) fn add(interface: &mut LinkerInstance<'_, State>) -> Result<()> {
    interface.func_wrap("log", |mut store: StoreContextMut<'_, State>, (level, message): (log::Level, WasmStr)| {
        store.data().check_deadline()?;
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        let limiter = store.data().log.clone();
        limiter.write(level, &message.to_str(store.as_context_mut())?);
        Ok(())
    })
}
