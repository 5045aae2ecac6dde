//! Records what happens to the frames of a session.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use framebox_picture::Size;

use crate::budget::degradation::Level;
use crate::schedule::gate::{Skipped, Ticket};
use crate::schedule::policy::Policy;
use crate::schedule::skip_reason::SkipReason;
use crate::session::cause::Cause;
use crate::session::frame::{Frame, FrameMetadata};
use crate::session::history::{self, FrameHistory, Outcome, Row};
use crate::session::rate::Rate;
use crate::session::record::Record;
use crate::session::stats::{Counts, Extent, Fuel, Rates, Spread, Stages, Stats};
use crate::stream::Encoding;

/// Frames over which stage times are taken.
const RECENT: usize = 150;

/// Records what happens to the frames. A plain struct: time comes in as an argument.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) counts: Counts,
    /// Linear memory of the instance, bytes.
    pub(crate) memory: usize,
    /// What the decoder holds, bytes.
    pub(crate) decoder_memory: usize,
    /// Instances made.
    pub(crate) instances: u64,
    /// The session ended because the handler failed at its start.
    pub(crate) never_started: bool,
    pub(crate) history: FrameHistory,
    size: Option<Size>,
    last_fuel: u64,
    /// Frames whose pictures are being encoded; their rows follow. As many as a rendition holds.
    encoding: VecDeque<Record>,
    /// What encoding results has cost since it was last taken.
    encoding_cost: EncodingCost,
    /// CPU time of encoding that the node has not been told.
    unreported_cpu: Duration,
    recent: VecDeque<Record>,
    /// Number of the last frame that was sent: of several renditions, the first counts.
    last_sent: Option<u64>,
    received: Rate,
    processed: Rate,
    sent: Rate,
}

/// What encoding the handler's results has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EncodingCost {
    /// CPU time.
    pub(crate) cpu: Duration,
    /// The longest that a picture took.
    pub(crate) longest: Duration,
}

