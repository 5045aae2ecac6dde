//! Pictures from elsewhere than a camera's frames: a pipe into which ffmpeg writes, or a file.
//!
//! A thread reads them, and puts them before the gate as the decode thread does with a camera's pictures. It never falls behind
//! a pipe: where the next frame is there already, the one before waits for nobody.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::Builder;
use std::time::{Duration, Instant};

use framebox_media::clip::{self, Clip, Looping};
use framebox_media::nut::{self, Data, Reader};
use framebox_media::{Codec, EncodedFrame};
use framebox_picture::Pool;

use crate::cpu;
use crate::session::connections::Connections;
use crate::session::exchange::Exchange;
use crate::session::frame::{Frame, FrameMetadata};
use crate::session::frame_copy::FrameCopy;
use crate::session::intake::Intake;
use crate::session::panic_guard::PanicGuard;
use crate::session::pipe::Pipe;
use crate::session::push;
use crate::session::rtp_clock::Time;
use crate::session::setup::Setup;

/// Pictures a second that a pipe may bring in the long run, and at once: more are left in the pipe, whose writer waits.
const RATE: u32 = 240;
const BURST: u32 = 60;
/// How late a picture of a file may be before the ones after it are late, too.
const LATE: Duration = Duration::from_millis(500);
/// Of a frame that others wait behind: so long ago it came that nobody waits for it.
const LONG_AGO: Duration = Duration::from_secs(2);

/// Where a session's pictures come from, in place of a camera.
#[derive(Debug)]
pub enum Feed {
    /// A pipe into which somebody writes NUT ([`framebox_media::nut`]): pictures, or H.264. What comes is live.
    Pipe(File),
    /// A video or picture file, which is shown as its times say.
    File {
        /// The file, open for reading.
        file: File,
        /// It starts over at its end.
        looped: bool,
    },
}

/// A feed that is read. Dropping it ends it, without an event.
#[derive(Debug)]
pub(crate) struct Feeding {
    stopped: Arc<AtomicBool>,
}

impl Drop for Feeding {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// What the thread of a feed works with.
pub(crate) struct Reading {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) intake: Arc<Mutex<Intake>>,
    pub(crate) setup: Arc<Setup>,
    pub(crate) connections: Connections,
}

impl Reading {
    /// Starts to read `feed`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(self, feed: Feed) -> io::Result<Feeding> {
        let stopped = Arc::<AtomicBool>::default();
        let stop = stopped.clone();
        Builder::new().name("feed".into()).spawn(move || {
            let _guard = PanicGuard::new(self.exchange.clone(), "reading a feed");
            cpu::lower_priority();
            let end = match feed {
                Feed::Pipe(pipe) => self.read_pipe(Pipe::new(pipe, stop.clone())),
                Feed::File { file, looped } => self.read_file(file, looped, &stop),
            };
            if !stop.load(Ordering::Relaxed) && !self.exchange.lock().ended {
                self.connections.events.input_ended(end.err());
            }
        })?;
        Ok(Feeding { stopped })
    }

    /// Reads until the pipe ends, or the feed or its session.
    fn read_pipe(&self, pipe: Pipe) -> Result<(), String> {
        let most = self.setup.largest_input.pixels();
        let mut reader = Reader::new(pipe, nut::Bounds::up_to(most)).map_err(|error| error.to_string())?;
        let mut pictures = Pictures::new(self);
        let mut flow = Flow::default();
        let size = reader.track().size;
        while let Some(frame) = reader.next(&mut pictures.pool).map_err(|error| error.to_string())? {
            let arrived = Instant::now();
            let rtp_timestamp = ticks(frame.time);
            let goes_on = match frame.data {
                Data::Coded(data) => self.push(EncodedFrame {
                    codec: Codec::H264,
                    data,
                    keyframe: frame.keyframe,
                    rtp_timestamp,
                    captured: arrived,
                }),
                Data::Picture(picture) => {
                    let is_behind = reader.has_begun_next() || reader.reader().has_more();
                    let since = if is_behind { arrived.checked_sub(LONG_AGO).unwrap_or(arrived) } else { arrived };
                    let frame = self.frame(rtp_timestamp, arrived, size);
                    let copies = &mut pictures.copies;
                    self.exchange.present(frame, since, |size| copies.fit(&picture, size))
                }
                // As where no copy can be made.
                Data::NoRoom => self.exchange.present(self.frame(rtp_timestamp, arrived, size), arrived, |_| None),
            };
            if !goes_on || !reader.reader().pause(flow.next(arrived)) {
                break;
            }
            pictures.report(self);
        }
        Ok(())
    }

    fn read_file(&self, file: File, looped: bool, stop: &AtomicBool) -> Result<(), String> {
        let largest = self.setup.largest_input.pixels();
        let bounds = clip::Bounds { pixels: largest, ..clip::Bounds::default() };
        let clip = clip::read(file, &bounds).map_err(|error| error.to_string())?;
        let mut clip: Box<dyn Clip> = if looped { Box::new(Looping::new(clip)) } else { clip };
        let _charge = self.setup.account.charge(clip.memory()).map_err(|error| error.to_string())?;
        let mut pictures = Pictures::new(self);
        let mut begin = Instant::now();
        while let Some(shot) = clip.next().map_err(|error| error.to_string())? {
            let now = Instant::now();
            let due = begin.checked_add(shot.pts).unwrap_or(now);
            match due.checked_duration_since(now) {
                Some(early) if !self.exchange.wait_unless(stop, early) => break,
                Some(_) => {}
                // It is not caught up with.
                None if now.saturating_duration_since(due) > LATE => begin = now.checked_sub(shot.pts).unwrap_or(now),
                None => {}
            }
            let arrived = Instant::now();
            let nanos = i64::try_from(shot.pts.as_nanos()).unwrap_or(i64::MAX);
            let frame = self.frame(ticks(nanos), arrived, shot.picture.size());
            let copies = &mut pictures.copies;
            let present = |size| copies.fit(&shot.picture, size);
            if !self.exchange.present(frame, arrived, present) || stop.load(Ordering::Relaxed) {
                break;
            }
            pictures.report(self);
        }
        Ok(())
    }

    fn frame(&self, rtp_timestamp: u32, captured: Instant, size: framebox_picture::Size) -> Frame {
        let Time { rtp_timestamp, pts } = self.exchange.clock().time(rtp_timestamp, captured);
        let metadata = FrameMetadata { rtp_timestamp, pts, captured, decode: None };
        Frame { metadata, size, picture: None }
    }

    /// Passes a coded picture to the decode thread. Returns false when the session has ended.
    fn push(&self, frame: EncodedFrame) -> bool {
        push(&self.intake, &self.exchange, &*self.connections.upstream, frame);
        !self.exchange.lock().ended
    }
}

