//! The descriptor of a handler.

use crate::raw::types::{Descriptor, OutputKind, OutputSpec, Parameter, Size};

/// The descriptor of a handler, except for its parameters.
///
/// Title and summary default to the name and the description of the package.
#[derive(Debug, Default)]
pub struct About {
    title: String,
    summary: String,
    outputs: Vec<OutputSpec>,
    size: Option<Size>,
    fps: Option<f32>,
}

impl About {
    /// Creates a descriptor with a title and a summary of one sentence.
    pub fn new(title: &str, summary: &str) -> Self {
        Self { title: title.into(), summary: summary.into(), ..Self::default() }
    }

    /// Declares an additional output: the page reserves a place for it.
    pub fn output(mut self, id: &str, label: &str, kind: OutputKind) -> Self {
        self.outputs.push(OutputSpec { id: id.into(), label: label.into(), kind, unit: None });
        self
    }

    /// Sets the unit of the output declared last.
    pub fn unit(mut self, unit: &str) -> Self {
        if let Some(output) = self.outputs.last_mut() {
            output.unit = Some(unit.into());
        }
        self
    }

    /// Sets the preferred size of frames, pixels: the host scales.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = Some(Size { width, height });
        self
    }

    /// Sets the preferred frame rate, frames a second.
    pub fn fps(mut self, fps: f32) -> Self {
        self.fps = Some(fps);
        self
    }

    /// Converts to the descriptor of the interface; `name` and `description` are those of the package.
    pub(crate) fn describe(self, name: &str, description: &str, parameters: Vec<Parameter>) -> Descriptor {
        let or = |given: String, other: &str| if given.is_empty() { other.into() } else { given };
        let Self { title, summary, outputs, size, fps } = self;
        Descriptor { title: or(title, name), summary: or(summary, description), parameters, outputs, size, fps }
    }
}
