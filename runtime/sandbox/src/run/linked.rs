//! A compiled component linked with the host's functions.

use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use crate::abi::bindings::HandlerBaseIndices;
use crate::engine::Engine;
use crate::inspect::{LoadError, Outline};
use crate::kind::Kind;
use crate::state::State;
use crate::text::error_chain;

/// A linked component, ready to be instantiated.
pub(crate) struct Linked {
    pub(crate) kind: Kind,
    pub(super) pre: InstancePre<State>,
    pub(super) lifecycle: HandlerBaseIndices,
    /// The function called for each frame.
    pub(super) frame: ComponentExportIndex,
}

impl Linked {
    /// Links a component and looks up its exports.
    pub(crate) fn new(engine: &Engine, component: &Component, outline: &Outline) -> Result<Self, LoadError> {
        let mismatch = |error: wasmtime::Error| LoadError::Mismatch(error_chain(&error));
        let pre = engine.linker().instantiate_pre(component).map_err(mismatch)?;
        let lifecycle = HandlerBaseIndices::new(&pre).map_err(mismatch)?;
        let function = match outline.kind {
            Kind::Transform => "process",
            Kind::Generator => "next",
            Kind::Observer => "consume",
        };
        let frame = component
            .get_export_index(None, &outline.interface)
            .and_then(|interface| component.get_export_index(Some(&interface), function))
            .ok_or_else(|| LoadError::Mismatch(format!("{} has no function {function}", outline.interface)))?;
        Ok(Self { kind: outline.kind, pre, lifecycle, frame })
    }
}
