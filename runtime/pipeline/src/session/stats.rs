//! What happened to the frames of a session, and what each stage took for the recent ones.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use framebox_picture::Size;
use serde::Serialize;
use utoipa::ToSchema;

use crate::budget::degradation::Level;
use crate::schedule::gate::{SkipReason, Skipped, Ticket};
use crate::session::exchange::FrameMetadata;
use crate::session::history::{self, FrameHistory, Outcome, Row};
use crate::session::policy::Policy;

/// Frames over which stage times are taken.
const RECENT: usize = 150;
/// Time over which rates are taken.
const RATE_WINDOW: Duration = Duration::from_secs(2);

/// Counts since the session began; a generator's frames are received when they are due. At any moment `received` =
/// `processed` + skipped + failed + `waiting` + `in_work`.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Counts {
    /// Pictures that were decoded, or moments at which a generator's frame was due.
    pub received: u64,
    /// Pictures for which the handler gave a result, be it one without a picture.
    pub processed: u64,
    /// Pictures that never reached the handler, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Pictures for which the handler failed, by the code of the failure.
    pub failed: BTreeMap<&'static str, u64>,
    /// Pictures that wait for the handler.
    pub waiting: u64,
    /// Pictures that the handler works on: one or none.
    pub in_work: u64,
    /// Encoded pictures handed to the peer, those that no handler touched among them.
    pub sent: u64,
    /// Of them, pictures of frames without a result, sent as they came.
    pub passed: u64,
    /// Access units that could not be decoded or were dropped while waiting for a keyframe.
    pub undecodable: u64,
}

/// Times of one frame that the handler was called for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) sequence: u64,
    pub(crate) pts: Duration,
    pub(crate) rtp_timestamp: u32,
    pub(crate) completed: Instant,
    pub(crate) decode: Option<Duration>,
    pub(crate) wait: Duration,
    pub(crate) handler: Duration,
    pub(crate) encode: Option<Duration>,
    pub(crate) total: Option<Duration>,
    pub(crate) fuel: u64,
}

impl Record {
    /// Before the call.
    pub(crate) fn of(ticket: &Ticket<FrameMetadata>) -> Self {
        Self {
            sequence: ticket.sequence,
            pts: ticket.pts,
            rtp_timestamp: ticket.what.rtp_timestamp,
            completed: ticket.what.completed,
            decode: ticket.what.decode,
            wait: ticket.waited,
            handler: Duration::ZERO,
            encode: None,
            total: None,
            fuel: 0,
        }
    }

    fn row(&self, outcome: Outcome, reason: Option<&'static str>) -> Row {
        let us = |time: Option<Duration>| time.map_or(0, |time| time.as_micros() as u64);
        Row {
            sequence: self.sequence,
            pts_us: self.pts.as_micros() as i64,
            outcome,
            reason,
            decode_us: us(self.decode),
            wait_us: us(Some(self.wait)),
            handler_us: us(Some(self.handler)),
            encode_us: us(self.encode),
            fuel: self.fuel,
        }
    }
}

/// Median, 95th percentile and maximum, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Spread {
    /// Half of the frames took no longer.
    pub p50: f64,
    /// 95 % of the frames took no longer.
    pub p95: f64,
    /// The slowest frame.
    pub max: f64,
}

/// What each stage took for the recent frames. None where nothing was measured.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Stages {
    /// Decoding; none for a generator.
    pub decode: Option<Spread>,
    /// Waiting for the handler, the copy out of the decoder included.
    pub wait: Option<Spread>,
    /// The handler's call, conversions for the guest included.
    pub handler: Option<Spread>,
    /// Encoding.
    pub encode: Option<Spread>,
    /// From the last RTP packet in to the first RTP packet out.
    pub total: Option<Spread>,
}

/// Fuel of the recent calls.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Fuel {
    /// Of the last call.
    pub last: u64,
    /// Median.
    pub p50: u64,
    /// 95th percentile.
    pub p95: u64,
}

/// Frames a second, over the last two seconds.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Rates {
    /// Pictures decoded.
    pub received_fps: f64,
    /// Pictures processed.
    pub processed_fps: f64,
    /// Pictures sent.
    pub sent_fps: f64,
}

/// Width and height, pixels.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Extent {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A session's statistics at one moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Stats {
    /// Size of the camera's pictures, once one has come.
    pub picture: Option<Extent>,
    /// What happened to the frames.
    pub frames: Counts,
    /// Frames a second.
    pub rates: Rates,
    /// Milliseconds of the recent frames.
    pub stages_ms: Stages,
    /// Fuel of the recent calls.
    pub fuel: Fuel,
    /// Linear memory of the handler's instance, bytes.
    pub memory_bytes: usize,
    /// Instances made for this session: one, and one more for each fault and each leak.
    pub instances_made: u64,
    /// The policy that holds.
    #[serde(flatten)]
    pub policy: Policy,
    /// Where the degradation stands.
    pub degradation: Level,
}