/// The pictures of a feed.
struct Pictures {
    pool: Pool,
    copies: FrameCopy,
    used: cpu::Meter,
}

impl Pictures {
    fn new(reading: &Reading) -> Self {
        let account = &reading.setup.account;
        Self { pool: Pool::of(account), copies: FrameCopy::new(account), used: cpu::Meter::new() }
    }

    fn report(&mut self, reading: &Reading) {
        if let Some(permit) = &reading.setup.permit {
            permit.report(Instant::now(), self.used.lap());
        }
    }
}

/// Lets so many pictures a second through. A plain struct: time comes in as an argument.
#[derive(Debug, Default)]
struct Flow {
    /// When the next picture would be due if they came evenly.
    due: Option<Instant>,
}

impl Flow {
    /// A picture came at `now`. Returns how long the next one has to wait.
    fn next(&mut self, now: Instant) -> Duration {
        let interval = Duration::from_secs(1) / RATE;
        let earliest = now.checked_sub(interval * BURST).unwrap_or(now);
        let due = self.due.map_or(earliest, |due| due.max(earliest)) + interval;
        self.due = Some(due);
        due.saturating_duration_since(now)
    }
}

/// A time in ns on the RTP clock of video, 90 kHz (RFC 3551 §5), which wraps.
fn ticks(nanos: i64) -> u32 {
    // The nearest one: the times of RTP survive the way through nanoseconds.
    ((i128::from(nanos) * 9 + 50_000).div_euclid(100_000)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_rtp_survive_nanoseconds() {
        for tick in [0_i64, 1, 2, 3003, 90_000, u32::MAX.into(), i64::from(u32::MAX) + 7] {
            assert_eq!(ticks(tick * 100_000 / 9), tick as u32);
        }
        assert_eq!(ticks(-1_000_000_000), u32::MAX - 90_000 + 1);
    }

    #[test]
    fn a_flood_is_slowed_down_and_a_burst_is_not() {
        let begin = Instant::now();
        let mut flow = Flow::default();
        let waits: Vec<_> = (0..BURST + 100).map(|_| flow.next(begin)).collect();
        assert!(waits[..BURST as usize].iter().all(Duration::is_zero));
        let wait = waits[waits.len() - 1].as_secs_f64();
        assert!((wait - 100.0 / f64::from(RATE)).abs() < 0.01, "{wait}");
        let mut flow = Flow::default();
        assert!((0..1000).all(|at| flow.next(begin + Duration::from_millis(at * 8)).is_zero()), "120 a second");
    }
}
