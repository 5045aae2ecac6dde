//! What a session is made of.

use std::sync::Arc;

use framebox_picture::Size;
use framebox_sandbox::{Component, Kind, Limits, Log, MemoryAccount, Sources};

use crate::budget::Budgets;
use crate::schedule::frame_clock;
use crate::schedule::policy::Policy;
use crate::session::permit::Permit;
use crate::stream;

/// What a session is made of.
pub struct Setup {
    /// The handler.
    pub component: Component,
    /// Frames a second that a generator is asked for; none: what its descriptor says, else
    /// [`frame_clock::DEFAULT_RATE`](crate::schedule::frame_clock::DEFAULT_RATE).
    pub fps: Option<f32>,
    /// Largest picture that the input may have; beyond it, the viewer is asked to lower it.
    pub largest_input: Size,
    /// What the handler may use.
    pub limits: Limits,
    /// How the results are encoded, whatever the viewers need.
    pub encoding: stream::Settings,
    /// Receives the handler's log.
    pub log: Arc<dyn Log>,
    /// The videos that were granted.
    pub sources: Arc<dyn Sources>,
    /// What the host holds for the session.
    pub account: MemoryAccount,
    /// Which frames are skipped, and what is shown instead; where the session starts.
    pub policy: Policy,
    /// What the session may use beyond a single call.
    pub budgets: Budgets,
    /// The permit from [`Node::admit`](crate::node::Node::admit). None: the session counts nowhere.
    pub permit: Option<Box<dyn Permit>>,
}

impl Setup {
    /// Frames a second that are asked of a generator; none for other kinds.
    pub fn rate(&self) -> Option<f32> {
        (self.component.kind() == Kind::Generator).then(|| {
            let fps = self.fps.or(self.component.descriptor().fps).unwrap_or(frame_clock::DEFAULT_RATE);
            fps.clamp(*frame_clock::RATES.start(), *frame_clock::RATES.end())
        })
    }
}
