//! The estimate, the pacing and the retransmissions on simulated links: minutes of traffic in a moment, the same each time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::disallowed_methods, reason = "LINKS=1 shows every tenth of a second")]

mod link;
mod viewer;

use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_media::Codec;
use framebox_rtc::bandwidth::Limits;
use framebox_rtc::send::{LocalStream, Transmitter};
use rtc::rtp;

use link::{Conditions, Link, Random};
use viewer::{Viewer, Word};

const STREAM: LocalStream =
    LocalStream { ssrc: 1, retransmissions: Some((2, 97)), nack: true, extension: Some(3), playout_delay: None };
const FRAME: Duration = Duration::from_millis(33);
const STEP: Duration = Duration::from_millis(1);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What happened on a link.
struct Run {
    viewer: Viewer,
    /// The target in each tenth of a second, b/s.
    targets: Vec<f64>,
    length: Duration,
    /// Largest rate sent within a second, as a part of the target.
    load: f64,
}

impl Run {
    fn shown_in(&self, from: Duration, to: Duration) -> impl Iterator<Item = (Duration, Duration)> {
        self.viewer.shown.iter().copied().filter(move |(_, shown)| (from..to).contains(shown))
    }

    /// Frames a second that were shown after `from`.
    fn fps(&self, from: Duration) -> f64 {
        self.shown_in(from, self.length).count() as f64 / (self.length - from).as_secs_f64()
    }

    /// The latency that so many of a hundred frames do not exceed, ms.
    fn latency(&self, from: Duration, percent: usize) -> u128 {
        let mut latencies: Vec<u128> =
            self.shown_in(from, self.length).map(|(captured, shown)| (shown - captured).as_millis()).collect();
        latencies.sort_unstable();
        latencies
            .get((latencies.len() * percent / 100).min(latencies.len().saturating_sub(1)))
            .copied()
            .unwrap_or(99_999)
    }

    /// Time without a picture beyond 200 ms.
    fn stalled(&self, from: Duration) -> u128 {
        let times: Vec<Duration> = self.shown_in(from, self.length).map(|(_, shown)| shown).collect();
        times.windows(2).map(|pair| (pair[1] - pair[0]).saturating_sub(ms(200)).as_millis()).sum()
    }

    /// What arrived between two times, b/s.
    fn rate(&self, from: Duration, to: Duration) -> f64 {
        let bytes: usize =
            self.viewer.bytes.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, size)| size).sum();
        bytes as f64 * 8.0 / (to - from).as_secs_f64()
    }

    fn report(&self, name: &str, from: Duration) {
        if std::env::var_os("LINKS").is_some() {
            for pair in self.viewer.shown.windows(2).filter(|pair| pair[1].1 - pair[0].1 > ms(200)) {
                println!("gap: {:?} → {:?}", pair[0], pair[1]);
            }
        }
        println!(
            "{name}: {:.1} fps, p50 {} p95 {} ms, stalled {} ms, {:.2} Mb/s, target {:.2} (least {:.2}), load {:.2}",
            self.fps(from),
            self.latency(from, 50),
            self.latency(from, 95),
            self.stalled(from),
            self.rate(from, self.length) / 1e6,
            self.targets.last().unwrap_or(&0.0) / 1e6,
            self.targets.iter().copied().fold(f64::MAX, f64::min) / 1e6,
            self.load,
        );
    }
}

