//! The host's state of one instance: the data of its store.

pub(crate) mod canvas;
pub(crate) mod log_limiter;
pub(crate) mod resource_limiter;
pub(crate) mod stopwatch;
pub(crate) mod values;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use framebox_picture::MemoryAccount;
use framebox_picture::sample::Sampler;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime::{Result, StoreContextMut, Trap};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::abi::resources::Frame;
use crate::descriptor::Output;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::sources::Sources;
use canvas::Canvas;
use log_limiter::LogLimiter;
use resource_limiter::Limiter;
use stopwatch::{Speed, Stopwatch};
use values::Values;

/// Resources that a guest may hold at once: streams, pollables, sources and their frames.
const MAX_RESOURCES: usize = 256;

/// What the host keeps for an instance.
pub(crate) struct State {
    wasi: WasiCtx,
    pub(crate) table: ResourceTable,
    pub(crate) resources: Limiter,
    pub(crate) log: LogLimiter,
    pub(crate) canvas: Canvas,
    pub(crate) values: Values,
    pub(crate) sampler: Arc<Mutex<Sampler>>,
    pub(crate) stopwatch: Stopwatch,
    /// Speed of converting whole pictures.
    pub(crate) conversion: Speed,
    /// Speed of cropping and scaling.
    pub(crate) scaling: Speed,
    pub(crate) sources: Arc<dyn Sources>,
    /// What the host holds for the session.
    pub(crate) account: MemoryAccount,
    /// Number of source frames that the guest holds.
    pub(crate) open_frames: usize,
    /// Number of sources that the guest holds.
    pub(crate) open_sources: usize,
    /// Deadline of the current call.
    pub(crate) deadline: Instant,
    /// Frame lent for the current call.
    pub(crate) input: Option<Frame>,
    /// Largest picture that the guest may ask for, pixels.
    pub(crate) max_pixels: u64,
    /// Whether pictures that the guest puts are used. Those of an observer are ignored.
    pub(crate) uses_pictures: bool,
}

impl State {
    pub(crate) fn new(
        kind: Kind,
        outputs: Arc<[Output]>,
        limits: &Limits,
        log: LogLimiter,
        wasi: WasiCtx,
        sources: Arc<dyn Sources>,
        account: MemoryAccount,
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        Self {
            wasi,
            table,
            resources: Limiter::new(limits.memory, &account),
            log,
            canvas: Canvas::new(limits.output_pixels, &account),
            values: Values::new(outputs, limits.values_bytes, &account),
            sampler: Arc::default(),
            stopwatch: Stopwatch::default(),
            conversion: Speed::default(),
            scaling: Speed::default(),
            sources,
            account,
            open_frames: 0,
            open_sources: 0,
            deadline: Instant::now(),
            input: None,
            max_pixels: limits.output_pixels,
            uses_pictures: kind != Kind::Observer,
        }
    }

    /// Returns the frame behind a guest's handle.
    pub(crate) fn frame(&self, handle: &Resource<Frame>) -> Result<&Frame> {
        match &self.input {
            Some(input) if handle.rep() == Frame::INPUT => Ok(input),
            _ => Ok(self.table.get(handle)?),
        }
    }

    /// Writes the values of the call as JSON, within its time.
    pub(crate) fn write_values(&mut self) -> Result<()> {
        let stopwatch = self.stopwatch.clone();
        while stopwatch.time(|| self.values.write_next()) {
            self.check_deadline()?;
        }
        Ok(())
    }

    /// Fails if the deadline has passed. Called before the host begins work for the guest.
    pub(crate) fn check_deadline(&self) -> Result<()> {
        self.check_deadline_after(Duration::ZERO)
    }

    /// Fails if work that takes at least `duration` cannot end before the deadline.
    pub(crate) fn check_deadline_after(&self, duration: Duration) -> Result<()> {
        match self.deadline.saturating_duration_since(Instant::now()) > duration {
            true => Ok(()),
            false => Err(Trap::Interrupt.into()),
        }
    }
}

/// Charges fuel for work of the host on `bytes` bytes, as bulk operations of the guest are charged: one unit a byte.
pub(crate) fn charge_fuel(store: &mut StoreContextMut<'_, State>, bytes: usize) -> Result<()> {
    let left = store.get_fuel()?.checked_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
    store.set_fuel(left.unwrap_or(0))?;
    match left {
        Some(_) => Ok(()),
        None => Err(Trap::OutOfFuel.into()),
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
