//! `framebox:video/log`: messages of the handler.

use wasmtime::component::{LinkerInstance, WasmStr};
use wasmtime::{Result, StoreContext, StoreContextMut};

use crate::abi::bindings::log;
use crate::log::Level;
use crate::state::{State, charge_fuel};

pub(crate) fn add(interface: &mut LinkerInstance<'_, State>) -> Result<()> {
    interface.func_wrap("log", |mut store: StoreContextMut<'_, State>, (level, message): (log::Level, WasmStr)| {
        store.data().check_deadline()?;
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        let (limiter, stopwatch) = (store.data().log.clone(), store.data().stopwatch.clone());
        let bytes = stopwatch.time(|| {
            let message = message.to_str(StoreContext::from(&store))?;
            limiter.write(level, &message);
            Ok::<_, wasmtime::Error>(message.len())
        })?;
        charge_fuel(&mut store, bytes)
    })
}
