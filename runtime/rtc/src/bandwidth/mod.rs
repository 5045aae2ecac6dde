//! The bit rate that the path to a viewer carries, from what the viewer reports.
//!
//! The viewer says when each packet arrived (transport-wide feedback, draft-holmer-rmcat-transport-wide-cc-extensions-01). The
//! estimate follows the structure of Google's congestion control (draft-ietf-rmcat-gcc-02, and libwebrtc's `goog_cc`): delay
//! trend, acknowledged rate, probes, loss; and adds the standing queue, as CoDel measures it (RFC 8289), so that a queue that
//! was built is emptied rather than kept.
//!
//! | module | what it holds |
//! |---|---|
//! | [`estimator`] | [`Estimator`]: puts the parts together |
//! | `history` | packets that were sent and not yet reported on |
//! | `acknowledged` | the rate at which packets arrived |
//! | `trend` | whether the delay grows |
//! | `queue` | how much delay stands in queues of the path |
//! | `loss` | whether loss comes from congestion |
//! | `probe` | when more than the estimate is tried, and what came of it |
//! | `without_arrivals` | the estimate for viewers that report only loss |
//!
//! Nothing here has a clock: `now` is an argument.

mod acknowledged;
pub mod estimator;
mod history;
mod loss;
mod probe;
mod queue;
mod trend;
mod without_arrivals;

pub use estimator::{Estimator, Limits};
pub use history::ArrivalReport;
pub use probe::Probe;
pub use without_arrivals::LossReport;
