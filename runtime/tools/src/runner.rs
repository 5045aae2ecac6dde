//! Runs a handler frame by frame, and restarts it in the same cases as a server.

use std::sync::Arc;

use framebox_picture::Picture;
use framebox_picture::sample::Sampler;
use framebox_sandbox::{Call, CallError, Component, Deterministic, Input, Instance, Kind, Setup};
use framebox_sandbox::{Cost, NamedValue};

/// A handler with its instance, if one is running.
pub(crate) struct Runner {
    component: Component,
    setup: Setup,
    /// Buttons to press after the first start.
    pressed: Vec<NamedValue>,
    clocks: Option<Deterministic>,
    instance: Option<Instance>,
    sampler: Sampler,
    sequence: u64,
}

impl Runner {
    /// Creates a runner that starts the handler with `setup` on first use.
    pub(crate) fn new(component: &Component, setup: Setup) -> Self {
        Self {
            component: component.clone(),
            setup,
            pressed: Vec::new(),
            clocks: None,
            instance: None,
            sampler: Sampler::default(),
            sequence: 0,
        }
    }

    /// Replaces the real clocks and random numbers by deterministic ones.
    pub(crate) fn with_clocks(mut self, clocks: Deterministic) -> Self {
        self.clocks = Some(clocks);
        self
    }

    /// Presses these buttons once, after the first start.
    pub(crate) fn with_pressed(mut self, pressed: Vec<NamedValue>) -> Self {
        self.pressed = pressed;
        self
    }

    /// Starts an instance unless one is running.
    pub(crate) fn start(&mut self) -> Result<&mut Instance, CallError> {
        let instance = match self.instance.take() {
            Some(instance) => instance,
            None => {
                let setup = self.setup.clone();
                let mut instance = match &self.clocks {
                    Some(clocks) => self.component.start_deterministic(setup, clocks)?,
                    None => self.component.start(setup)?,
                };
                let pressed = std::mem::take(&mut self.pressed);
                if !pressed.is_empty() {
                    instance.configure(&pressed)?;
                }
                instance
            }
        };
        Ok(self.instance.insert(instance))
    }

    /// Calls the handler for a frame; a generator ignores the picture.
    pub(crate) fn call(&mut self, picture: Option<&Arc<Picture>>, pts_us: i64) -> Call {
        let failed = |error| Call { result: Err(error), cost: Cost::default() };
        let picture = match picture.map(|picture| self.scale(picture)).transpose() {
            Ok(picture) => picture,
            Err(error) => return failed(error),
        };
        if let Some(clocks) = &self.clocks {
            clocks.advance_to(u64::try_from(pts_us).unwrap_or(0));
        }
        let (budget, sequence) = (self.setup.limits.call, self.sequence);
        self.sequence += 1;
        let is_generator = self.component.kind() == Kind::Generator;
        let instance = match self.start() {
            Ok(instance) => instance,
            Err(error) => return failed(error),
        };
        match picture {
            Some(picture) if !is_generator => instance.process(Input { picture, pts_us, sequence, skipped: 0 }, budget),
            _ => instance.next(pts_us, budget),
        }
    }

    /// Scales a picture to the size that the handler's descriptor requests, if any, as a server does.
    fn scale(&mut self, picture: &Arc<Picture>) -> Result<Arc<Picture>, CallError> {
        let size = self.component.descriptor().size.unwrap_or(picture.size());
        if size == picture.size() {
            return Ok(picture.clone());
        }
        let failed = |error: framebox_picture::Error| CallError::Refused(error.to_string());
        let mut scaled = Picture::black(size).map_err(failed)?;
        self.sampler.scale(picture.planes(), size, &mut scaled).map_err(failed)?;
        Ok(Arc::new(scaled))
    }

    /// Returns the linear memory of the instance, bytes.
    pub(crate) fn memory(&self) -> usize {
        self.instance.as_ref().map_or(0, Instance::memory)
    }

    /// Drops an instance that is dead, and closes one that has grown past its soft memory limit, so that the next call starts
    /// another. Returns whether it did either. To be called between two frames.
    pub(crate) fn recycle(&mut self) -> bool {
        if self.instance.take_if(|instance| instance.is_dead()).is_some() {
            return true;
        }
        match self.instance.take_if(|instance| instance.wants_replacement()) {
            Some(instance) => {
                instance.close();
                true
            }
            None => false,
        }
    }

    /// Closes the instance, which lets the handler finish its work.
    pub(crate) fn close(mut self) {
        if let Some(instance) = self.instance.take().filter(|instance| !instance.is_dead()) {
            instance.close();
        }
    }
}
