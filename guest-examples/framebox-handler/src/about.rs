//! What a handler says of itself.

use crate::raw::types::{Descriptor, OutputKind, OutputSpec, Parameter, Size};

/// What a handler says of itself, beside its parameters.
///
/// Without a title and a summary it takes the name and the description of its package.
#[derive(Debug, Default)]
pub struct About {
    title: String,
    summary: String,
    outputs: Vec<OutputSpec>,
    size: Option<Size>,
    fps: Option<f32>,
}

impl About {
    /// With a title and one sentence on what it does.
    pub fn new(title: &str, summary: &str) -> Self {
        Self { title: title.into(), summary: summary.into(), ..Self::default() }
    }

    /// Announces a value that the handler will `put`: the page reserves a place for it.
    pub fn output(mut self, id: &str, label: &str, kind: OutputKind) -> Self {
        self.outputs.push(OutputSpec { id: id.into(), label: label.into(), kind, unit: None });
        self
    }

    /// The unit of the output announced last.
    pub fn unit(mut self, unit: &str) -> Self {
        if let Some(output) = self.outputs.last_mut() {
            output.unit = Some(unit.into());
        }
        self
    }

    /// The size at which frames are wanted, pixels: the host scales.
    pub fn size(mut self, width: u32, height: u32) -> Self {
        self.size = Some(Size { width, height });
        self
    }

    /// The rate at which frames are wanted or made, frames a second.
    pub fn fps(mut self, fps: f32) -> Self {
        self.fps = Some(fps);
        self
    }

    /// As the interface has it; `name` and `description` are those of the package.
    pub(crate) fn describe(self, name: &str, description: &str, parameters: Vec<Parameter>) -> Descriptor {
        let or = |given: String, other: &str| if given.is_empty() { other.into() } else { given };
        let Self { title, summary, outputs, size, fps } = self;
        Descriptor { title: or(title, name), summary: or(summary, description), parameters, outputs, size, fps }
    }
}
