//! Every scenario, with its bounds.

use std::time::Duration;

use super::Bound::{AtLeast, AtMost};
use super::{Bound, Event, Picture, Scenario};
use crate::figures::Figure::{
    Back, Delivered, FirstPicture, Fps, Freezes, P50, P95, Qp, ReceivedKbps, Regained, SameSession, SentFps, Stalled,
};
use crate::wire::{Gaps, Profile, Queue};

/// A wide queue of a router, as it is common at home.
const QUEUE: Queue = Queue::Time(ms(300));
/// One that was sized for a faster link.
const DEEP: Queue = Queue::Time(ms(3000));

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A path that only takes time.
fn delayed(delay: u64) -> Profile {
    Profile { delay: ms(delay), ..Profile::default() }
}

/// A path with a rate, kb/s.
fn limited(kbps: u64, queue: Queue) -> Profile {
    Profile { rate: Some(kbps * 1000), queue, ..delayed(10) }
}

fn lossy(loss: f64, delay: u64) -> Profile {
    Profile { loss, ..delayed(delay) }
}

fn outage(length: u64) -> Profile {
    Profile { outages: vec![seconds(5)..seconds(5 + length)], ..delayed(10) }
}

/// A scenario whose paths are the same in both directions.
fn both(name: &'static str, about: &'static str, path: Profile, bounds: Vec<Bound>) -> Scenario {
    Scenario {
        name,
        about,
        up: path.clone(),
        down: path,
        picture: Picture::SMALL,
        codec: None,
        settling: seconds(4),
        measured: seconds(20),
        event: None,
        healed: None,
        bounds,
        always: Vec::new(),
    }
}

/// A scenario in which only the way to the client is bad.
fn down(name: &'static str, about: &'static str, path: Profile, bounds: Vec<Bound>) -> Scenario {
    Scenario { up: delayed(10), ..both(name, about, path, bounds) }
}

fn healing(name: &'static str, about: &'static str, event: Event) -> Scenario {
    Scenario {
        event: Some((seconds(5), event)),
        healed: Some(seconds(5)),
        ..both(name, about, delayed(10), vec![AtMost(Back, 2.0), AtLeast(SameSession, 1.0)])
    }
}

fn broken(name: &'static str, about: &'static str, length: u64, back: f64) -> Scenario {
    Scenario {
        healed: Some(seconds(5 + length)),
        measured: seconds(length + 15),
        ..both(name, about, outage(length), vec![AtMost(Back, back), AtLeast(SameSession, 1.0)])
    }
}

/// Returns all scenarios.
pub fn table() -> Vec<Scenario> {
    let mut table = rates();
    table.extend(losses());
    table.extend(reach());
    table
}

fn rates() -> Vec<Scenario> {
    let narrow = limited(500, QUEUE);
    let changing = Profile { rates: vec![(seconds(10), 500_000), (seconds(20), 3_000_000)], ..limited(3000, QUEUE) };
    vec![
        both("clean", "nothing impaired", Profile::default(), vec![AtLeast(Fps, 29.5), AtMost(P50, 30.0)]),
        down("2m", "2 Mb/s down", limited(2000, QUEUE), vec![AtLeast(Fps, 29.0), AtMost(P95, 100.0)]),
        down("1m", "1 Mb/s down", limited(1000, QUEUE), vec![AtLeast(Fps, 29.0), AtMost(P95, 130.0)]),
        down("1m-deep", "1 Mb/s down, queue 3 s", limited(1000, DEEP), vec![AtLeast(Fps, 29.0), AtMost(P95, 200.0)]),
        Scenario {
            always: vec![AtLeast(Fps, 10.0), AtMost(P95, 3000.0), AtLeast(SameSession, 1.0)],
            ..down("500k", "500 kb/s down", narrow.clone(), vec![AtLeast(Fps, 29.0), AtMost(P95, 140.0)])
        },
        down("250k", "250 kb/s down", limited(250, QUEUE), vec![AtLeast(Fps, 28.0), AtMost(P95, 150.0)]),
        Scenario {
            picture: Picture::LARGE,
            ..down("500k-720p", "500 kb/s down, 720p", narrow.clone(), vec![AtLeast(Fps, 28.0), AtMost(P95, 160.0)])
        },
        Scenario {
            measured: seconds(35),
            healed: Some(seconds(20)),
            ..down(
                "changing",
                "3, 0.5, 3 Mb/s down",
                changing,
                vec![AtMost(Stalled, 1.0), AtMost(P95, 250.0), AtMost(Regained, 8.0)],
            )
        },
        Scenario {
            up: narrow,
            down: delayed(10),
            picture: Picture::LARGE,
            settling: seconds(10),
            ..both("uplink", "500 kb/s up, 720p", Profile::default(), vec![AtLeast(SentFps, 28.0), AtLeast(Fps, 28.0)])
        },
    ]
}

