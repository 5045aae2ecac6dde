//! Packets that were sent, until the viewer reports on them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::probe::ProbeId;
use crate::receive::sequence;

/// Packets that are remembered at most.
const MAX_PACKETS: usize = 4096;
/// A packet that was reported missing may still arrive, out of order, in this time.
const REORDERING: Duration = Duration::from_millis(120);

/// Packets that are lost one after the other in a gap, and the time from the first to the last, at least.
const GAP: (u64, Duration) = (3, Duration::from_millis(15));
/// Packets behind those that were reported on that may be lost rather than delayed.
const SPARED: usize = 4;

/// Which packets arrived when, as one feedback message reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArrivalReport {
    /// Transport-wide sequence number of the first packet.
    pub first: u16,
    /// For each packet from the first one on: when it arrived, µs on the viewer's clock; `None` when it has not.
    pub arrivals: Vec<Option<i64>>,
}

/// A packet that arrived.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Arrived {
    /// When it was sent.
    pub(super) sent: Instant,
    /// When it arrived, µs on the viewer's clock.
    pub(super) arrived: i64,
    /// Size on the wire, bytes.
    pub(super) size: usize,
    /// The probe that it belongs to.
    pub(super) probe: Option<ProbeId>,
}

/// What a report says that was not known before.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct News {
    /// Packets that arrived, in the order in which they were sent.
    pub(super) arrived: Vec<Arrived>,
    /// Packets that did not.
    pub(super) lost: usize,
    /// Whether several in sequence did not, and for how long: what the path carries had a gap.
    pub(super) gap: bool,
    /// Time from the sending of the newest packet of the report to the report.
    pub(super) round_trip: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    at: Instant,
    size: usize,
    probe: Option<ProbeId>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    InFlight,
    /// Reported missing, since then.
    Missing(Instant),
    /// Not reported on in time.
    Unknown,
    Done,
}

/// The packets, by transport-wide sequence number.
#[derive(Debug, Default)]
pub(super) struct History {
    packets: VecDeque<Sent>,
    /// Number of the first one; it does not wrap.
    first: u64,
    /// Bytes that were sent and neither reported on nor given up.
    in_flight: usize,
    /// Number behind the newest packet that was reported on.
    reported: u64,
    /// The latest packets that were lost one after the other.
    run: Run,
}

/// Packets that were lost one after the other.
#[derive(Debug, Default)]
struct Run {
    /// Number of the first one, and when it was sent.
    first: Option<(u64, Instant)>,
    length: u64,
}

impl Run {
    /// Notes that a packet was lost. Returns whether it makes a gap.
    fn lost(&mut self, number: u64, at: Instant) -> bool {
        match self.first {
            Some((first, _)) if number == first + self.length => self.length += 1,
            _ => *self = Self { first: Some((number, at)), length: 1 },
        }
        let time = self.first.map_or(Duration::ZERO, |(_, first)| at.saturating_duration_since(first));
        self.length >= GAP.0 && time >= GAP.1
    }
}

impl History {
    /// Notes that a packet is sent. Returns its transport-wide sequence number.
    pub(super) fn sent(&mut self, now: Instant, size: usize, probe: Option<ProbeId>) -> u16 {
        let number = self.first + self.packets.len() as u64;
        self.packets.push_back(Sent { at: now, size, probe, state: State::InFlight });
        self.in_flight += size;
        if self.packets.len() > MAX_PACKETS {
            self.drop_first();
        }
        number as u16
    }

