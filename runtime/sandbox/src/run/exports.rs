//! The functions that an instance exports, with their types checked.

use wasmtime::Store;
use wasmtime::component::{Instance, Resource, TypedFunc};

use super::linked::Linked;
use crate::abi::bindings::{HandlerBase, types};
use crate::abi::convert::Stop;
use crate::abi::resources::{Frame, OutputHandle};
use crate::kind::Kind;
use crate::state::State;

/// The result of a call for a frame.
pub(super) type FrameResult = (Result<(), Stop>,);
type OnFrame = TypedFunc<(Resource<Frame>, Resource<OutputHandle>, types::Budget), FrameResult>;
type OnTime = TypedFunc<(i64, Resource<OutputHandle>, types::Budget), FrameResult>;

/// The exported functions of an instance.
pub(super) struct Exports {
    pub(super) lifecycle: HandlerBase,
    pub(super) frame: FrameFunction,
}

/// The function called for each frame.
pub(super) enum FrameFunction {
    Transform(OnFrame),
    Generate(OnTime),
    Observe(OnFrame),
}

impl Exports {
    /// Looks up the functions. Fails if one has another type than in the interface.
    pub(super) fn new(linked: &Linked, store: &mut Store<State>, instance: &Instance) -> wasmtime::Result<Self> {
        let lifecycle = linked.lifecycle.load(&mut *store, instance)?;
        let frame = match linked.kind {
            Kind::Transform => FrameFunction::Transform(instance.get_typed_func(&mut *store, linked.frame)?),
            Kind::Generator => FrameFunction::Generate(instance.get_typed_func(&mut *store, linked.frame)?),
            Kind::Observer => FrameFunction::Observe(instance.get_typed_func(&mut *store, linked.frame)?),
        };
        Ok(Self { lifecycle, frame })
    }
}
