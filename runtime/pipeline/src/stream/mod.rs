//! A processed video, encoded once for each rendition and for any number of viewers.
//!
//! Encoders belong to renditions, and renditions to streams, never to peers. A rendition exists while somebody needs it: H.264
//! for those who take that, VP8 for others, and smaller sizes for those whose paths carry less than others'. It encodes on a
//! thread of its own, so that one frame is encoded while the next one is in the handler. At most one picture waits for it: the
//! handler thread takes no other frame until there is room, so that frames are skipped at the gate and latency does not grow.
//!
//! Who watches and who encodes are apart: they may be in two processes, with [`Order`]s going one way and [`Coded`] pictures the
//! other.
//!
//! | module | what it holds |
//! |---|---|
//! | `streams` | [`Stream`]: a processed video |
//! | `audience` | [`Audience`]: the viewers of a stream; who gets which rendition |
//! | `viewer`, `needs`, `attachment` | [`Viewer`]: who receives frames; [`Needs`]: which; [`Attachment`]: keeps it attached |
//! | `encoders` | [`Order`], [`Coded`]: what is between viewers and encoders |
//! | `renditions`, `rendition` | the renditions that are encoded in this process; a stream encoded once |
//! | `settings`, `shown` | [`Settings`]: how results are encoded; [`Shown`]: a picture on its way to the viewers |
//! | [`layers`] | which size each viewer gets, and which bit rate a rendition has; pure |
//! | [`keyframes`] | when wishes for keyframes are served; pure |
//! | [`adaptation`] | which size a rendition's pictures have; pure |
//! | [`overshoot`] | corrects an encoder that makes more than it was asked for; pure |
//! | `report` | [`Report`]: what a rendition tells its session |
//! | `encode` | pictures to encoded frames |

pub mod adaptation;
mod attachment;
mod audience;
mod encode;
mod encoders;
pub mod keyframes;
pub mod layers;
mod needs;
pub mod overshoot;
mod rendition;
mod renditions;
mod report;
mod settings;
mod shown;
mod streams;
mod viewer;

pub use attachment::Attachment;
pub use audience::Audience;
pub use encoders::{Ask, Coded, Encoders, Format, Order, Output, RenditionId};
pub use needs::Needs;
pub use report::{Encoding, Report};
pub use settings::Settings;
pub use shown::Shown;
pub use streams::Stream;
pub use viewer::Viewer;
