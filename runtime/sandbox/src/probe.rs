//! Runs a handler on the host's own pictures.

use std::sync::Arc;

use framebox_picture::{Picture, Size};

use crate::call::Input;
use crate::call_error::CallError;
use crate::component::{Component, Setup};
use crate::kind::Kind;
use crate::value::NamedValue;

/// Calls of a probe.
const FRAMES: u32 = 8;
/// Time between two frames of a probe, µs.
const INTERVAL: i64 = 33_333;
/// Size of the pictures, unless the handler asks for another.
const SIZE: Size = Size::new(640, 480);

impl Component {
    /// Starts the handler with its defaults and calls it for a few frames of the host's own, so that nobody who uses it has an
    /// influence on what it sees. `setup`: its limits and sources; its parameters are not used.
    ///
    /// # Errors
    /// The first failure that the handler caused. A host without room for the instance shows nothing, and is no failure.
    pub fn probe(&self, setup: Setup) -> Result<(), CallError> {
        match self.run_probe(setup) {
            Err(failure) if !failure.is_of_host() && !matches!(failure, CallError::Finished(_)) => Err(failure),
            _ => Ok(()),
        }
    }

    fn run_probe(&self, mut setup: Setup) -> Result<(), CallError> {
        let parameters = self.descriptor().parameters.iter();
        let defaults = parameters.map(|one| NamedValue { id: one.id.clone(), value: one.default_value() });
        setup.parameters = defaults.collect();
        let budget = setup.limits.call;
        let mut instance = self.start(setup)?;
        for number in 0..FRAMES {
            let pts_us = i64::from(number) * INTERVAL;
            let call = match self.kind() {
                Kind::Generator => instance.next(pts_us, budget),
                Kind::Transform | Kind::Observer => {
                    let picture = Arc::new(picture(self.descriptor().size.unwrap_or(SIZE), number)?);
                    instance.process(Input { picture, pts_us, sequence: number.into(), skipped: 0 }, budget)
                }
            };
            call.result?;
        }
        instance.close();
        Ok(())
    }
}

/// A gradient that moves with `number`.
fn picture(size: Size, number: u32) -> Result<Picture, CallError> {
    let mut picture = Picture::black(size).map_err(|error| CallError::Refused(error.to_string()))?;
    let (luma, ..) = picture.planes_mut();
    for (y, row) in luma.chunks_exact_mut(size.width as usize).enumerate() {
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = 16 + ((x + y + 8 * number as usize) % 220) as u8;
        }
    }
    Ok(picture)
}
