use super::*;

const EXTENSION: u8 = 3;
const STREAM: LocalStream = LocalStream {
    ssrc: 1,
    retransmissions: Some((2, 97)),
    nack: true,
    extension: Some(EXTENSION),
    playout_delay: Some(4),
};

/// A transmitter of one stream, at 1 Mb/s.
struct Test {
    transmitter: Transmitter,
    start: Instant,
    sequence: u16,
}

impl Test {
    fn new() -> Self {
        let limits = Limits { start: 1_000_000, floor: 50_000, cap: 4_000_000 };
        let mut transmitter = Transmitter::new(Codec::H264, limits);
        transmitter.set_stream(STREAM);
        Self { transmitter, start: Instant::now(), sequence: 0 }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    /// Hands in a frame of so many packets of 1000 bytes.
    fn frame(&mut self, ms: u64, packets: u16) {
        for index in 0..packets {
            let header = rtp::Header {
                version: 2,
                ssrc: 1,
                sequence_number: self.sequence,
                timestamp: ms as u32 * 90,
                marker: index + 1 == packets,
                ..rtp::Header::default()
            };
            self.sequence += 1;
            let payload = Bytes::from_static(&[0x41; 1000]);
            assert!(self.transmitter.push(self.at(ms), rtp::Packet { header, payload }).is_none());
        }
    }

    /// What is sent until so many ms, each at its time.
    fn sent(&mut self, from: u64, to: u64) -> Vec<(u64, rtp::Packet)> {
        let mut sent = Vec::new();
        for ms in from..to {
            let now = self.at(ms);
            if self.transmitter.deadline().is_some_and(|deadline| deadline <= now) {
                sent.extend(self.transmitter.due(now).into_iter().map(|packet| (ms, packet)));
            }
        }
        sent
    }

    /// Reports that the packets with these transport-wide numbers arrived, 10 ms after they were sent.
    fn report(&mut self, ms: u64, packets: &[(u64, rtp::Packet)]) {
        for (sent, packet) in packets {
            let number = packet.header.get_extension(EXTENSION).unwrap();
            let first = u16::from_be_bytes([number[0], number[1]]);
            let arrivals = vec![Some((sent * 1000 + 10_000) as i64)];
            self.transmitter.arrivals(self.at(ms), &ArrivalReport { first, arrivals });
        }
    }

    fn request(&mut self, ms: u64, sequences: impl Iterator<Item = u16>) {
        self.transmitter.request(self.at(ms), 1, sequences);
    }
}

#[test]
fn a_small_frame_leaves_at_once_and_a_large_one_is_spread() {
    let mut test = Test::new();
    test.frame(0, 4);
    let sent = test.sent(0, 30);
    assert_eq!(sent.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [0; 4]);
    test.report(30, &sent);
    test.frame(100, 40);
    assert!(test.transmitter.outlook(test.at(100)).blocked, "more of it waits than may");
    let mut sent = Vec::new();
    for ms in (100..400).step_by(20) {
        let part = test.sent(ms, ms + 20);
        test.report(ms + 20, &part);
        // Probes are retransmissions.
        sent.extend(part.into_iter().filter(|(_, packet)| packet.header.ssrc == 1));
    }
    assert_eq!(sent.len(), 40);
    // 40 packets take 340 ms at the rate that is allowed, and are sent at twice of it, a first burst at once.
    let last = sent.last().unwrap().0;
    assert!((200..300).contains(&last), "{last}");
    assert!(sent.windows(2).all(|pair| pair[1].0 - pair[0].0 < 20));
}

#[test]
fn packets_are_numbered_and_other_streams_pass_by() {
    let mut test = Test::new();
    let header = rtp::Header { version: 2, ssrc: 9, ..rtp::Header::default() };
    let other = rtp::Packet { header, payload: Bytes::new() };
    assert_eq!(test.transmitter.push(test.start, other.clone()), Some(other));
    test.frame(0, 3);
    let numbers: Vec<_> =
        test.sent(0, 5).iter().map(|(_, packet)| packet.header.get_extension(EXTENSION).unwrap().to_vec()).collect();
    assert_eq!(numbers, [[0, 0], [0, 1], [0, 2]]);
}

#[test]
fn lost_packets_are_repeated_once_a_round_trip_as_retransmissions() {
    let mut test = Test::new();
    test.frame(0, 4);
    let sent = test.sent(0, 20);
    test.report(25, &sent);
    test.request(30, [1, 2, 1, 99].into_iter());
    test.request(31, [2].into_iter());
    let again = test.sent(30, 40);
    let seen: Vec<_> =
        again.iter().map(|(_, packet)| (packet.header.ssrc, packet.header.payload_type, packet.payload[1])).collect();
    assert_eq!(seen, [(2, 97, 1), (2, 97, 2)]);
    assert_eq!(again[0].1.payload.len(), 1002, "the original number comes first");
    test.transmitter.request(test.at(80), 7, [1].into_iter());
    assert_eq!(test.sent(80, 90).len(), 0, "not our stream");
    test.request(100, [1].into_iter());
    assert_eq!(test.sent(100, 110).len(), 1, "it was lost again");
}

#[test]
fn a_flood_of_requests_is_bounded_and_much_that_is_lost_is_left_to_a_keyframe() {
    let mut test = Test::new();
    let mut all = Vec::new();
    for ms in (0..900).step_by(33) {
        test.frame(ms, 3);
        let sent = test.sent(ms, ms + 33);
        test.report(ms + 33, &sent);
        all.extend(sent);
    }
    let before = test.transmitter.outlook(test.at(900)).interruptions;
    for _ in 0..1000 {
        test.request(900, 0..u16::MAX);
    }
    let sent = test.sent(900, 1500);
    assert_eq!((sent.len(), test.transmitter.requested.len()), (0, 0));
    assert_eq!(test.transmitter.outlook(test.at(1500)).interruptions, before + 1, "a keyframe is asked for, once");
}

#[test]
fn without_reports_sending_stops_and_goes_on_by_itself() {
    let mut test = Test::new();
    let mut sent = 0;
    for ms in (0..3000).step_by(33) {
        if !test.transmitter.outlook(test.at(ms)).blocked {
            test.frame(ms, 4);
        }
        sent += test.sent(ms, ms + 33).len();
    }
    // 1 Mb/s for half a second are 58 packets; what nobody reports on is given up after a time.
    assert!((58..200).contains(&sent), "{sent}");
    assert!(test.transmitter.deadline().is_some(), "it wakes up to look again");
}

#[test]
fn frames_are_shown_at_once_unless_packets_are_lost() {
    let mut test = Test::new();
    test.frame(0, 2);
    let sent = test.sent(0, 10);
    let delay = |packet: &rtp::Packet| packet.header.get_extension(4).map(|delay| delay.to_vec());
    let said = (delay(&sent[0].1), delay(&sent[1].1));
    assert_eq!(said, (Some(vec![0, 0, 0]), None), "browsers read it in the first packet of a frame");
    test.report(20, &sent);
    test.request(30, [0].into_iter());
    test.frame(33, 1);
    let sent = test.sent(33, 40);
    assert_eq!(delay(&sent.last().unwrap().1), Some(vec![0, 0, 0]), "it is there again soon");

    let mut test = Test::new();
    test.frame(0, 2);
    let sent = test.sent(0, 10);
    test.report(300, &sent);
    test.request(310, [0].into_iter());
    test.frame(333, 1);
    let sent = test.sent(333, 340);
    assert_eq!(delay(&sent.last().unwrap().1), Some(vec![0, 0x10, 5]), "10 to 50 ms");
}