fn losses() -> Vec<Scenario> {
    let gaps = Gaps { every: seconds(1), shortest: ms(60), longest: ms(120) };
    let jitter = Profile { jitter: ms(30), reorders: true, ..delayed(30) };
    let mobile_up = Profile {
        rate: Some(2_000_000),
        jitter: ms(20),
        loss: 0.01,
        rates: vec![(seconds(8), 1_200_000), (seconds(14), 2_000_000)],
        ..delayed(40)
    };
    let mobile_down = Profile {
        rate: Some(4_000_000),
        gaps: Some(Gaps { every: seconds(5), shortest: ms(30), longest: ms(60) }),
        rates: vec![(seconds(6), 2_000_000), (seconds(12), 4_000_000)],
        ..mobile_up.clone()
    };
    vec![
        Scenario {
            always: vec![AtLeast(Fps, 10.0), AtLeast(SameSession, 1.0)],
            ..both(
                "loss-5",
                "5 % loss",
                lossy(0.05, 10),
                vec![AtLeast(Fps, 29.5), AtLeast(ReceivedKbps, 1500.0), AtMost(Qp, 28.0), AtLeast(Delivered, 0.99)],
            )
        },
        both(
            "loss-10",
            "10 % loss",
            lossy(0.1, 10),
            vec![AtLeast(Fps, 29.5), AtLeast(ReceivedKbps, 1000.0), AtMost(Qp, 28.0), AtLeast(Delivered, 0.99)],
        ),
        both("loss-rtt-100", "2 % loss, 100 ms", lossy(0.02, 50), vec![AtLeast(Fps, 29.5), AtMost(P95, 320.0)]),
        both("loss-rtt-200", "2 % loss, 200 ms", lossy(0.02, 100), vec![AtLeast(Fps, 29.5), AtMost(P95, 500.0)]),
        both(
            "gaps",
            "gaps of 60–120 ms every second",
            Profile { gaps: Some(gaps), ..delayed(10) },
            vec![AtLeast(Fps, 28.0), AtMost(Stalled, 1.0)],
        ),
        both(
            "jitter",
            "30 ms of jitter, reordering",
            jitter,
            vec![AtMost(P50, 170.0), AtLeast(ReceivedKbps, 1500.0), AtMost(Qp, 30.0)],
        ),
        Scenario {
            up: mobile_up,
            ..both(
                "mobile",
                "rate, jitter, loss and gaps",
                mobile_down,
                vec![AtLeast(Fps, 29.5), AtMost(P95, 400.0), AtMost(Freezes, 0.0)],
            )
        },
    ]
}

fn reach() -> Vec<Scenario> {
    let blocked = Profile { blocks_udp: true, ..delayed(10) };
    vec![
        broken("outage-5", "5 s without a path", 5, 0.5),
        broken("outage-8", "8 s without a path", 8, 2.0),
        broken("outage-15", "15 s without a path", 15, 2.0),
        Scenario {
            always: vec![AtMost(Back, 8.0), AtLeast(SameSession, 1.0)],
            ..healing("rebinding", "the NAT's mapping changes", Event::OtherMapping)
        },
        healing("rebinding-port", "the NAT's port changes", Event::OtherPort),
        healing("address", "the client's address changes", Event::OtherAddress),
        Scenario {
            codec: Some("VP8"),
            ..both(
                "vp8",
                "a browser without H.264",
                delayed(10),
                vec![AtLeast(Fps, 29.0), AtMost(FirstPicture, 1000.0)],
            )
        },
        both("no-udp", "UDP is blocked", blocked, vec![AtLeast(Fps, 25.0)]),
        Scenario {
            measured: seconds(5),
            ..both("first-picture", "100 ms round trip", delayed(50), vec![AtMost(FirstPicture, 700.0)])
        },
        Scenario {
            measured: seconds(5),
            ..both("first-picture-clean", "nothing impaired", Profile::default(), vec![AtMost(FirstPicture, 350.0)])
        },
    ]
}
