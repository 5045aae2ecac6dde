//! `framebox:video/media.output`: collects the results of a call.

use wasmtime::component::{LinkerInstance, Resource, ResourceType, WasmList};
use wasmtime::{Result, StoreContext, StoreContextMut};

use crate::abi::bindings::types;
use crate::abi::bounded_string::BoundedString;
use crate::abi::convert;
use crate::abi::resources::{Frame, OutputHandle};
use crate::state::canvas::Canvas;
use crate::state::{State, charge_fuel};

type PixelsArguments = (Resource<OutputHandle>, types::Size, types::PixelFormat, WasmList<u8>);
type PatchArguments = (Resource<OutputHandle>, types::Rect, types::PixelFormat, WasmList<u8>);
type ShowArguments = (Resource<OutputHandle>, Resource<Frame>);
type PutArguments = (Resource<OutputHandle>, BoundedString, convert::PutValue);
/// A `result<_, string>` for the guest, or a trap.
type HostResult = Result<(std::result::Result<(), String>,)>;

pub(crate) fn add(media: &mut LinkerInstance<'_, State>) -> Result<()> {
    // Guests only borrow it, so dropping a handle has no effect.
    media.resource("output", ResourceType::host::<OutputHandle>(), |_, _| Ok(()))?;
    media.func_wrap(
        "[method]output.pixels",
        |mut store: StoreContextMut<'_, State>, (_, size, format, data): PixelsArguments| {
            draw(&mut store, &data, |canvas, data| canvas.pixels(convert::size(size), convert::format(format), data))
        },
    )?;
    media.func_wrap(
        "[method]output.patch",
        |mut store: StoreContextMut<'_, State>, (_, at, format, data): PatchArguments| {
            draw(&mut store, &data, |canvas, data| canvas.patch(convert::rect(at), convert::format(format), data))
        },
    )?;
    media.func_wrap(
        "[method]output.show",
        |mut store: StoreContextMut<'_, State>, (_, frame): ShowArguments| -> HostResult {
            let state = store.data_mut();
            let picture = state.frame(&frame)?.picture.clone();
            if state.uses_pictures {
                state.canvas.show(picture);
            }
            Ok((Ok(()),))
        },
    )?;
    media.func_wrap(
        "[method]output.put",
        |mut store: StoreContextMut<'_, State>, (_, id, value): PutArguments| -> HostResult {
            let state = store.data();
            state.check_deadline()?;
            let (stopwatch, max_bytes) = (state.stopwatch.clone(), state.values.limit());
            stopwatch.time(|| match convert::put(&mut store, value, max_bytes)? {
                Ok(value) => {
                    charge_fuel(&mut store, value.bytes().saturating_add(id.0.len()))?;
                    Ok((store.data_mut().values.put(id.0, value),))
                }
                Err(bytes) => Ok((Err(store.data().values.too_large(&id.0, bytes)),)),
            })
        },
    )
}

/// Runs `work` on the canvas with `data`, read directly from guest memory.
fn draw(
    store: &mut StoreContextMut<'_, State>,
    data: &WasmList<u8>,
    work: impl FnOnce(&mut Canvas, &[u8]) -> std::result::Result<(), String>,
) -> HostResult {
    let state = store.data_mut();
    state.check_deadline()?;
    if !state.uses_pictures {
        return Ok((Ok(()),));
    }
    // Guest memory and the state are both borrowed from the store: the canvas is taken out to use both at once.
    let stopwatch = state.stopwatch.clone();
    let empty = Canvas::new(state.max_pixels, &state.account);
    let mut canvas = std::mem::replace(&mut state.canvas, empty);
    let data = data.as_le_slice(StoreContext::from(&*store));
    let result = stopwatch.time(|| work(&mut canvas, data));
    store.data_mut().canvas = canvas;
    Ok((result,))
}