/// Gathers the statistics.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) counts: Counts,
    pub(crate) size: Option<Size>,
    pub(crate) memory: usize,
    pub(crate) instances: u64,
    /// The session ended because its first instance could not be made.
    pub(crate) never_started: bool,
    pub(crate) policy: Policy,
    pub(crate) level: Level,
    pub(crate) history: FrameHistory,
    last_fuel: u64,
    recent: VecDeque<Record>,
    received: Meter,
    processed: Meter,
    sent: Meter,
}

impl Recorder {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            counts: Counts::default(),
            size: None,
            memory: 0,
            instances: 0,
            never_started: false,
            policy,
            level: Level::NONE,
            history: FrameHistory::default(),
            last_fuel: 0,
            recent: VecDeque::new(),
            received: Meter::default(),
            processed: Meter::default(),
            sent: Meter::default(),
        }
    }

    /// The camera's picture was decoded: it waits.
    pub(crate) fn received(&mut self, now: Instant, size: Size) {
        self.counts.received += 1;
        self.counts.waiting += 1;
        self.size = Some(size);
        self.received.count(now);
    }

    /// The handler took a picture that waited.
    pub(crate) fn taken(&mut self) {
        self.counts.waiting = self.counts.waiting.saturating_sub(1);
        self.counts.in_work += 1;
    }

    /// A generator's frame was due and is in work; there was no time for those before it that were skipped.
    pub(crate) fn due(&mut self, now: Instant, ticket: &Ticket<FrameMetadata>) {
        let skipped = u64::from(ticket.skipped);
        self.counts.received += 1 + skipped;
        self.counts.in_work += 1;
        if skipped > 0 {
            *self.counts.skipped.entry(SkipReason::Busy).or_default() += skipped;
        }
        let first = ticket.sequence - skipped.min(ticket.sequence).min(history::MOST as u64);
        for sequence in first..ticket.sequence {
            // What came before it, at the same rate.
            let pts = ticket.pts.mul_f64(sequence as f64 / ticket.sequence as f64);
            let record = Record { sequence, pts, wait: Duration::ZERO, ..Record::of(ticket) };
            self.history.push(record.row(Outcome::Skipped, Some(SkipReason::Busy.as_str())));
        }
        self.received.count(now);
    }

    /// A frame that waited was skipped.
    pub(crate) fn skipped(&mut self, frame: &Skipped<FrameMetadata>) {
        self.counts.waiting = self.counts.waiting.saturating_sub(1);
        self.skip(frame);
    }

    /// A generator's frame that was due is skipped after all.
    pub(crate) fn left_out(&mut self, frame: &Skipped<FrameMetadata>) {
        self.counts.in_work = 0;
        self.skip(frame);
    }

    fn skip(&mut self, frame: &Skipped<FrameMetadata>) {
        *self.counts.skipped.entry(frame.reason).or_default() += 1;
        self.history.push(Row {
            sequence: frame.sequence,
            pts_us: frame.pts.as_micros() as i64,
            outcome: Outcome::Skipped,
            reason: Some(frame.reason.as_str()),
            decode_us: frame.what.decode.map_or(0, |time| time.as_micros() as u64),
            wait_us: frame.waited.as_micros() as u64,
            handler_us: 0,
            encode_us: 0,
            fuel: 0,
        });
    }

    /// The handler failed for the frame in work.
    pub(crate) fn failed(&mut self, record: &Record, code: &'static str) {
        *self.counts.failed.entry(code).or_default() += 1;
        self.settled(record, Outcome::Failed, Some(code));
    }

    /// The handler said that the stream is over; the frame counts as processed.
    pub(crate) fn finished(&mut self, record: &Record) {
        self.counts.processed += 1;
        self.settled(record, Outcome::Finished, None);
    }

    /// The handler gave a result for the frame in work.
    pub(crate) fn processed(&mut self, now: Instant, record: Record) {
        self.counts.processed += 1;
        self.processed.count(now);
        if record.encode.is_some() {
            self.counts.sent += 1;
            self.sent.count(now);
        }
        self.settled(&record, Outcome::Processed, None);
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(record);
    }

    fn settled(&mut self, record: &Record, outcome: Outcome, reason: Option<&'static str>) {
        self.counts.in_work = 0;
        self.last_fuel = record.fuel;
        self.history.push(record.row(outcome, reason));
    }

    /// A picture that no handler touched was handed to the peer.
    pub(crate) fn passed(&mut self, now: Instant) {
        self.counts.passed += 1;
        self.counts.sent += 1;
        self.sent.count(now);
    }

    /// Fuel of the last call, whatever came of it.
    pub(crate) fn last_fuel(&self) -> u64 {
        self.last_fuel
    }

    /// The first packet of the frame with `rtp_timestamp` left at `at`.
    pub(crate) fn sent(&mut self, rtp_timestamp: u32, at: Instant) {
        if let Some(record) = self.recent.iter_mut().rev().find(|record| record.rtp_timestamp == rtp_timestamp) {
            record.total = Some(at.saturating_duration_since(record.completed));
        }
    }

    pub(crate) fn stats(&self, now: Instant) -> Stats {
        let spread = |of: fn(&Record) -> Option<Duration>| spread(self.recent.iter().filter_map(of).collect());
        let mut fuel: Vec<u64> = self.recent.iter().map(|record| record.fuel).collect();
        let last = fuel.last().copied().unwrap_or_default();
        fuel.sort_unstable();
        let percentile = |p| percentile(&fuel, p).unwrap_or_default();
        Stats {
            picture: self.size.map(|size| Extent { width: size.width, height: size.height }),
            frames: self.counts.clone(),
            rates: Rates {
                received_fps: self.received.rate(now),
                processed_fps: self.processed.rate(now),
                sent_fps: self.sent.rate(now),
            },
            stages_ms: Stages {
                decode: spread(|record| record.decode),
                wait: spread(|record| Some(record.wait)),
                handler: spread(|record| Some(record.handler)),
                encode: spread(|record| record.encode),
                total: spread(|record| record.total),
            },
            fuel: Fuel { last, p50: percentile(50), p95: percentile(95) },
            memory_bytes: self.memory,
            instances_made: self.instances,
            policy: self.policy,
            degradation: self.level,
        }
    }
}

