use std::collections::BTreeMap;

use framebox_media::h264::annexb;
use proptest::prelude::*;

use super::*;

/// A frame with contents of its own; a keyframe has parameter sets.
fn frame(keyframe: bool, number: u8, size: usize) -> Bytes {
    let mut stream = Vec::new();
    if keyframe {
        annexb::append(&mut stream, &[0x67, 0x42, 0xe0, 0x1f, number | 1]);
        annexb::append(&mut stream, &[0x68, 0xce, 0x3c, 0x80 | number]);
    }
    let mut slice = vec![if keyframe { 0x65 } else { 0x41 }];
    slice.extend((0..size.max(1)).map(|at| (at as u8).wrapping_mul(31).wrapping_add(number) | 1));
    annexb::append(&mut stream, &slice);
    Bytes::from(stream)
}

/// The packets of the frames, 3000 ticks apart.
fn packets(frames: &[Bytes], sequence: u16, timestamp: u32) -> Vec<Packet> {
    let (mut packetizer, mut packets) = (packet::packetizer(Codec::H264, true), Vec::new());
    for (index, data) in (0u32..).zip(frames) {
        let timestamp = timestamp.wrapping_add(index * 3000);
        let (data, keyframe, captured) = (data.clone(), annexb::is_keyframe(data), Instant::now());
        let frame = EncodedFrame { codec: Codec::H264, data, keyframe, rtp_timestamp: timestamp, captured };
        for payload in packetizer.payloads(&frame) {
            let sequence = sequence.wrapping_add(packets.len() as u16);
            packets.push(Packet { sequence, timestamp, marker: false, payload });
        }
        packets.last_mut().unwrap().marker = true;
    }
    packets
}

fn drain(assembler: &mut Assembler, now: Instant) -> Vec<Output> {
    std::iter::from_fn(|| assembler.poll(now)).collect()
}

/// Timestamps of the frames; a keyframe that is asked for is `None`.
fn stamps(outputs: &[Output]) -> Vec<Option<u32>> {
    outputs
        .iter()
        .map(|output| match output {
            Output::Frame(frame) => Some(frame.rtp_timestamp),
            Output::KeyframeNeeded => None,
        })
        .collect()
}

/// Frames of 3, 1, 3 and 1 packets: numbers 0..=3 (the first has its parameter sets in a packet of their own), 4, 5..=7, 8.
fn four() -> Vec<Packet> {
    packets(&[frame(true, 0, 3000), frame(false, 1, 10), frame(false, 2, 3000), frame(false, 3, 10)], 0, 0)
}

