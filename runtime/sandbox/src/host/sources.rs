//! `framebox:video/sources`: videos and pictures granted by name.

use wasmtime::component::{LinkerInstance, Resource, ResourceType};
use wasmtime::{Result, StoreContextMut};

use crate::abi::bindings::sources::SourceInfo;
use crate::abi::bounded_string::BoundedString;
use crate::abi::convert;
use crate::abi::resources::{Frame, OpenSource};
use crate::state::State;

/// Source frames that a guest may hold at once.
const MAX_FRAMES: usize = 64;
/// Sources that a guest may hold open at once.
const MAX_SOURCES: usize = 16;

/// A `result<T, string>` for the guest, or a trap.
type HostResult<T> = Result<(std::result::Result<T, String>,)>;

pub(crate) fn add(sources: &mut LinkerInstance<'_, State>) -> Result<()> {
    sources.resource("source", ResourceType::host::<OpenSource>(), |mut store, rep| {
        let state: &mut State = store.data_mut();
        state.table.delete(Resource::<OpenSource>::new_own(rep))?;
        state.open_sources = state.open_sources.saturating_sub(1);
        Ok(())
    })?;
    sources.func_wrap(
        "open",
        |mut store: StoreContextMut<'_, State>, (name,): (BoundedString,)| -> HostResult<Resource<OpenSource>> {
            let state = store.data_mut();
            state.check_deadline()?;
            if state.open_sources >= MAX_SOURCES {
                return Ok((Err(format!("{MAX_SOURCES} sources are open; drop one first")),));
            }
            let stopwatch = state.stopwatch.clone();
            let open = || OpenSource::new(state.sources.open(&name.0)?, &state.account);
            match stopwatch.time(open) {
                Ok(source) => {
                    let handle = state.table.push(source)?;
                    state.open_sources += 1;
                    Ok((Ok(handle),))
                }
                Err(message) => Ok((Err(message),)),
            }
        },
    )?;
    sources.func_wrap(
        "[method]source.info",
        |store: StoreContextMut<'_, State>, (source,): (Resource<OpenSource>,)| {
            let info = store.data().table.get(&source)?.source.info();
            Ok((SourceInfo {
                size: convert::to_wit_size(info.size),
                fps: info.fps,
                duration_us: info.duration_us,
                live: info.live,
            },))
        },
    )?;
    sources.func_wrap(
        "[method]source.next",
        |mut store: StoreContextMut<'_, State>,
         (source,): (Resource<OpenSource>,)|
         -> HostResult<Option<Resource<Frame>>> {
            let state = store.data_mut();
            state.check_deadline()?;
            if state.open_frames >= MAX_FRAMES {
                return Ok((Err(format!("{MAX_FRAMES} frames are held; drop one first")),));
            }
            let State { stopwatch, account, table, .. } = state;
            let opened = table.get_mut(&source)?;
            match stopwatch.time(|| opened.next(account)) {
                Ok(Some(frame)) => {
                    let handle = state.table.push(frame)?;
                    state.open_frames += 1;
                    Ok((Ok(Some(handle)),))
                }
                Ok(None) => Ok((Ok(None),)),
                Err(message) => Ok((Err(message),)),
            }
        },
    )?;
    sources.func_wrap(
        "[method]source.seek",
        |mut store: StoreContextMut<'_, State>, (source, pts_us): (Resource<OpenSource>, i64)| -> HostResult<()> {
            let state = store.data_mut();
            state.check_deadline()?;
            let stopwatch = state.stopwatch.clone();
            let opened = state.table.get_mut(&source)?;
            Ok((stopwatch.time(|| opened.source.seek(pts_us)),))
        },
    )
}
