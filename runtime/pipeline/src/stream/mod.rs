//! A processed video, encoded once for each rendition and for any number of viewers.
//!
//! Encoders belong to renditions, and renditions to streams, never to peers. A rendition encodes on a thread of its own, so
//! that one frame is encoded while the next one is in the handler. At most one picture waits for it: the handler thread
//! takes no other frame until there is room, so that frames are skipped at the gate and latency does not grow.
//!
//! | module | what it holds |
//! |---|---|
//! | `streams` | [`Stream`]: the renditions of a processed video |
//! | `rendition`, `settings` | [`Rendition`]: a stream encoded once; [`Settings`]: how |
//! | `relay` | [`Relay`]: a rendition that is encoded in another process |
//! | `shown` | [`Shown`]: a picture on its way to the viewers |
//! | `viewer`, `attachment` | [`Viewer`]: who receives a rendition; [`Attachment`]: keeps it attached |
//! | `viewers` | the viewers of a rendition and their wishes |
//! | [`adaptation`] | which size its pictures have; pure |
//! | [`overshoot`] | corrects an encoder that makes more than it was asked for; pure |
//! | [`bitrate`] | which bit rate a rendition has; pure |
//! | `report` | [`Report`]: what a rendition tells its session |
//! | `encode` | pictures to encoded frames |

pub mod adaptation;
mod attachment;
pub mod bitrate;
mod encode;
pub mod overshoot;
mod relay;
mod rendition;
mod report;
mod settings;
mod shown;
mod streams;
mod viewer;
mod viewers;

pub use attachment::Attachment;
pub use relay::{Relay, Wish};
pub use rendition::Rendition;
pub use report::{Encoding, Report};
pub use settings::Settings;
pub use shown::Shown;
pub use streams::Stream;
pub use viewer::Viewer;
