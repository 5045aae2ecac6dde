//! Writes MP4 files (ISO/IEC 14496-12) with one video track. Reading them is the business of [`clip`](crate::clip).
//!
//! A recording is written in fragments: whatever happens to the program, what was written before the last fragment plays.
//!
//! | module | contents |
//! |---|---|
//! | `writer` | [`Writer`]: encoded frames to a fragmented file |
//! | `track` | [`Track`]: how a video's pictures are coded, read from a keyframe |
//! | `parameter_sets` | [`ParameterSets`]: H.264 as it is in MP4 |
//! | `movie` | [`movie`]: the box that describes the track |
//! | `fragment` | the fragment that is being filled |
//! | `timeline` | RTP timestamps to times of the file; pure |
//! | `inspect` | [`whole_length`], [`duration`]: of files that this writer made |

mod fragment;
mod inspect;
mod movie;
mod parameter_sets;
mod timeline;
mod track;
mod writer;

pub use inspect::{HEAD, duration, whole_length};
pub use movie::{TIMESCALE, movie};
pub use parameter_sets::ParameterSets;
pub use track::{Colour, Track};
pub use writer::Writer;
