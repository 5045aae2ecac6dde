//! The table of scenarios.

mod table;

use std::time::Duration;

use crate::figures::Figure;
use crate::wire::Profile;

pub use table::table;

/// A path, what is sent over it, and what has to come out.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// From the client to the server.
    pub up: Profile,
    /// From the server to the client.
    pub down: Profile,
    /// What the camera gives.
    pub picture: Picture,
    /// The only codec that the browser offers; none: all that it has.
    pub codec: Option<&'static str>,
    /// How long pictures flow before the schedule and the measurement start.
    pub settling: Duration,
    /// How long is measured.
    pub measured: Duration,
    /// What happens to the client's place in the network, and when.
    pub event: Option<(Duration, Event)>,
    /// When the path is as good as it becomes, if it was worse: the outage is over, the rate is back, the event has happened.
    pub healed: Option<Duration>,
    /// What has to come out.
    pub bounds: Vec<Bound>,
    /// What has to come out on any machine, however loaded; none: it is not among the tests of every change.
    pub always: Vec<Bound>,
}

impl Scenario {
    /// Returns the scenario as it is tested with every change: with less time to measure.
    #[must_use]
    pub fn shortened(self) -> Self {
        let longest = self.healed.unwrap_or_default() + Duration::from_secs(10);
        Self { measured: self.measured.min(longest), ..self }
    }
}

/// What the camera gives.
#[derive(Clone, Copy, Debug)]
pub struct Picture {
    /// Width, px.
    pub width: u32,
    /// Height, px.
    pub height: u32,
    /// Pictures a second.
    pub fps: u32,
    /// Noise of the camera: distance of the darkest from the brightest value that a grey becomes.
    pub noise: f64,
}

impl Picture {
    /// 640×480 at 30.
    pub const SMALL: Self = Self { width: 640, height: 480, fps: 30, noise: 6.0 };
    /// 1280×720 at 30.
    pub const LARGE: Self = Self { width: 1280, height: 720, ..Self::SMALL };
}

/// What happens to the client's place in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The client's NAT maps it to another port of the same address.
    OtherPort,
    /// The client's NAT maps it to another port of another address.
    OtherMapping,
    /// The client's own address is replaced.
    OtherAddress,
}

/// A bound of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// No less.
    AtLeast(Figure, f64),
    /// No more.
    AtMost(Figure, f64),
}

impl Bound {
    /// Returns the figure that it bounds.
    pub fn figure(&self) -> Figure {
        match *self {
            Self::AtLeast(figure, _) | Self::AtMost(figure, _) => figure,
        }
    }

    /// Returns whether a figure keeps it. What could not be measured does not.
    pub fn holds(&self, value: Option<f64>) -> bool {
        value.is_some_and(|value| match *self {
            Self::AtLeast(_, least) => value >= least,
            Self::AtMost(_, most) => value <= most,
        })
    }
}