#[test]
fn frames_come_out_with_their_last_packet() {
    let (now, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
    let outputs: Vec<_> = four()
        .into_iter()
        .map(|packet| {
            assembler.push(now, packet);
            stamps(&drain(&mut assembler, now))
        })
        .collect();
    let (none, frame) = (vec![], |timestamp| vec![Some(timestamp)]);
    assert_eq!(
        outputs,
        [none.clone(), none.clone(), none.clone(), frame(0), frame(3000), none.clone(), none, frame(6000), frame(9000)]
    );
}

#[test]
fn order_of_arrival_and_duplicates_do_not_matter() {
    for order in [
        [0, 1, 2, 3, 4, 5, 6, 7, 8],
        [3, 2, 1, 0, 8, 7, 6, 5, 4],
        [1, 0, 3, 2, 5, 4, 7, 6, 8],
        [8, 0, 7, 1, 6, 2, 5, 3, 4],
    ] {
        let (now, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
        let (packets, mut outputs) = (four(), Vec::new());
        for index in order {
            for _ in 0..2 {
                assembler.push(now, packets[index].clone());
                outputs.extend(drain(&mut assembler, now));
            }
        }
        outputs.retain(|output| *output != Output::KeyframeNeeded);
        assert_eq!(stamps(&outputs), [Some(0), Some(3000), Some(6000), Some(9000)], "{order:?}");
    }
}

#[test]
fn a_gap_waits_and_then_everything_is_dropped_up_to_a_keyframe() {
    let (start, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
    let frames = [frame(true, 0, 10), frame(false, 1, 10), frame(false, 2, 10), frame(true, 3, 10)];
    let packets = packets(&frames, 65534, u32::MAX - 100);
    let at = |ms| start + Duration::from_millis(ms);
    // Packets: 0 and 1 are the keyframe, 2 is lost, 3 comes, 4 and 5 are a keyframe again.
    for index in [0, 1, 3] {
        assembler.push(start, packets[index].clone());
    }
    assert_eq!(stamps(&drain(&mut assembler, start)), [Some(u32::MAX - 100)]);
    assert_eq!(assembler.deadline(), Some(start + PATIENCE * 3 / 4));
    assert_eq!(drain(&mut assembler, at(112)), []);
    assert_eq!(drain(&mut assembler, at(113)), [Output::KeyframeNeeded], "the retransmission is overdue");
    assert_eq!(assembler.deadline(), Some(start + PATIENCE));
    assert_eq!(drain(&mut assembler, at(150)), [], "it was asked for");
    assert_eq!(drain(&mut assembler, at(612)), []);
    assert_eq!(drain(&mut assembler, at(613)), [Output::KeyframeNeeded], "it is asked for again");
    assembler.push(at(700), packets[2].clone());
    assert_eq!(drain(&mut assembler, at(700)), [], "a frame that is not a keyframe does not help");
    assembler.push(at(800), packets[4].clone());
    assembler.push(at(800), packets[5].clone());
    assert_eq!(stamps(&drain(&mut assembler, at(800))), [Some(8899)]);
    assert_eq!(assembler.deadline(), None);
}

#[test]
fn a_keyframe_that_was_asked_for_ends_the_wait_for_what_was_before() {
    let (start, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
    let packets = packets(&[frame(true, 0, 10), frame(false, 1, 10), frame(false, 2, 10), frame(true, 3, 10)], 0, 0);
    let at = |ms| start + Duration::from_millis(ms);
    assembler.be_patient(Duration::from_millis(600));
    for index in [0, 1, 3] {
        assembler.push(start, packets[index].clone());
    }
    drain(&mut assembler, start);
    assert_eq!(drain(&mut assembler, at(449)), []);
    assert_eq!(drain(&mut assembler, at(450)), [Output::KeyframeNeeded]);
    for index in [4, 5] {
        assembler.push(at(500), packets[index].clone());
    }
    assert_eq!(stamps(&drain(&mut assembler, at(500))), [Some(9000)]);
}

#[test]
fn a_gap_that_is_too_large_to_be_filled_is_not_waited_for() {
    let (start, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
    let packets = packets(&[frame(true, 0, 10), frame(false, 1, 10)], 0, 0);
    assembler.push(start, packets[0].clone());
    assembler.push(start, packets[1].clone());
    assert_eq!(stamps(&drain(&mut assembler, start)), [Some(0)]);
    assembler.push(start, Packet { sequence: 400, ..packets[2].clone() });
    assert_eq!(drain(&mut assembler, start), [Output::KeyframeNeeded], "an outage is over");
}

#[test]
fn a_retransmission_in_time_fills_the_gap() {
    let (start, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
    let packets = four();
    for index in [0, 1, 3, 4, 5, 6, 7, 8] {
        assembler.push(start, packets[index].clone());
    }
    assert_eq!(drain(&mut assembler, start), []);
    let later = start + Duration::from_millis(100);
    assembler.push(later, packets[2].clone());
    let outputs = drain(&mut assembler, later);
    assert_eq!(stamps(&outputs), [Some(0), Some(3000), Some(6000), Some(9000)]);
    assert!(matches!(&outputs[0], &Output::Frame(EncodedFrame { captured, .. }) if captured == later));
    assert!(matches!(&outputs[3], &Output::Frame(EncodedFrame { captured, .. }) if captured == start));
}

#[test]
fn a_keyframe_that_has_arrived_is_not_asked_for() {
    let (start, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
    let packets = packets(&[frame(true, 0, 10), frame(false, 1, 10), frame(true, 2, 3000), frame(false, 3, 10)], 7, 0);
    for index in [0, 1, 3, 4, 5, 6, 7] {
        assembler.push(start, packets[index].clone());
    }
    assert_eq!(stamps(&drain(&mut assembler, start)), [Some(0)]);
    assert_eq!(stamps(&drain(&mut assembler, start + PATIENCE)), [Some(6000), Some(9000)]);
}

#[test]
fn padding_is_passed_over() {
    let (now, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
    let frames = packets(&[frame(true, 0, 10), frame(false, 1, 10)], 0, 0);
    let padding = |sequence, timestamp| Packet { sequence, timestamp, marker: false, payload: Bytes::new() };
    for packet in [
        frames[0].clone(),
        frames[1].clone(),
        padding(2, 0),
        padding(3, 3000),
        Packet { sequence: 4, ..frames[2].clone() },
    ] {
        assembler.push(now, packet);
    }
    assert_eq!(stamps(&drain(&mut assembler, now)), [Some(0), Some(3000)]);
}

#[test]
fn a_frame_without_marker_ends_where_the_next_one_begins() {
    let (now, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
    for packet in packets(&[frame(true, 0, 10), frame(false, 1, 10)], 0, 0) {
        assembler.push(now, Packet { marker: false, ..packet });
    }
    assert_eq!(stamps(&drain(&mut assembler, now)), [Some(0)]);
}

#[test]
fn waiting_packets_are_bounded() {
    let (now, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
    assembler.push(now, four().remove(0));
    for sequence in 2..60_000u16 {
        let payload = Bytes::from(vec![0x41; 1200]);
        assembler.push(now, Packet { sequence, timestamp: 0, marker: false, payload });
        assert!(assembler.held.len() <= MAX_PACKETS && assembler.bytes <= MAX_BYTES);
    }
    assert_eq!(assembler.bytes, assembler.held.values().map(|held| held.packet.payload.len()).sum::<usize>());
}

#[test]
fn a_new_numbering_is_followed() {
    for (first, second) in [(100u16, 30_000u16), (30_000, 100), (100, 60_000), (60_000, 55_000)] {
        let (now, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
        for packet in packets(&[frame(true, 0, 10)], first, 0) {
            assembler.push(now, packet);
        }
        assert_eq!(stamps(&drain(&mut assembler, now)), [Some(0)]);
        let mut frames = vec![frame(false, 1, 10); 2 * LATE_IN_A_ROW as usize];
        frames.push(frame(true, 2, 3000));
        for packet in packets(&frames, second, 1_000_000) {
            assembler.push(now, packet);
        }
        let last = 1_000_000 + 3000 * 2 * LATE_IN_A_ROW;
        assert_eq!(stamps(&drain(&mut assembler, now)).last(), Some(&Some(last)), "{first} {second}");
    }
}

/// What the network does to a packet.
#[derive(Clone, Copy, Debug)]
struct Fate {
    /// Lost when below the loss, of 256.
    lost: u8,
    twice: bool,
    /// Number of places by which it arrives later.
    late: usize,
}

fn fate() -> impl Strategy<Value = Fate> {
    (any::<u8>(), prop::bool::weighted(0.1), prop_oneof![4 => Just(0), 1 => 0..8usize])
        .prop_map(|(lost, twice, late)| Fate { lost, twice, late })
}

/// Sends the frames through a network and returns what came out.
fn through(frames: &[Bytes], sequence: u16, timestamp: u32, fates: &[Fate], loss: u8) -> Vec<Output> {
    let mut arrivals = Vec::new();
    for (index, (packet, fate)) in
        packets(frames, sequence, timestamp).into_iter().zip(fates.iter().cycle()).enumerate()
    {
        // A keyframe's parameter sets begin the stream: the first packet always arrives.
        if index > 0 && fate.lost < loss {
            continue;
        }
        arrivals.push((index + fate.late, packet.clone()));
        if fate.twice {
            arrivals.push((index + fate.late + 3, packet));
        }
    }
    arrivals.sort_by_key(|(place, _)| *place);
    let (start, mut assembler, mut outputs) = (Instant::now(), Assembler::new(Codec::H264), Vec::new());
    for (place, packet) in arrivals {
        let now = start + Duration::from_millis(10 * place as u64);
        assembler.push(now, packet);
        outputs.extend(drain(&mut assembler, now));
    }
    outputs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_the_network_does_frames_are_whole_in_order_and_given_once(
        sizes in prop::collection::vec((1..6000usize, prop::bool::weighted(0.1)), 1..40),
        sequence in any::<u16>(),
        timestamp in any::<u32>(),
        fates in prop::collection::vec(fate(), 1..200),
        loss in prop_oneof![Just(0u8), Just(13u8), any::<u8>()],
    ) {
        let frames: Vec<Bytes> = sizes
            .iter()
            .enumerate()
            .map(|(index, (size, keyframe))| frame(index == 0 || (index > 10 && *keyframe), index as u8, *size))
            .collect();
        let numbers: BTreeMap<u32, usize> =
            (0..frames.len()).map(|index| (timestamp.wrapping_add(index as u32 * 3000), index)).collect();
        let mut last = None;
        let mut count = 0;
        let mut broken = false;
        for output in through(&frames, sequence, timestamp, &fates, loss) {
            let Output::Frame(EncodedFrame { data, rtp_timestamp, keyframe, .. }) = output else { continue };
            let number = numbers[&rtp_timestamp];
            prop_assert!(last.is_none_or(|last| number > last), "{number} after {last:?}");
            broken = last.is_some_and(|last| number != last + 1);
            prop_assert!(!broken || keyframe, "frame {number} cannot be decoded");
            prop_assert_eq!(&data, &frames[number]);
            last = Some(number);
            count += 1;
        }
        if loss == 0 {
            prop_assert_eq!(count, frames.len());
            prop_assert!(!broken);
        }
    }

    #[test]
    fn garbage_is_survived(
        garbage in prop::collection::vec(
            (any::<u16>(), any::<u32>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..200),
        near in any::<bool>(),
    ) {
        let (start, mut assembler) = (Instant::now(), Assembler::new(Codec::H264));
        for (index, (sequence, timestamp, marker, payload)) in garbage.into_iter().enumerate() {
            let now = start + Duration::from_millis(index as u64 * 7);
            let (sequence, timestamp) = if near { (sequence % 64, timestamp % 4) } else { (sequence, timestamp) };
            assembler.push(now, Packet { sequence, timestamp, marker, payload: Bytes::from(payload) });
            drain(&mut assembler, now);
        }
    }
}
