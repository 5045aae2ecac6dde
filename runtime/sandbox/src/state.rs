//! What the host keeps for one instance.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use framebox_picture::sample::Sampler;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime::{Result, Trap};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::canvas::Canvas;
use crate::component::Kind;
use crate::descriptor::Output;
use crate::growth::Growth;
use crate::host::frame::Frame;
use crate::journal::Journal;
use crate::stopwatch::{Pace, Stopwatch};
use crate::values::Values;
use crate::{Deterministic, Limits, Log, Sources, wasi};

/// Things that a guest may hold open at once: streams, pollables, sources and their frames.
const HANDLES: usize = 256;

/// The data of a store.
pub(crate) struct State {
    wasi: WasiCtx,
    pub(crate) table: ResourceTable,
    pub(crate) growth: Growth,
    pub(crate) journal: Journal,
    pub(crate) canvas: Canvas,
    pub(crate) values: Values,
    pub(crate) sampler: Arc<Mutex<Sampler>>,
    pub(crate) stopwatch: Stopwatch,
    /// Of whole pictures, and of parts and smaller copies.
    pub(crate) converting: Pace,
    pub(crate) scaling: Pace,
    pub(crate) sources: Arc<dyn Sources>,
    /// Frames of sources, and sources, that the guest holds.
    pub(crate) frames_held: usize,
    pub(crate) sources_held: usize,
    /// When the call under way has to be over.
    pub(crate) deadline: Instant,
    /// The frame lent for the call under way.
    pub(crate) input: Option<Frame>,
    /// The largest picture that the guest may ask for, pixels.
    pub(crate) most_pixels: u64,
    /// Pictures that are put count; those of an observer do not.
    pub(crate) pictures_count: bool,
}

impl State {
    pub(crate) fn new(
        kind: Kind,
        outputs: Arc<[Output]>,
        limits: &Limits,
        log: Arc<dyn Log>,
        sources: Arc<dyn Sources>,
    ) -> Self {
        let journal = Journal::new(log, limits);
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        Self {
            wasi: wasi::context(&journal),
            table,
            growth: Growth::new(limits.memory),
            journal,
            canvas: Canvas::new(limits.output_pixels),
            values: Values::new(outputs, limits.values_bytes),
            sampler: Arc::default(),
            stopwatch: Stopwatch::default(),
            converting: Pace::default(),
            scaling: Pace::default(),
            sources,
            frames_held: 0,
            sources_held: 0,
            deadline: Instant::now(),
            input: None,
            most_pixels: limits.output_pixels,
            pictures_count: kind != Kind::Observer,
        }
    }

    /// Puts the guest into a world of its own.
    pub(crate) fn simulate(&mut self, world: &Deterministic) {
        self.wasi = wasi::simulated(&self.journal, world);
    }

    /// The frame that a guest names.
    pub(crate) fn frame(&self, handle: &Resource<Frame>) -> Result<&Frame> {
        match &self.input {
            Some(input) if handle.rep() == Frame::INPUT => Ok(input),
            _ => Ok(self.table.get(handle)?),
        }
    }

    /// Stops a guest that is over its time before the host begins work for it.
    pub(crate) fn in_time(&self) -> Result<()> {
        self.in_time_for(Duration::ZERO)
    }

    /// Stops a guest that would be over its time by the end of what the host is asked to do, which takes at least that
    /// long.
    pub(crate) fn in_time_for(&self, least: Duration) -> Result<()> {
        match self.deadline.saturating_duration_since(Instant::now()) > least {
            true => Ok(()),
            false => Err(Trap::Interrupt.into()),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