/// Sends a stream whose encoder follows the bit rate, with some noise, at most `content` b/s.
fn run(schedule: Vec<(Duration, Conditions)>, length: Duration, content: f64) -> Run {
    let start = Instant::now();
    let mut transmitter = Transmitter::new(Codec::H264, Limits { start: 1_500_000, floor: 60_000, cap: 2_500_000 });
    transmitter.set_stream(STREAM);
    let back = schedule.iter().map(|(at, conditions)| (*at, Conditions { rate: 1e9, ..*conditions })).collect();
    let (mut forth, mut back, mut random) = (Link::new(schedule.clone(), 1), Link::new(back, 2), Random(3));
    let mut viewer = Viewer::default();
    let mut on_the_way: Vec<(Duration, rtp::Packet)> = Vec::new();
    let mut words: Vec<(Duration, Word)> = Vec::new();
    let (mut sequence, mut keyframe, mut next_frame, mut skipped) = (0u64, true, Duration::ZERO, false);
    let mut sent: Vec<(Duration, usize)> = Vec::new();
    let (mut targets, mut load, mut interruptions) = (Vec::new(), 0f64, 0);
    let (mut now, mut size_before) = (Duration::ZERO, 0f64);
    while now < length {
        let at = start + now;
        let mut arriving = Vec::new();
        on_the_way.retain(|(time, packet)| {
            *time > now || {
                arriving.push((*time, packet.clone()));
                false
            }
        });
        arriving.sort_by_key(|(time, _)| *time);
        for (time, packet) in arriving {
            viewer.arrived(time, &packet, 3, packet.header.ssrc == 2);
        }
        let delay = schedule.iter().rev().find(|(from, _)| *from <= now).unwrap().1.delay;
        for word in viewer.words(now, delay * 2) {
            if let Some(time) = back.send(now, 100) {
                words.push((time, word));
            }
        }
        let mut heard = Vec::new();
        words.retain_mut(|(time, word)| {
            *time > now || {
                heard.push(std::mem::replace(word, Word::Keyframe));
                false
            }
        });
        for word in heard {
            match word {
                Word::Arrivals(report) => transmitter.arrivals(at, &report),
                Word::Request(sequences) => transmitter.request(at, 1, sequences.into_iter()),
                Word::Keyframe => keyframe = true,
            }
        }
        let outlook = transmitter.outlook(at);
        if std::mem::replace(&mut interruptions, outlook.interruptions) != outlook.interruptions {
            keyframe = true;
        }
        if now >= next_frame {
            if !skipped {
                next_frame += FRAME;
            }
            skipped = outlook.blocked;
            if !outlook.blocked {
                if now > next_frame {
                    next_frame = now + FRAME;
                }
                let rate = f64::from(outlook.bitrate).min(content);
                // A rate control makes up for what it exceeded, and keyframes are large.
                let aim = rate / 8.0 * FRAME.as_secs_f64();
                let factor = if keyframe { 4.0 } else { 0.6 + 0.8 * random.next() };
                let size = (aim * factor - if keyframe { 0.0 } else { 0.15 * size_before.min(2.0 * aim) }).max(100.0);
                size_before = if keyframe { size } else { size_before * 0.85 };
                let packets = (size / 1100.0).ceil() as u64;
                viewer.expect(sequence..sequence + packets, keyframe, now);
                for index in 0..packets {
                    let payload =
                        vec![if keyframe && index == 0 { 0x65 } else { 0x41 }; (size / packets as f64) as usize];
                    let header = rtp::Header {
                        version: 2,
                        ssrc: 1,
                        sequence_number: sequence as u16,
                        timestamp: now.as_millis() as u32 * 90,
                        marker: index + 1 == packets,
                        ..rtp::Header::default()
                    };
                    sequence += 1;
                    assert!(transmitter.push(at, rtp::Packet { header, payload: Bytes::from(payload) }).is_none());
                }
                keyframe = false;
            }
        }
        if transmitter.deadline().is_some_and(|deadline| deadline <= at) {
            for packet in transmitter.due(at) {
                let size = packet.payload.len() + 58;
                sent.push((now, size));
                if let Some(time) = forth.send(now, size) {
                    on_the_way.push((time, packet));
                }
            }
        }
        if now.as_millis().is_multiple_of(100) {
            let target = f64::from(transmitter.estimator().target());
            targets.push(target);
            sent.retain(|(time, _)| *time + secs(1) > now);
            if now > secs(2) {
                load = load.max(sent.iter().map(|(_, size)| size * 8).sum::<usize>() as f64 / target);
            }
            if std::env::var_os("LINKS").is_some() {
                let estimator = transmitter.estimator();
                let second: usize = sent.iter().map(|(_, size)| size * 8).sum();
                println!("{estimator} {transmitter}, last second {second}, media {}", outlook.bitrate);
                println!(
                    "{:6} target {:.2} allowed {:.2} queue {:3} loss {:.2} blocked {} shown {}",
                    now.as_millis(),
                    target / 1e6,
                    estimator.allowed() / 1e6,
                    estimator.queue().as_millis(),
                    estimator.loss(),
                    outlook.blocked,
                    viewer.shown.len(),
                );
            }
        }
        now += STEP;
    }
    Run { viewer, targets, length, load }
}

fn steady(conditions: Conditions) -> Vec<(Duration, Conditions)> {
    vec![(Duration::ZERO, conditions)]
}

