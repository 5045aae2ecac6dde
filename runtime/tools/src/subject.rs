//! A handler at work: started, called frame by frame, and started again where a server would do so.

use std::sync::Arc;

use framebox_picture::sample::Sampler;
use framebox_picture::{Picture, Size};
use framebox_sandbox::{Call, CallError, Component, Deterministic, Input, Instance, Kind, Setup};
use framebox_sandbox::{Cost, NamedValue};

/// A handler at work.
pub(crate) struct Subject {
    component: Component,
    setup: Setup,
    pressed: Vec<NamedValue>,
    world: Option<Deterministic>,
    instance: Option<Instance>,
    sampler: Sampler,
    sequence: u64,
}

impl Subject {
    /// A handler that is started with `setup` when it is needed.
    pub(crate) fn new(component: &Component, setup: Setup) -> Self {
        Self {
            component: component.clone(),
            setup,
            pressed: Vec::new(),
            world: None,
            instance: None,
            sampler: Sampler::default(),
            sequence: 0,
        }
    }

    /// Lets it live in a world that is the same each time.
    pub(crate) fn within(mut self, world: Deterministic) -> Self {
        self.world = Some(world);
        self
    }

    /// Presses those buttons when it is started for the first time.
    pub(crate) fn pressing(mut self, pressed: Vec<NamedValue>) -> Self {
        self.pressed = pressed;
        self
    }

    /// Starts it, if it does not run.
    pub(crate) fn start(&mut self) -> Result<&mut Instance, CallError> {
        let instance = match self.instance.take() {
            Some(instance) => instance,
            None => {
                let setup = self.setup.clone();
                let mut instance = match &self.world {
                    Some(world) => self.component.start_deterministic(setup, world)?,
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

    /// The size at which it gets frames that come in `size`.
    pub(crate) fn input_size(&self, size: Size) -> Size {
        self.component.descriptor().size.unwrap_or(size)
    }

    /// Gives it a frame, which a generator does not look at.
    pub(crate) fn call(&mut self, picture: Option<&Arc<Picture>>, pts_us: i64) -> Call {
        let refused = |failure| Call { result: Err(failure), cost: Cost::default() };
        let picture = match picture.map(|picture| self.fit(picture)).transpose() {
            Ok(picture) => picture,
            Err(failure) => return refused(failure),
        };
        if let Some(world) = &self.world {
            world.advance_to(u64::try_from(pts_us).unwrap_or(0));
        }
        let (budget, sequence) = (self.setup.limits.call, self.sequence);
        self.sequence += 1;
        let generates = self.component.kind() == Kind::Generator;
        let instance = match self.start() {
            Ok(instance) => instance,
            Err(failure) => return refused(failure),
        };
        match picture {
            Some(picture) if !generates => instance.process(Input { picture, pts_us, sequence, skipped: 0 }, budget),
            _ => instance.next(pts_us, budget),
        }
    }

    /// A picture in the size that the handler asks for, as a server would give it.
    fn fit(&mut self, picture: &Arc<Picture>) -> Result<Arc<Picture>, CallError> {
        let size = self.input_size(picture.size());
        if size == picture.size() {
            return Ok(picture.clone());
        }
        let failed = |error: framebox_picture::Error| CallError::Refused(error.to_string());
        let mut scaled = Picture::black(size).map_err(failed)?;
        self.sampler.scale(picture.planes(), size, &mut scaled).map_err(failed)?;
        Ok(Arc::new(scaled))
    }

    /// Linear memory that it has, bytes.
    pub(crate) fn memory(&self) -> usize {
        self.instance.as_ref().map_or(0, Instance::memory)
    }

    /// Between two frames: one that is dead is given up, and one that leaks is closed, so that the next call has a fresh
    /// instance. True: so it was.
    pub(crate) fn tidy(&mut self) -> bool {
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

    /// Tells it that it is over.
    pub(crate) fn close(mut self) {
        if let Some(instance) = self.instance.take().filter(|instance| !instance.is_dead()) {
            instance.close();
        }
    }
}
