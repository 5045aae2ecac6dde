//! `sources`: videos that the operator granted by name.

use wasmtime::component::{LinkerInstance, Resource, ResourceType};
use wasmtime::{Result, StoreContextMut};

use super::frame::Frame;
use crate::bindings::framebox::video::sources::SourceInfo;
use crate::state::State;
use crate::{Source, SourceFrame, wire};

/// Frames of sources that a guest may hold at once.
const MOST_FRAMES: usize = 64;
/// Sources that a guest may hold open at once.
const MOST_SOURCES: usize = 16;

/// An opened source and how far it was read.
pub struct Opened {
    source: Box<dyn Source>,
    sequence: u64,
}

type Given<T> = Result<(std::result::Result<T, String>,)>;

pub(crate) fn add(sources: &mut LinkerInstance<'_, State>) -> Result<()> {
    sources.resource("source", ResourceType::host::<Opened>(), |mut store, rep| {
        let state: &mut State = store.data_mut();
        state.table.delete(Resource::<Opened>::new_own(rep))?;
        state.sources_held = state.sources_held.saturating_sub(1);
        Ok(())
    })?;
    sources.func_wrap(
        "open",
        |mut store: StoreContextMut<'_, State>, (name,): (String,)| -> Given<Resource<Opened>> {
            let state = store.data_mut();
            state.in_time()?;
            if state.sources_held >= MOST_SOURCES {
                return Ok((Err(format!("{MOST_SOURCES} sources are open; drop one first")),));
            }
            let stopwatch = state.stopwatch.clone();
            match stopwatch.time(|| state.sources.open(&name)) {
                Ok(source) => {
                    let handle = state.table.push(Opened { source, sequence: 0 })?;
                    state.sources_held += 1;
                    Ok((Ok(handle),))
                }
                Err(message) => Ok((Err(message),)),
            }
        },
    )?;
    sources.func_wrap("[method]source.info", |store: StoreContextMut<'_, State>, (source,): (Resource<Opened>,)| {
        let info = store.data().table.get(&source)?.source.info();
        Ok((SourceInfo {
            size: wire::size_out(info.size),
            fps: info.fps,
            duration_us: info.duration_us,
            live: info.live,
        },))
    })?;
    sources.func_wrap(
        "[method]source.next",
        |mut store: StoreContextMut<'_, State>, (source,): (Resource<Opened>,)| -> Given<Option<Resource<Frame>>> {
            let state = store.data_mut();
            state.in_time()?;
            if state.frames_held >= MOST_FRAMES {
                return Ok((Err(format!("{MOST_FRAMES} frames are held; drop one first")),));
            }
            let stopwatch = state.stopwatch.clone();
            let opened = state.table.get_mut(&source)?;
            match stopwatch.time(|| opened.source.next()) {
                Ok(Some(shot)) => {
                    let frame = opened.frame(shot);
                    let handle = state.table.push(frame)?;
                    state.frames_held += 1;
                    Ok((Ok(Some(handle)),))
                }
                Ok(None) => Ok((Ok(None),)),
                Err(message) => Ok((Err(message),)),
            }
        },
    )?;
    sources.func_wrap(
        "[method]source.seek",
        |mut store: StoreContextMut<'_, State>, (source, pts_us): (Resource<Opened>, i64)| -> Given<()> {
            let state = store.data_mut();
            state.in_time()?;
            let stopwatch = state.stopwatch.clone();
            let opened = state.table.get_mut(&source)?;
            Ok((stopwatch.time(|| opened.source.seek(pts_us)),))
        },
    )
}

impl Opened {
    /// The frame of a shot; frames are numbered as they are read.
    fn frame(&mut self, SourceFrame { picture, pts_us }: SourceFrame) -> Frame {
        let sequence = self.sequence;
        self.sequence += 1;
        Frame { picture, pts_us, sequence, skipped: 0 }
    }
}