impl Recorder {
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
    pub(crate) fn due(&mut self, now: Instant, ticket: &Ticket, metadata: &FrameMetadata) {
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
            let record = Record { sequence, pts, wait: Duration::ZERO, ..Record::new(ticket, metadata) };
            self.history.push(record.row(Outcome::Skipped, Some(SkipReason::Busy.as_str())));
        }
        self.received.count(now);
    }

    /// A frame that waited was skipped.
    pub(crate) fn skipped(&mut self, frame: &Skipped<Frame>) {
        self.counts.waiting = self.counts.waiting.saturating_sub(1);
        let Skipped { sequence, pts, waited, reason, what } = frame;
        let ticket = Ticket { sequence: *sequence, pts: *pts, skipped: 0, waited: *waited, what: () };
        self.skip(&ticket, &what.metadata, *reason);
    }

    /// A generator's frame that was due is skipped after all.
    pub(crate) fn left_out(&mut self, ticket: &Ticket, metadata: &FrameMetadata, reason: SkipReason) {
        self.counts.in_work = 0;
        self.skip(ticket, metadata, reason);
    }

    fn skip(&mut self, ticket: &Ticket, metadata: &FrameMetadata, reason: SkipReason) {
        *self.counts.skipped.entry(reason).or_default() += 1;
        let row: Row = Record::new(ticket, metadata).row(Outcome::Skipped, Some(reason.as_str()));
        self.history.push(row);
    }

    /// The handler failed for the frame in work.
    pub(crate) fn failed(&mut self, record: &Record, code: &'static str, cause: Cause) {
        *self.counts.failed.entry(code).or_default() += 1;
        self.called(record);
        self.history.push(Row { cause: Some(cause), ..record.row(Outcome::Failed, Some(code)) });
    }

    /// The handler said that the stream is over; the frame counts as processed.
    pub(crate) fn finished(&mut self, record: &Record) {
        self.counts.processed += 1;
        self.called(record);
        self.history.push(record.row(Outcome::Finished, None));
    }

    /// The handler gave a result for the frame in work. `shows`: it has a picture, which is on its way to be encoded; the
    /// frame's row follows [then](Self::encoded).
    pub(crate) fn processed(&mut self, now: Instant, record: Record, shows: bool) {
        self.counts.processed += 1;
        self.processed.count(now);
        self.called(&record);
        if shows { self.encoding.push_back(record) } else { self.complete(record) }
    }

    fn called(&mut self, record: &Record) {
        self.counts.in_work = 0;
        self.last_fuel = record.fuel;
    }

    /// A picture was dealt with. To be called before its encoded frame goes to the viewers.
    pub(crate) fn encoded(&mut self, now: Instant, encoding: &Encoding) {
        let Encoding { sequence, processed, sent, took, cpu } = *encoding;
        if sent && self.last_sent.is_none_or(|last| sequence > last) {
            self.last_sent = Some(sequence);
            self.counts.sent += 1;
            self.counts.passed += u64::from(!processed);
            self.sent.count(now);
        }
        self.unreported_cpu += cpu;
        if !processed {
            return;
        }
        self.encoding_cost.cpu += cpu;
        self.encoding_cost.longest = self.encoding_cost.longest.max(took);
        self.encoded_record(sequence, sent.then_some(took));
    }

    /// No rendition took the picture of a frame.
    pub(crate) fn not_shown(&mut self, sequence: u64) {
        self.encoded_record(sequence, None);
    }

    fn encoded_record(&mut self, sequence: u64, encode: Option<Duration>) {
        let Some(index) = self.encoding.iter().position(|record| record.sequence == sequence) else { return };
        if let Some(record) = self.encoding.remove(index) {
            self.complete(Record { encode, ..record });
        }
    }

    /// All is known of a processed frame.
    fn complete(&mut self, record: Record) {
        self.history.push(record.row(Outcome::Processed, None));
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(record);
    }

    /// What encoding results has cost since the last time.
    pub(crate) fn take_encoding_cost(&mut self) -> EncodingCost {
        std::mem::take(&mut self.encoding_cost)
    }

    /// CPU time of encoding since the last time, of whatever pictures.
    pub(crate) fn take_unreported_cpu(&mut self) -> Duration {
        std::mem::take(&mut self.unreported_cpu)
    }

    /// Memory of the instance and of the decoder, bytes.
    pub(crate) fn codec_and_guest(&self) -> u64 {
        (self.memory as u64).saturating_add(self.decoder_memory as u64)
    }

    /// Fuel of the last call, whatever came of it.
    pub(crate) fn last_fuel(&self) -> u64 {
        self.last_fuel
    }

    /// The first packet of the frame with `rtp_timestamp` left at `at`.
    pub(crate) fn sent(&mut self, rtp_timestamp: u32, at: Instant) {
        if let Some(record) = self.recent.iter_mut().rev().find(|record| record.rtp_timestamp == rtp_timestamp) {
            record.total = Some(at.saturating_duration_since(record.captured));
        }
    }

    /// The statistics, with what the session's state adds.
    pub(crate) fn stats(&self, now: Instant, policy: Policy, degradation: Level) -> Stats {
        let spread = |of: fn(&Record) -> Option<Duration>| spread(self.recent.iter().filter_map(of).collect());
        let mut fuel: Vec<u64> = self.recent.iter().map(|record| record.fuel).collect();
        let last = fuel.last().copied().unwrap_or_default();
        fuel.sort_unstable();
        let percentile = |p| percentile(&fuel, p).unwrap_or_default();
        Stats {
            picture: self.size.map(|size| Extent { width: size.width, height: size.height }),
            frames: self.counts.clone(),
            rates: Rates {
                received_fps: self.received.per_second(now),
                processed_fps: self.processed.per_second(now),
                sent_fps: self.sent.per_second(now),
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
            policy,
            degradation,
            renditions: Vec::new(),
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

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn record(sequence: u64, now: Instant) -> Record {
        Record {
            sequence,
            pts: MS * sequence as u32,
            rtp_timestamp: sequence as u32,
            captured: now,
            decode: Some(MS),
            wait: MS,
            handler: MS * if sequence < 50 { 1000 } else { 10 },
            encode: None,
            total: None,
            fuel: sequence,
        }
    }

    fn encoding(sequence: u64, sent: bool) -> Encoding {
        Encoding { sequence, processed: true, sent, took: 3 * MS, cpu: 2 * MS }
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        assert_eq!(percentile::<u8>(&[], 50), None);
        assert_eq!(percentile(&[7], 95), Some(7));
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!([50, 95, 100].map(|p| percentile(&hundred, p)), [Some(50), Some(95), Some(100)]);
    }

    #[test]
    fn only_recent_frames_count_for_the_stages() {
        let now = Instant::now();
        let mut recorder = Recorder::default();
        for sequence in 0..200 {
            recorder.processed(now, record(sequence, now), true);
            recorder.encoded(now, &encoding(sequence, sequence % 2 == 0));
        }
        recorder.sent(199, now + 7 * MS);
        recorder.sent(3, now + 7 * MS);
        let stats = recorder.stats(now, Policy::default(), Level::NONE);
        assert_eq!(stats.stages_ms.handler, Some(Spread { p50: 10.0, p95: 10.0, max: 10.0 }));
        assert_eq!(stats.stages_ms.encode, Some(Spread { p50: 3.0, p95: 3.0, max: 3.0 }));
        assert_eq!(stats.stages_ms.total, Some(Spread { p50: 7.0, p95: 7.0, max: 7.0 }));
        assert_eq!((stats.frames.processed, stats.frames.sent, stats.fuel.last), (200, 100, 199));
    }

    #[test]
    fn a_row_follows_when_its_picture_is_encoded_and_each_frame_has_one() {
        let now = Instant::now();
        let mut recorder = Recorder::default();
        recorder.processed(now, record(0, now), true);
        recorder.processed(now, record(1, now), true);
        recorder.processed(now, record(2, now), false);
        recorder.not_shown(1);
        recorder.encoded(now, &encoding(0, true));
        recorder.encoded(now, &encoding(0, true));
        let passed = Encoding { processed: false, ..encoding(9, true) };
        recorder.encoded(now, &passed);
        let rows: Vec<_> = recorder.history.since(0).0.iter().map(|row| (row.sequence, row.encode_us)).collect();
        assert_eq!(rows, [(2, 0), (1, 0), (0, 3000)]);
        assert_eq!(recorder.counts.passed, 1);
        assert_eq!(recorder.take_encoding_cost(), EncodingCost { cpu: 4 * MS, longest: 3 * MS });
        assert_eq!(recorder.take_encoding_cost(), EncodingCost::default());
        assert_eq!((recorder.take_unreported_cpu(), recorder.take_unreported_cpu()), (6 * MS, Duration::ZERO));
    }
}
