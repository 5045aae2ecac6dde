//! `media.frame`: pictures that the host holds.

use std::sync::Arc;

use framebox_picture::{Format, Picture, Rect, Size};
use wasmtime::component::{LinkerInstance, Resource, ResourceType};
use wasmtime::{Result, StoreContextMut, bail};

use super::pixels::Pixels;
use crate::bindings::types;
use crate::state::State;
use crate::wire;

/// A picture with its place in a stream.
pub struct Frame {
    pub(crate) picture: Arc<Picture>,
    pub(crate) pts_us: i64,
    pub(crate) sequence: u64,
    pub(crate) skipped: u32,
}

impl Frame {
    /// Represents the frame lent for a call; frames in the resource table have small numbers.
    pub(crate) const INPUT: u32 = u32::MAX;

    fn info(&self) -> types::FrameInfo {
        types::FrameInfo {
            size: wire::size_out(self.picture.size()),
            native: types::PixelFormat::I420,
            pts_us: self.pts_us,
            sequence: self.sequence,
            skipped: self.skipped,
        }
    }
}

type Whole = (Resource<Frame>, types::PixelFormat);
type Part = (Resource<Frame>, types::PixelFormat, Option<types::Rect>, Option<types::Size>);

pub(crate) fn add(media: &mut LinkerInstance<'_, State>) -> Result<()> {
    media.resource("frame", ResourceType::host::<Frame>(), |mut store, rep| {
        // Only frames from sources are the guest's own.
        let state: &mut State = store.data_mut();
        state.table.delete(Resource::<Frame>::new_own(rep))?;
        state.frames_held = state.frames_held.saturating_sub(1);
        Ok(())
    })?;
    media.func_wrap("[method]frame.info", |store: StoreContextMut<'_, State>, (frame,): (Resource<Frame>,)| {
        Ok((store.data().frame(&frame)?.info(),))
    })?;
    media.func_wrap("[method]frame.pixels", |store: StoreContextMut<'_, State>, (frame, format): Whole| {
        pixels(store.data(), &frame, format, None, None)
    })?;
    media.func_wrap("[method]frame.sample", |store: StoreContextMut<'_, State>, (frame, format, crop, to): Part| {
        pixels(store.data(), &frame, format, crop.map(wire::rect), to.map(wire::size))
    })
}

/// Checks a request and leaves the work to the moment at which the guest's memory is at hand.
fn pixels(
    state: &State,
    frame: &Resource<Frame>,
    format: types::PixelFormat,
    crop: Option<Rect>,
    to: Option<Size>,
) -> Result<(Pixels,)> {
    state.in_time()?;
    let picture = state.frame(frame)?.picture.clone();
    let crop = crop.unwrap_or(Rect::whole(picture.size()));
    if !crop.is_within(picture.size()) {
        bail!("{}", framebox_picture::Error::Outside { rect: crop, size: picture.size() });
    }
    let to = to.unwrap_or(crop.size());
    if !to.is_valid() {
        bail!("{}", framebox_picture::Error::Size(to));
    }
    // What exists in that size may also be read in it.
    if to.pixels() > state.most_pixels && to != crop.size() {
        bail!("a sample of {to} is larger than the {} pixels allowed", state.most_pixels);
    }
    let format: Format = wire::format(format);
    let (sampler, stopwatch) = (state.sampler.clone(), state.stopwatch.clone());
    let mut pixels = Pixels { picture, crop, to, format, sampler, stopwatch, pace: state.scaling.clone() };
    if pixels.is_whole() {
        pixels.pace = state.converting.clone();
    }
    state.in_time_for(pixels.pace.least(pixels.work()))?;
    Ok((pixels,))
}
