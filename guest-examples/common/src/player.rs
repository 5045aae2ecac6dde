//! Plays a video at its own speed, independent of the frame rate of the stream.

use crate::Clock;

/// Time until a source that could not be opened is tried again, µs.
const REST: i64 = 1_000_000;
/// A longer time between two calls is a pause of the stream, µs: no frame rate is that low.
const PAUSE: i64 = 5_000_000;
/// Duration of the last picture if the source has no frame rate, µs.
const INTERVAL: i64 = 40_000;

/// A video that can be read picture by picture.
pub trait Video: Sized {
    type Picture;

    fn open(name: &str) -> Result<Self, String>;

    /// Reads the next picture and its time, µs; `None` at the end.
    fn next(&mut self) -> Result<Option<(Self::Picture, i64)>, String>;

    /// Goes back to the first picture; a source that cannot seek is opened again.
    fn rewind(&mut self) -> Result<(), String>;

    /// Returns the time between two pictures, µs, if known.
    fn interval(&self) -> Option<i64>;
}

/// The reason why there is no picture.
#[derive(Debug)]
pub enum Halt {
    Failed(String),
    Finished(String),
}

/// Plays one source after the other.
pub struct Player<V: Video> {
    name: String,
    loops: bool,
    clock: Clock,
    /// The time of the last call, µs, and the value of the clock.
    last: (i64, i64),
    reel: Option<Reel<V>>,
    /// When opening the source failed, µs, and why.
    refused: Option<(i64, String)>,
}

/// An open video and the position in it. Times are those of the player's clock, on which each repetition of a loop follows
/// the previous one.
struct Reel<V: Video> {
    video: V,
    shown: Option<(V::Picture, i64)>,
    /// The next picture, read but not due yet.
    ahead: Option<(V::Picture, i64)>,
    /// The start of this repetition, and the video's own time then.
    begin: i64,
    first: i64,
    /// Pictures read in this repetition.
    count: u64,
    /// The end of the last picture, once the end of the video was reached.
    end: Option<i64>,
}

impl<V: Video> Player<V> {
    pub const fn new() -> Self {
        Self { name: String::new(), loops: true, clock: Clock::new(), last: (0, 0), reel: None, refused: None }
    }

    /// Sets the speed; 1 is the original speed.
    pub fn set_speed(&mut self, speed: f64) {
        self.clock.set_speed(speed);
    }

    /// Sets whether it starts again at the end.
    pub fn set_loops(&mut self, loops: bool) {
        self.loops = loops;
    }

    /// Returns the name of the source.
    pub fn source(&self) -> &str {
        &self.name
    }

    /// Plays `name` from its beginning. If it cannot be opened, the current source continues.
    pub fn set_source(&mut self, name: String) -> Result<(), String> {
        if self.reel.is_some() {
            self.reel = Some(open(&name)?);
        }
        self.refused = None;
        self.name = name;
        Ok(())
    }

    /// Returns the picture for `now`, µs. After a pause of the stream the video continues where it was. If more pictures are
    /// due than can be read before it is `late`, the clock is set back: the video falls behind instead of stopping.
    pub fn at(&mut self, now: i64, mut late: impl FnMut() -> bool) -> Result<&V::Picture, Halt> {
        let reel = match &mut self.reel {
            Some(reel) => reel,
            none => match &self.refused {
                Some((then, why)) if now.saturating_sub(*then) < REST => return Err(Halt::Failed(why.clone())),
                _ => match open(&self.name) {
                    Ok(reel) => none.insert(reel),
                    Err(why) => {
                        self.refused = Some((now, why.clone()));
                        return Err(Halt::Failed(why));
                    }
                },
            },
        };
        if reel.shown.is_none() {
            self.clock.set(now, 0);
        } else if now.saturating_sub(self.last.0) > PAUSE {
            self.clock.set(now, self.last.1);
        }
        let place = self.clock.at(now);
        while reel.forward(place, self.loops).map_err(Halt::Failed)? {
            if let (true, Some((_, due))) = (late(), &reel.shown) {
                self.clock.set(now, *due);
                break;
            }
        }
        self.last = (now, self.clock.at(now));
        match &reel.shown {
            Some((picture, _)) if self.loops || reel.end.is_none_or(|end| place < end) => Ok(picture),
            Some(_) => Err(Halt::Finished(format!("{} has ended", self.name))),
            None => Err(Halt::Failed(format!("{} contains no picture", self.name))),
        }
    }
}

impl<V: Video> Default for Player<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: Video> Reel<V> {
    /// Advances one step towards the picture for `place`; returns false when it is reached.
    fn forward(&mut self, place: i64, loops: bool) -> Result<bool, String> {
        match (&self.ahead, self.end) {
            (Some((_, due)), _) if *due > place => Ok(false),
            (Some(_), _) => {
                self.shown = self.ahead.take();
                Ok(true)
            }
            (None, None) => self.read().map(|()| true),
            // A single picture is shown forever; an empty video cannot repeat.
            (None, Some(end)) if place < end || !loops || self.count < 2 => Ok(false),
            (None, Some(end)) => {
                self.video.rewind()?;
                (self.begin, self.count, self.end) = (end, 0, None);
                Ok(true)
            }
        }
    }

    /// Reads the next picture, or notes the end.
    fn read(&mut self) -> Result<(), String> {
        let last = self.shown.as_ref().map(|(_, due)| *due);
        let interval = self.video.interval().unwrap_or(INTERVAL);
        let next = self.video.next()?;
        let Some((picture, pts)) = next else {
            self.end = Some(last.unwrap_or(self.begin) + interval);
            return Ok(());
        };
        if self.count == 0 {
            self.first = pts;
        }
        let due = self.begin.saturating_add(pts.saturating_sub(self.first));
        // With times that do not increase the next picture would never be due.
        let due =
            if last.is_some_and(|last| due <= last) && self.count > 0 { last.unwrap_or(0) + interval } else { due };
        self.ahead = Some((picture, due));
        self.count += 1;
        Ok(())
    }
}

fn open<V: Video>(name: &str) -> Result<Reel<V>, String> {
    let video = V::open(name).map_err(|why| {
        format!(
            "{why}. To grant a video to this handler, add [sources.{name}] with file = \"…\" and handlers = [\"…\"] to \
             the configuration of the server"
        )
    })?;
    Ok(Reel { video, shown: None, ahead: None, begin: 0, first: 0, count: 0, end: None })
}