fn spread(mut times: Vec<Duration>) -> Option<Spread> {
    times.sort_unstable();
    let ms = |p| percentile(&times, p).map(|time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3);
    Some(Spread { p50: ms(50)?, p95: ms(95)?, max: ms(100)? })
}

/// The value below which `p` percent of `sorted` lie (nearest rank).
fn percentile<T: Copy>(sorted: &[T], p: usize) -> Option<T> {
    sorted.get((sorted.len() * p).div_ceil(100).saturating_sub(1)).copied()
}

/// Counts events of the last [`RATE_WINDOW`]; at most as many as frames can come in it.
#[derive(Debug, Default)]
struct Meter(VecDeque<Instant>);

impl Meter {
    const MOST: usize = 512;

    fn count(&mut self, now: Instant) {
        while self.0.len() >= Self::MOST || self.0.front().is_some_and(|at| now.duration_since(*at) > RATE_WINDOW) {
            self.0.pop_front();
        }
        self.0.push_back(now);
    }

    fn rate(&self, now: Instant) -> f64 {
        let mut recent = self.0.iter().filter(|at| now.saturating_duration_since(**at) <= RATE_WINDOW);
        let (Some(first), count) = (recent.next(), recent.count()) else { return 0.0 };
        let span = now.saturating_duration_since(*first).as_secs_f64();
        if span < 0.1 { 0.0 } else { (count as f64 / span * 10.0).round() / 10.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        assert_eq!(percentile::<u8>(&[], 50), None);
        assert_eq!(percentile(&[7], 95), Some(7));
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!([50, 95, 100].map(|p| percentile(&hundred, p)), [Some(50), Some(95), Some(100)]);
    }

    #[test]
    fn a_steady_rate_is_told_and_a_stall_shows() {
        let start = Instant::now();
        let mut meter = Meter::default();
        for i in 0..100 {
            meter.count(start + 20 * MS * i);
        }
        let now = start + 1981 * MS;
        assert!((meter.rate(now) - 50.0).abs() < 1.0, "{}", meter.rate(now));
        assert_eq!(meter.rate(now + Duration::from_secs(3)), 0.0);
    }

    #[test]
    fn only_recent_frames_count_for_the_stages() {
        let now = Instant::now();
        let mut recorder = Recorder::new(Policy::default());
        for i in 0..200u32 {
            let handler = MS * if i < 50 { 1000 } else { 10 };
            let record = Record {
                sequence: u64::from(i),
                pts: MS * i,
                rtp_timestamp: i,
                completed: now,
                decode: Some(MS),
                wait: MS,
                handler,
                encode: (i % 2 == 0).then_some(MS),
                total: None,
                fuel: u64::from(i),
            };
            recorder.processed(now, record);
        }
        recorder.sent(199, now + 7 * MS);
        recorder.sent(3, now + 7 * MS);
        let stats = recorder.stats(now);
        assert_eq!(stats.stages_ms.handler, Some(Spread { p50: 10.0, p95: 10.0, max: 10.0 }));
        assert_eq!(stats.stages_ms.total, Some(Spread { p50: 7.0, p95: 7.0, max: 7.0 }));
        assert_eq!((stats.frames.processed, stats.frames.sent, stats.fuel.last), (200, 100, 199));
    }
}
