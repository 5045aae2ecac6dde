//! What is computed from the pictures that arrived and from the browser's statistics.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::client::Seen;

/// Numbers of pictures begin again after so many.
const NUMBERS: u32 = 4096;
/// A freeze: no picture for an interval and so long, ms.
const FREEZE: f64 = 150.0;

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// Pictures that arrived, a second; each counts once.
    Fps,
    /// Median latency, ms.
    P50,
    /// 95th percentile of latency, ms.
    P95,
    /// Times that no picture came for an interval and 150 ms.
    Freezes,
    /// Time of all freezes beyond an interval each, s.
    Stalled,
    /// From the start of the session to the first picture, ms.
    FirstPicture,
    /// Bit rate of the video that arrived, retransmissions excluded, kb/s.
    ReceivedKbps,
    /// Mean quantizer of what arrived: up to 51 with H.264, up to 127 with VP8.
    Qp,
    /// Pictures that arrived, in the end, of those that the camera gave.
    Delivered,
    /// Pictures that arrived, of those that the browser sent.
    DeliveredOfSent,
    /// Most frequent width of the pictures that arrived, px.
    Width,
    /// Their height, px.
    Height,
    /// Pictures whose number could not be read, of those that arrived.
    Unread,
    /// Pictures that the browser sent, a second.
    SentFps,
    /// Bit rate of the video that the browser sent, retransmissions excluded, kb/s.
    SentKbps,
    /// Mean quantizer of what the browser sent.
    SentQp,
    /// Width of what the browser sent at the end, px.
    SentWidth,
    /// Retransmitted bytes that arrived, of all.
    Retransmitted,
    /// Keyframes that the browser asked for.
    Plis,
    /// How long the browser held a picture back on average, until it was complete and against jitter, ms.
    Buffered,
    /// Median round trip that the browser measured, ms.
    RoundTrip,
    /// From the path's healing until a picture arrives that the camera gave since, s.
    Back,
    /// From the path's healing to four fifths of the median rate in the first five seconds, s.
    Regained,
    /// 1: the session at the end is that of the start, and it lives.
    SameSession,
}

/// All figures that could be computed.
pub type Figures = BTreeMap<Figure, f64>;

/// What was measured, between two moments. Times are ms since 1970.
#[derive(Debug, Default)]
pub struct Measurement {
    /// When the measurement began.
    pub begin: f64,
    /// When it ended.
    pub end: f64,
    /// When the path was healed, if it was bad in between.
    pub healed: Option<f64>,
    /// Pictures that arrived from the session's start on, until a second after the end.
    pub seen: Vec<Seen>,
    /// Readings of the browser's statistics.
    pub statistics: Vec<Value>,
    /// Pictures that the camera gave between the two moments.
    pub given: u64,
    /// Pictures that the camera gives a second.
    pub fps: f64,
}

impl Measurement {
    /// Computes the figures.
    pub fn figures(&self) -> Figures {
        let mut figures = self.of_pictures();
        figures.extend(self.of_statistics());
        if let Some(healed) = self.healed {
            figures.extend(self.of_healing(healed));
        }
        figures
    }

    fn of_pictures(&self) -> Figures {
        let within = |seen: &&Seen| (self.begin..self.end).contains(&seen.at);
        let fresh = fresh(&self.seen);
        let delivered =
            fresh.iter().filter_map(Seen::left).filter(|left| (self.begin..self.end).contains(left)).count();
        let fresh: Vec<_> = fresh.iter().filter(within).collect();
        let seconds = (self.end - self.begin) / 1000.0;
        let mut latencies: Vec<_> = fresh.iter().filter_map(|seen| seen.latency).collect();
        latencies.sort_by(f64::total_cmp);
        let gaps = self.gaps(fresh.iter().map(|seen| seen.at));
        let count = fresh.len() as f64;
        let mut figures = Figures::from([
            (Figure::Fps, count / seconds),
            (Figure::Freezes, gaps.len() as f64),
            // Not the negative zero that an empty sum is.
            (Figure::Stalled, gaps.iter().sum::<f64>().max(0.0) / 1000.0),
            (Figure::Delivered, delivered as f64 / self.given.max(1) as f64),
        ]);
        for (figure, part) in [(Figure::P50, 0.5), (Figure::P95, 0.95)] {
            figures.extend(percentile(&latencies, part).map(|latency| (figure, latency)));
        }
        let all = self.seen.iter().filter(within);
        let unread = all.clone().filter(|seen| seen.number.is_none()).count();
        figures.insert(Figure::Unread, unread as f64 / all.clone().count().max(1) as f64);
        let mut sizes = BTreeMap::<_, u32>::new();
        all.for_each(|seen| *sizes.entry((seen.width, seen.height)).or_default() += 1);
        if let Some(((width, height), _)) = sizes.into_iter().max_by_key(|(_, count)| *count) {
            figures.extend([(Figure::Width, width.into()), (Figure::Height, height.into())]);
        }
        figures
    }

    /// Freezes: how long each was beyond an interval, ms.
    fn gaps(&self, arrivals: impl Iterator<Item = f64>) -> Vec<f64> {
        let interval = 1000.0 / self.fps;
        let times: Vec<_> = [self.begin].into_iter().chain(arrivals).chain([self.end]).collect();
        let gaps = times.windows(2).map(|pair| pair[1] - pair[0] - interval);
        gaps.filter(|gap| *gap > FREEZE).collect()
    }

