//! `media.output`: where a guest puts the results of a call.

use wasmtime::component::{LinkerInstance, Resource, ResourceType, WasmList};
use wasmtime::{Result, StoreContext, StoreContextMut};

use super::frame::Frame;
use super::words::Words;
use crate::bindings::types;
use crate::canvas::Canvas;
use crate::state::State;
use crate::wire;

/// Stands for the results of the call under way, of which there is one: the state of the store holds them.
pub struct Handle;

impl Handle {
    /// Represents it.
    pub(crate) const REP: u32 = 0;
}

type Put = (Resource<Handle>, Words, wire::Put);
type Show = (Resource<Handle>, Resource<Frame>);
type Whole = (Resource<Handle>, types::Size, types::PixelFormat, WasmList<u8>);
type Patch = (Resource<Handle>, types::Rect, types::PixelFormat, WasmList<u8>);
/// What a guest is told.
type Answer = Result<(std::result::Result<(), String>,)>;

pub(crate) fn add(media: &mut LinkerInstance<'_, State>) -> Result<()> {
    // It is only ever lent, so there is nothing to do when a guest drops its own.
    media.resource("output", ResourceType::host::<Handle>(), |_, _| Ok(()))?;
    media.func_wrap(
        "[method]output.pixels",
        |mut store: StoreContextMut<'_, State>, (_, size, format, data): Whole| {
            draw(&mut store, &data, |canvas, data| canvas.pixels(wire::size(size), wire::format(format), data))
        },
    )?;
    media.func_wrap(
        "[method]output.patch",
        |mut store: StoreContextMut<'_, State>, (_, at, format, data): Patch| {
            draw(&mut store, &data, |canvas, data| canvas.patch(wire::rect(at), wire::format(format), data))
        },
    )?;
    media.func_wrap("[method]output.show", |mut store: StoreContextMut<'_, State>, (_, frame): Show| -> Answer {
        let state = store.data_mut();
        let picture = state.frame(&frame)?.picture.clone();
        if state.pictures_count {
            state.canvas.show(picture);
        }
        Ok((Ok(()),))
    })?;
    media.func_wrap("[method]output.put", |mut store: StoreContextMut<'_, State>, (_, id, value): Put| -> Answer {
        let state = store.data();
        state.in_time()?;
        let (stopwatch, most) = (state.stopwatch.clone(), state.values.limit());
        stopwatch.time(|| match wire::put(&mut store, value, most)? {
            Ok(value) => Ok((store.data_mut().values.put(id.0, value),)),
            Err(bytes) => Ok((Err(store.data().values.too_large(&id.0, bytes)),)),
        })
    })
}

/// Lets the canvas read `data` where it lies, in guest memory.
fn draw(
    store: &mut StoreContextMut<'_, State>,
    data: &WasmList<u8>,
    work: impl FnOnce(&mut Canvas, &[u8]) -> std::result::Result<(), String>,
) -> Answer {
    let state = store.data_mut();
    state.in_time()?;
    if !state.pictures_count {
        return Ok((Ok(()),));
    }
    // Guest memory and the state belong to one store; the canvas is taken out of it to have both at once.
    let stopwatch = state.stopwatch.clone();
    let most = state.most_pixels;
    let mut canvas = std::mem::replace(&mut state.canvas, Canvas::new(most));
    let data = data.as_le_slice(StoreContext::from(&*store));
    let result = stopwatch.time(|| work(&mut canvas, data));
    store.data_mut().canvas = canvas;
    Ok((result,))
}
