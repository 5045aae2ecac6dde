//! A video that keeps its own speed, whatever the rate at which it is asked for pictures.

use crate::Clock;

/// For how long a refused source is not asked for again, µs.
const REST: i64 = 1_000_000;
/// A longer time without a call is a pause of the stream, µs: no rate that a stream may have is that low.
const PAUSE: i64 = 5_000_000;
/// How long the last picture is shown when nothing else tells, µs.
const INTERVAL: i64 = 40_000;

/// A video that is read picture by picture.
pub trait Video: Sized {
    type Picture;

    fn open(name: &str) -> Result<Self, String>;

    /// The next picture and its time, µs; none at the end.
    fn next(&mut self) -> Result<Option<(Self::Picture, i64)>, String>;

    /// Goes back to the first picture; where a source cannot, it is opened again.
    fn rewind(&mut self) -> Result<(), String>;

    /// From one picture to the next, µs; none when not known.
    fn interval(&self) -> Option<i64>;
}

/// Why there is no picture to be shown.
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
    /// The last call, µs, and what the clock showed.
    last: (i64, i64),
    reel: Option<Reel<V>>,
    /// When a source was refused, µs, and why.
    refused: Option<(i64, String)>,
}

/// An opened video and how far it was read. Times are those of the player's clock, on which each turn of a loop follows
/// the one before.
struct Reel<V: Video> {
    video: V,
    shown: Option<(V::Picture, i64)>,
    /// The picture after it, read but not yet due.
    ahead: Option<(V::Picture, i64)>,
    /// When this turn began, and the video's own time then.
    begin: i64,
    first: i64,
    /// Pictures read in this turn.
    count: u64,
    /// When the last picture is over, once the end was seen.
    end: Option<i64>,
}

impl<V: Video> Player<V> {
    pub const fn new() -> Self {
        Self { name: String::new(), loops: true, clock: Clock::new(), last: (0, 0), reel: None, refused: None }
    }

    /// 1 is the video's own.
    pub fn set_speed(&mut self, speed: f64) {
        self.clock.set_speed(speed);
    }

    /// Whether it begins again at the end.
    pub fn set_loops(&mut self, loops: bool) {
        self.loops = loops;
    }

    /// The name of what is played.
    pub fn source(&self) -> &str {
        &self.name
    }

    /// Plays `name` from its beginning. While another one plays, it goes on playing when this one cannot be opened.
    pub fn set_source(&mut self, name: String) -> Result<(), String> {
        if self.reel.is_some() {
            self.reel = Some(open(&name)?);
        }
        self.refused = None;
        self.name = name;
        Ok(())
    }

    /// The picture to be shown at `now`, µs. After a pause of the stream the video goes on where it was. When more pictures are due than can be read until it is `late`, the clock
    /// is set back: the video then falls behind rather than standing still.
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
            Some(_) => Err(Halt::Finished(format!("{} is over", self.name))),
            None => Err(Halt::Failed(format!("{} holds no picture", self.name))),
        }
    }
}

impl<V: Video> Default for Player<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: Video> Reel<V> {
    /// One step towards the picture that is due at `place`; false when it is there.
    fn forward(&mut self, place: i64, loops: bool) -> Result<bool, String> {
        match (&self.ahead, self.end) {
            (Some((_, due)), _) if *due > place => Ok(false),
            (Some(_), _) => {
                self.shown = self.ahead.take();
                Ok(true)
            }
            (None, None) => self.read().map(|()| true),
            // A single picture is shown for good; without any there is nothing to come back to.
            (None, Some(end)) if place < end || !loops || self.count < 2 => Ok(false),
            (None, Some(end)) => {
                self.video.rewind()?;
                (self.begin, self.count, self.end) = (end, 0, None);
                Ok(true)
            }
        }
    }

    /// Reads the next picture, or sees the end.
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
        // Times that do not rise would never bring the next picture.
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
            "{why}. A video is granted in the configuration of the server, with the name of this handler: \
             [sources.{name}] with file = \"…\" and handlers = [\"…\"]"
        )
    })?;
    Ok(Reel { video, shown: None, ahead: None, begin: 0, first: 0, count: 0, end: None })
}
