//! `framebox:video/media.frame`: pictures held by the host.

use framebox_picture::{Format, Rect, Size};
use wasmtime::component::{LinkerInstance, Resource, ResourceType};
use wasmtime::{Result, StoreContextMut, bail};

use super::pixels::Pixels;
use crate::abi::bindings::types;
use crate::abi::convert;
use crate::abi::resources::Frame;
use crate::state::State;

type PixelsArguments = (Resource<Frame>, types::PixelFormat);
type SampleArguments = (Resource<Frame>, types::PixelFormat, Option<types::Rect>, Option<types::Size>);

pub(crate) fn add(media: &mut LinkerInstance<'_, State>) -> Result<()> {
    media.resource("frame", ResourceType::host::<Frame>(), |mut store, rep| {
        // Only frames of sources are owned by the guest; the input is borrowed.
        let state: &mut State = store.data_mut();
        state.table.delete(Resource::<Frame>::new_own(rep))?;
        state.open_frames = state.open_frames.saturating_sub(1);
        Ok(())
    })?;
    media.func_wrap("[method]frame.info", |store: StoreContextMut<'_, State>, (frame,): (Resource<Frame>,)| {
        Ok((info(store.data().frame(&frame)?),))
    })?;
    media.func_wrap(
        "[method]frame.pixels",
        |store: StoreContextMut<'_, State>, (frame, format): PixelsArguments| {
            pixels(store.data(), &frame, format, None, None)
        },
    )?;
    media.func_wrap(
        "[method]frame.sample",
        |store: StoreContextMut<'_, State>, (frame, format, crop, to): SampleArguments| {
            pixels(store.data(), &frame, format, crop.map(convert::rect), to.map(convert::size))
        },
    )
}

fn info(frame: &Frame) -> types::FrameInfo {
    types::FrameInfo {
        size: convert::to_wit_size(frame.picture.size()),
        native: types::PixelFormat::I420,
        pts_us: frame.pts_us,
        sequence: frame.sequence,
        skipped: frame.skipped,
    }
}

/// Validates a request for pixels. The conversion itself happens when wasmtime passes the result into guest memory.
fn pixels(
    state: &State,
    frame: &Resource<Frame>,
    format: types::PixelFormat,
    crop: Option<Rect>,
    to: Option<Size>,
) -> Result<(Pixels,)> {
    state.check_deadline()?;
    let picture = state.frame(frame)?.picture.clone();
    let crop = crop.unwrap_or(Rect::whole(picture.size()));
    if !crop.is_within(picture.size()) {
        bail!("{}", framebox_picture::Error::Outside { rect: crop, size: picture.size() });
    }
    let to = to.unwrap_or(crop.size());
    if !to.is_valid() {
        bail!("{}", framebox_picture::Error::Size(to));
    }
    // A picture that the host holds may always be read at its own size.
    if to.pixels() > state.max_pixels && to != crop.size() {
        bail!("a sample of {to} is larger than the {} pixels allowed", state.max_pixels);
    }
    let format: Format = convert::format(format);
    let (sampler, stopwatch) = (state.sampler.clone(), state.stopwatch.clone());
    let mut pixels = Pixels { picture, crop, to, format, sampler, stopwatch, speed: state.scaling.clone() };
    if pixels.is_whole() {
        pixels.speed = state.conversion.clone();
    }
    state.check_deadline_after(pixels.speed.min_duration(pixels.work()))?;
    Ok((pixels,))
}