    /// Bytes on their way.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// When the oldest packet that is on its way was sent.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.packets.iter().find(|packet| packet.state == State::InFlight).map(|packet| packet.at)
    }

    /// When a packet shortly behind all that were reported on was sent. The first ones may be lost: nothing that arrived later tells
    /// yet.
    pub(super) fn next(&self) -> Option<Instant> {
        let index = usize::try_from(self.reported.saturating_sub(self.first)).ok()? + SPARED;
        self.packets.get(index).filter(|packet| packet.state == State::InFlight).map(|packet| packet.at)
    }

    /// Takes a report.
    pub(super) fn report(&mut self, now: Instant, report: &ArrivalReport) -> News {
        let mut news = News::default();
        let start = self.number(report.first);
        for (offset, arrival) in report.arrivals.iter().enumerate() {
            let Some(index) = (start + offset as u64).checked_sub(self.first) else { continue };
            let Some(packet) = usize::try_from(index).ok().and_then(|index| self.packets.get_mut(index)) else { break };
            self.reported = self.reported.max(start + offset as u64 + 1);
            match arrival {
                Some(arrived) if packet.state != State::Done => {
                    if packet.state == State::InFlight {
                        self.in_flight -= packet.size;
                    }
                    packet.state = State::Done;
                    let Sent { at, size, probe, .. } = *packet;
                    news.arrived.push(Arrived { sent: at, arrived: *arrived, size, probe });
                    news.round_trip = Some(now.saturating_duration_since(at));
                }
                None if packet.state == State::InFlight => {
                    self.in_flight -= packet.size;
                    packet.state = State::Missing(now);
                }
                _ => {}
            }
        }
        // What is older and was not reported on was in a report that is lost: it is on its way no more.
        let passed = usize::try_from(self.reported.saturating_sub(self.first)).unwrap_or(0);
        for (number, packet) in (self.first..).zip(self.packets.iter_mut().take(passed)) {
            if packet.state == State::InFlight {
                self.in_flight -= packet.size;
                packet.state = State::Unknown;
            }
            if matches!(packet.state, State::Missing(since) if now >= since + REORDERING) {
                packet.state = State::Done;
                news.lost += 1;
                news.gap |= self.run.lost(number, packet.at);
            }
        }
        let is_over = |packet: &Sent| match packet.state {
            State::Done => true,
            State::Unknown => now > packet.at + Duration::from_secs(5),
            State::InFlight | State::Missing(_) => false,
        };
        while self.packets.front().is_some_and(is_over) {
            self.drop_first();
        }
        news
    }

    /// Gives up what was sent before `before` and not reported on. Returns how many packets.
    pub(super) fn give_up(&mut self, before: Instant) -> usize {
        let mut given_up = 0;
        for packet in self.packets.iter_mut().take_while(|packet| packet.at < before) {
            if packet.state == State::InFlight {
                self.in_flight -= packet.size;
                packet.state = State::Unknown;
                given_up += 1;
            }
        }
        given_up
    }

    /// The number, which does not wrap, of a transport-wide sequence number near those that were sent.
    fn number(&self, sequence: u16) -> u64 {
        let end = self.first + self.packets.len() as u64;
        sequence::unwrap(end, sequence)
    }

    fn drop_first(&mut self) {
        if let Some(packet) = self.packets.pop_front() {
            self.first += 1;
            if packet.state == State::InFlight {
                self.in_flight -= packet.size;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(first: u16, arrivals: &[Option<i64>]) -> ArrivalReport {
        ArrivalReport { first, arrivals: arrivals.to_vec() }
    }

    #[test]
    fn packets_are_reported_on_once_and_late_ones_are_not_lost() {
        let (start, mut history) = (Instant::now(), History::default());
        let at = |ms| start + Duration::from_millis(ms);
        for ms in 0..6u16 {
            assert_eq!(history.sent(at(ms.into()), 100, None), ms);
        }
        let news = history.report(at(30), &report(0, &[Some(1), None, None, Some(4)]));
        assert_eq!(news.arrived.iter().map(|packet| packet.arrived).collect::<Vec<_>>(), [1, 4]);
        assert_eq!((news.lost, news.round_trip, history.in_flight()), (0, Some(Duration::from_millis(27)), 200));
        // Number 1 was late, number 2 never comes.
        let news = history.report(at(60), &report(1, &[Some(9), None, Some(4), Some(10)]));
        assert_eq!((news.arrived.len(), news.lost), (2, 0));
        let news = history.report(at(200), &report(5, &[Some(12)]));
        assert_eq!((news.arrived.len(), news.lost, history.in_flight()), (1, 1, 0));
        assert!(history.packets.is_empty());
    }

    #[test]
    fn numbers_wrap_and_nonsense_is_passed_over() {
        let (now, mut history) = (Instant::now(), History::default());
        for _ in 0..70_000 {
            history.sent(now, 10, None);
        }
        assert_eq!((history.packets.len(), history.in_flight()), (MAX_PACKETS, MAX_PACKETS * 10));
        let last = (69_999u32 % 65_536) as u16;
        assert_eq!(history.report(now, &report(last, &[Some(1), Some(2)])).arrived.len(), 1);
        assert_eq!(history.report(now, &report(last.wrapping_add(30_000), &[Some(1)])), News::default());
        assert_eq!(history.report(now, &report(last.wrapping_sub(20_000), &[Some(1)])), News::default());
    }

    #[test]
    fn what_is_never_reported_on_is_given_up() {
        let (start, mut history) = (Instant::now(), History::default());
        history.sent(start, 100, None);
        history.sent(start + Duration::from_secs(2), 100, None);
        assert_eq!(history.give_up(start + Duration::from_secs(1)), 1);
        assert_eq!((history.in_flight(), history.oldest()), (100, Some(start + Duration::from_secs(2))));
        assert_eq!(history.report(start + Duration::from_secs(2), &report(0, &[Some(3)])).arrived.len(), 1);
    }

    #[test]
    fn a_gap_is_several_losses_in_sequence_that_take_a_while() {
        // (packets that are lost, time between two, ms, whether that is a gap)
        for (lost, interval, gap) in [(10..14, 6, true), (10..12, 20, false), (10..14, 2, false)] {
            let (start, mut history) = (Instant::now(), History::default());
            for index in 0..20u32 {
                history.sent(start + Duration::from_millis(interval) * index, 1000, None);
            }
            let now = start + Duration::from_secs(1);
            let arrivals = (0..20).map(|index| (!lost.contains(&index)).then_some(index * 1000)).collect();
            assert!(!history.report(now, &ArrivalReport { first: 0, arrivals }).gap, "they may come late");
            let end = ArrivalReport { first: 19, arrivals: vec![Some(1)] };
            let news = history.report(now + Duration::from_secs(1), &end);
            assert_eq!((news.lost, news.gap), (lost.count(), gap));
        }
    }
}