    fn of_statistics(&self) -> Figures {
        let read: Vec<_> = self.statistics.iter().filter(|read| number(read, "at").is_some()).collect();
        let inside =
            |read: &&&Value| number(read, "at").is_some_and(|at| at >= self.begin - 1000.0 && at < self.end + 1000.0);
        let (Some(first), Some(last)) = (read.iter().find(inside), read.iter().rev().find(inside)) else {
            return Figures::new();
        };
        let at = |read: &Value| number(read, "at").unwrap_or_default();
        let seconds = ((at(last) - at(first)) / 1000.0).max(0.001);
        let grown = |kind: &str, name: &str| Some(number(&last[kind], name)? - number(&first[kind], name)?);
        let (inbound, outbound) = ("inbound-rtp", "outbound-rtp");
        let ratio = |of: Option<f64>, by: Option<f64>| Some(of? / by.filter(|by| *by > 0.0)?);
        let kbps = |kind, all, again| Some((grown(kind, all)? - grown(kind, again).unwrap_or(0.0)) * 0.008 / seconds);
        let mut trips: Vec<_> =
            read.iter().filter(inside).filter_map(|read| number(&read["pair"], "roundTripTime")).collect();
        trips.sort_by(f64::total_cmp);
        let held = ratio(grown(inbound, "jitterBufferDelay"), grown(inbound, "jitterBufferEmittedCount"));
        let arrived = grown(inbound, "bytesReceived");
        let computed = [
            (Figure::ReceivedKbps, kbps(inbound, "bytesReceived", "retransmittedBytesReceived")),
            (Figure::Qp, ratio(grown(inbound, "qpSum"), grown(inbound, "framesDecoded"))),
            (Figure::DeliveredOfSent, ratio(grown(inbound, "framesDecoded"), grown(outbound, "framesSent"))),
            (Figure::Retransmitted, ratio(grown(inbound, "retransmittedBytesReceived"), arrived)),
            (Figure::Buffered, held.map(|seconds| seconds * 1000.0)),
            (Figure::RoundTrip, percentile(&trips, 0.5).map(|seconds| seconds * 1000.0)),
            (Figure::Plis, grown(inbound, "pliCount")),
            (Figure::SentFps, grown(outbound, "framesSent").map(|frames| frames / seconds)),
            (Figure::SentKbps, kbps(outbound, "bytesSent", "retransmittedBytesSent")),
            (Figure::SentQp, ratio(grown(outbound, "qpSum"), grown(outbound, "framesEncoded"))),
            (Figure::SentWidth, number(&last[outbound], "frameWidth")),
        ];
        computed.into_iter().filter_map(|(figure, value)| Some((figure, value?))).collect()
    }

    fn of_healing(&self, healed: f64) -> Figures {
        let fresh = fresh(&self.seen);
        // What left before may arrive late.
        let back = fresh.iter().find(|seen| seen.left().is_some_and(|left| left >= healed));
        let mut figures = Figures::new();
        figures.extend(back.map(|seen| (Figure::Back, (seen.at - healed) / 1000.0)));
        let mut before: Vec<_> = self.rates();
        before.retain(|(at, _)| (self.begin..self.begin + 5000.0).contains(at));
        before.sort_by(|one, other| one.1.total_cmp(&other.1));
        let usual = before.get(before.len() / 2).map_or(0.0, |(_, rate)| *rate);
        let again = self.rates().into_iter().find(|(at, rate)| *at > healed + 500.0 && *rate >= 0.8 * usual);
        figures.extend(again.map(|(at, _)| (Figure::Regained, (at - healed) / 1000.0)));
        figures
    }

    /// The bit rate that arrived between two readings, with the time of the second, kb/s.
    pub fn rates(&self) -> Vec<(f64, f64)> {
        let bytes = |read: &Value| Some((number(read, "at")?, number(&read["inbound-rtp"], "bytesReceived")?));
        let read: Vec<_> = self.statistics.iter().filter_map(bytes).collect();
        let rate = |pair: &[(f64, f64)]| (pair[1].0, (pair[1].1 - pair[0].1) * 8.0 / (pair[1].0 - pair[0].0).max(1.0));
        read.windows(2).map(rate).collect()
    }
}

fn number(value: &Value, name: &str) -> Option<f64> {
    value.get(name)?.as_f64()
}

/// The pictures that are newer than all before, and those whose number cannot be read.
fn fresh(seen: &[Seen]) -> Vec<Seen> {
    let mut newest = None;
    let is_fresh = |seen: &&Seen| match (seen.number, newest) {
        (None, _) => true,
        (Some(number), Some(before)) if !(1..NUMBERS / 2).contains(&((number + NUMBERS - before) % NUMBERS)) => false,
        (number, _) => {
            newest = number;
            true
        }
    };
    seen.iter().filter(is_fresh).copied().collect()
}

/// Returns the value below which this part of the sorted values is.
fn percentile(sorted: &[f64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * part).round() as usize).copied()
}

#[cfg(test)]
#[path = "figures_tests.rs"]
mod tests;
