use super::*;
use crate::wire::Bursts;
use crate::wire::packet::udp_packet;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Pushes a packet of so many bytes at each time; returns when each packet arrives, with its first byte.
fn arrivals(
    profile: Profile,
    sizes: usize,
    times: impl IntoIterator<Item = Duration>,
) -> (Vec<(Duration, usize)>, Counts) {
    let mut link = Link::new(profile, 7);
    link.start_schedule(Duration::ZERO);
    let mut arrived = Vec::new();
    let take = |link: &mut Link, until: Option<Duration>, arrived: &mut Vec<_>| {
        while let Some(next) = link.next().filter(|next| until.is_none_or(|until| *next <= until)) {
            while let Some(packet) = link.pop(next) {
                arrived.push((next, number_of(&packet)));
            }
        }
    };
    for (number, time) in times.into_iter().enumerate() {
        take(&mut link, Some(time), &mut arrived);
        link.push(time, packet(number, sizes));
    }
    take(&mut link, None, &mut arrived);
    (arrived, link.counts())
}

fn packet(number: usize, size: usize) -> Vec<u8> {
    let mut packet = vec![0; size];
    packet[..4].copy_from_slice(&(number as u32).to_be_bytes());
    packet
}

fn number_of(packet: &[u8]) -> usize {
    u32::from_be_bytes(packet[..4].try_into().unwrap()) as usize
}

fn every(interval: Duration, count: u32) -> impl Iterator<Item = Duration> {
    (0..count).map(move |number| interval * number)
}

#[test]
fn a_wire_without_impairments_delivers_at_once() {
    let (arrived, counts) = arrivals(Profile::default(), 100, every(ms(3), 50));
    assert_eq!(arrived, every(ms(3), 50).zip(0..).collect::<Vec<_>>());
    assert_eq!(counts, Counts { delivered: 50, bytes: 5000, ..Counts::default() });
}

#[test]
fn a_rate_spaces_packets_and_drops_the_tail() {
    // 1000 bytes at 1 Mb/s take 8 ms; the queue holds 40 ms.
    let profile = Profile { rate: Some(1_000_000), queue: Queue::Time(ms(40)), delay: ms(5), ..Profile::default() };
    let (arrived, counts) = arrivals(profile.clone(), 1000, [Duration::ZERO; 10]);
    let expected: Vec<_> = (0..5).map(|number| (ms(5 + 8 * (number as u64 + 1)), number)).collect();
    assert_eq!(arrived, expected);
    assert_eq!((counts.delivered, counts.dropped), (5, 5));

    let bytes = Profile { queue: Queue::Bytes(2500), ..profile };
    let (arrived, _) = arrivals(bytes, 1000, [Duration::ZERO; 10]);
    assert_eq!(arrived.len(), 2);
}

#[test]
fn what_waits_feels_a_change_of_the_rate() {
    let rates = vec![(ms(8), 100_000), (ms(88), 8_000_000)];
    let profile = Profile { rate: Some(1_000_000), rates, ..Profile::default() };
    let (arrived, _) = arrivals(profile, 1000, [Duration::ZERO; 4]);
    assert_eq!(arrived, [(ms(8), 0), (ms(88), 1), (ms(89), 2), (ms(90), 3)]);
}

#[test]
fn loss_has_its_share_and_follows_from_the_seed() {
    let profile = Profile { loss: 0.1, ..Profile::default() };
    let (first, counts) = arrivals(profile.clone(), 20, every(ms(1), 20_000));
    assert!((1800..2200).contains(&counts.lost), "{counts:?}");
    assert_eq!(arrivals(profile, 20, every(ms(1), 20_000)).0, first);
}

#[test]
fn bursts_lose_packets_in_a_row() {
    let bursts = Bursts { begin: 0.01, end: 0.2, loss: 1.0 };
    let (arrived, counts) = arrivals(Profile { bursts: Some(bursts), ..Profile::default() }, 20, every(ms(1), 20_000));
    // A burst has five packets on average; 1 of 21 packets is lost.
    assert!((600..1400).contains(&counts.lost), "{counts:?}");
    let bursts = arrived.windows(2).filter(|pair| pair[1].1 > pair[0].1 + 1).count() as u64;
    assert!(counts.lost > 3 * bursts, "{bursts} bursts, {counts:?}");
}

#[test]
fn gaps_are_short_and_come_again_and_again() {
    let gaps = Gaps { every: ms(1000), shortest: ms(60), longest: ms(120) };
    let (arrived, _) = arrivals(Profile { gaps: Some(gaps), ..Profile::default() }, 20, every(ms(1), 20_000));
    let lengths: Vec<_> = arrived.windows(2).map(|pair| pair[1].1 - pair[0].1).filter(|length| *length > 1).collect();
    assert!((15..=25).contains(&lengths.len()), "{lengths:?}");
    assert!(lengths.iter().all(|length| (60..=122).contains(length)), "{lengths:?}");
}

#[test]
fn jitter_reorders_only_where_it_may() {
    let profile = Profile { delay: ms(30), jitter: ms(30), reorders: true, ..Profile::default() };
    let (arrived, _) = arrivals(profile.clone(), 20, every(ms(1), 1000));
    assert!(arrived.windows(2).any(|pair| pair[0].1 > pair[1].1));
    let late = |(at, number): &(Duration, usize)| *at - ms(*number as u64);
    assert!(arrived.iter().map(late).all(|late| (ms(30)..=ms(60)).contains(&late)));

    let (arrived, _) = arrivals(Profile { reorders: false, ..profile }, 20, every(ms(1), 1000));
    assert!(arrived.windows(2).all(|pair| pair[0].1 < pair[1].1));
}

#[test]
fn an_outage_loses_everything_and_ends() {
    let profile = Profile { outages: vec![ms(100)..ms(200)], ..Profile::default() };
    let (arrived, counts) = arrivals(profile, 20, every(ms(1), 300));
    assert_eq!(counts.lost, 100);
    assert!(arrived.iter().all(|(at, _)| !(ms(100)..ms(200)).contains(at)));
}

#[test]
fn the_schedule_waits_for_its_start() {
    let profile = Profile { outages: vec![ms(0)..ms(10)], rates: vec![(ms(0), 1)], ..Profile::default() };
    let mut link = Link::new(profile, 1);
    link.push(ms(5), packet(0, 20));
    assert!(link.pop(ms(5)).is_some());
    link.start_schedule(ms(100));
    link.push(ms(101), packet(1, 20));
    assert_eq!(link.pop(ms(5000)), None);
}

#[test]
fn udp_can_be_blocked_alone() {
    let mut link = Link::new(Profile { blocks_udp: true, ..Profile::default() }, 1);
    let ends = ([10, 0, 0, 1].into(), 5);
    link.push(ms(0), udp_packet(ends, ends, b"x"));
    let mut tcp = udp_packet(ends, ends, b"x");
    tcp[9] = 6;
    link.push(ms(0), tcp.clone());
    assert_eq!(link.pop(ms(0)), Some(tcp));
    assert_eq!((link.pop(ms(0)), link.counts().blocked), (None, 1));
}
