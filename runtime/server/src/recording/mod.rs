//! Recordings of streams: the encoded frames of a rendition, and on demand those that its camera sent, as MP4 files.
//!
//! **Recording never holds a stream up, never encodes, and never fills the disk.** Frames wait in a bounded queue for a thread
//! that writes; while it does not keep up, frames are left out up to the next keyframe.
//!
//! | module | what it holds |
//! |---|---|
//! | `recorder` | [`Recorder`]: records one stream; its viewers, and its state |
//! | `queue` | the frames that wait for the disk |
//! | `job` | the thread that writes: files, limits, wishes for keyframes |
//! | `file` | one file that is being written |
//! | `recordings` | [`Recordings`]: the files of all streams: listing, reading, deleting |
//! | `place` | [`Place`]: the folder of a stream's recordings |
//! | `name` | [`FileName`]: names with their times |
//! | `retention` | which files are deleted to stay within the limits; pure |
//! | `limits` | [`Limits`] |
//! | `disk` | private files and folders, free space |

mod disk;
mod file;
mod job;
mod limits;
mod name;
mod place;
mod queue;
mod recorder;
mod recordings;
mod retention;
#[cfg(test)]
mod tests;

pub use limits::Limits;
pub use name::FileName;
pub use place::Place;
pub use recorder::{Error, Recorder, State, Status};
pub use recordings::{Opened, Recording, Recordings};