#[test]
fn a_clean_link_is_used_up_to_the_cap_and_adds_no_latency() {
    let run = run(steady(Conditions::default()), secs(20), 1e9);
    run.report("clean", Duration::ZERO);
    assert!(run.fps(secs(1)) > 29.5 && run.latency(secs(1), 95) < 30);
    assert!(run.rate(secs(5), secs(20)) > 2.1e6);
}

#[test]
fn a_narrow_link_has_no_queue() {
    for (rate, queue, p95) in [(2e6, 300, 100), (1e6, 300, 110), (1e6, 2000, 120), (5e5, 300, 120), (2.5e5, 300, 150)] {
        let conditions = Conditions { rate, queue: ms(queue), ..Conditions::default() };
        let run = run(steady(conditions), secs(30), 1e9);
        run.report(&format!("{rate} b/s, {queue} ms"), secs(2));
        assert!(run.fps(secs(2)) > 28.5, "{rate}");
        assert!(run.latency(secs(2), 95) <= p95, "{rate}");
        assert!(run.rate(secs(5), secs(30)) > 0.75 * rate, "{rate}");
    }
}

#[test]
fn a_link_that_narrows_and_widens_is_followed() {
    let with = |rate| Conditions { rate, ..Conditions::default() };
    let run = run(vec![(Duration::ZERO, with(3e6)), (secs(10), with(5e5)), (secs(25), with(3e6))], secs(40), 1e9);
    run.report("3, 0.5, 3 Mb/s", secs(2));
    assert!(run.stalled(secs(2)) <= 1200 && run.latency(secs(2), 95) <= 250);
    assert!(run.rate(secs(33), secs(40)) > 0.8 * 2.5e6);
}

#[test]
fn random_loss_is_not_congestion() {
    for (loss, rate, delay) in [(0.05, 1.9e6, 10), (0.1, 1.6e6, 10), (0.02, 1.8e6, 50), (0.02, 1.8e6, 100)] {
        let conditions = Conditions { loss, delay: ms(delay), ..Conditions::default() };
        let run = run(steady(conditions), secs(30), 1e9);
        run.report(&format!("{} %, {delay} ms", loss * 100.0), secs(2));
        assert!(run.fps(secs(2)) > 29.0 && run.rate(secs(2), secs(30)) > rate, "{loss}");
    }
}

/// Where asking takes a fifth of a second, what is lost is there already: packets are sent twice.
#[test]
fn pictures_do_not_wait_for_a_long_round_trip() {
    let run = run(steady(Conditions { loss: 0.02, delay: ms(100), ..Conditions::default() }), secs(30), 1e9);
    run.report("2 % loss at 200 ms", secs(10));
    assert!(run.latency(secs(10), 95) <= 130, "{}", run.latency(secs(10), 95));
    assert!(
        run.fps(secs(10)) >= 29.0 && run.stalled(secs(10)) <= 800,
        "{} {}",
        run.fps(secs(10)),
        run.stalled(secs(10))
    );
    assert!(run.load <= 1.25, "copies are counted: {}", run.load);
}

#[test]
fn jitter_is_not_congestion() {
    let conditions = Conditions { jitter: ms(60), delay: ms(30), ..Conditions::default() };
    let run = run(steady(conditions), secs(30), 1e9);
    run.report("jitter", secs(2));
    assert!(run.rate(secs(5), secs(30)) > 1.5e6);
}

#[test]
fn what_is_still_is_followed_when_it_moves() {
    // A still picture takes little; the estimate neither falls nor grows without reason.
    let run = run(steady(Conditions::default()), secs(20), 1e5);
    run.report("still", secs(2));
    assert!(*run.targets.last().unwrap() > 1.4e6);
}

#[test]
fn after_an_outage_pictures_are_back_at_once() {
    let with = |rate| Conditions { rate, ..Conditions::default() };
    for outage in [2, 5, 15] {
        let schedule = vec![(Duration::ZERO, with(5e6)), (secs(10), with(0.0)), (secs(10 + outage), with(5e6))];
        let run = run(schedule, secs(30 + outage), 1e9);
        run.report(&format!("outage of {outage} s"), secs(2));
        let back = run.shown_in(secs(10 + outage), run.length).next().unwrap().1;
        assert!(back < secs(10 + outage) + ms(700), "{back:?}");
        assert!(run.rate(secs(15 + outage), run.length) > 1.5e6);
    }
}
