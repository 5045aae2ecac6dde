use std::collections::BTreeMap;

use bytes::BytesMut;
use proptest::prelude::*;

use super::super::annexb;
use super::super::packetizer::Packetizer;
use super::*;

/// A picture with the given contents; a keyframe has parameter sets.
fn picture(keyframe: bool, number: u8, size: usize) -> Bytes {
    let mut stream = BytesMut::new();
    if keyframe {
        annexb::append(&mut stream, &[0x67, 0x42, 0xe0, 0x1f, number | 1]);
        annexb::append(&mut stream, &[0x68, 0xce, 0x3c, 0x80 | number]);
    }
    let mut slice = vec![if keyframe { 0x65 } else { 0x41 }];
    slice.extend((0..size.max(1)).map(|at| (at as u8).wrapping_mul(31).wrapping_add(number) | 1));
    annexb::append(&mut stream, &slice);
    stream.freeze()
}

/// The packets of the pictures, 3000 ticks apart.
fn packets(pictures: &[Bytes], sequence: u16, timestamp: u32) -> Vec<Packet> {
    let mut packetizer = Packetizer::new(96, 1, sequence);
    let stamped = (0u32..).map(|index| timestamp.wrapping_add(index * 3000)).zip(pictures);
    stamped
        .flat_map(|(timestamp, picture)| packetizer.packets(picture, timestamp))
        .map(|packet| Packet {
            sequence: packet.header.sequence_number,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload,
        })
        .collect()
}

fn drain(assembler: &mut Assembler, now: Instant) -> Vec<Output> {
    std::iter::from_fn(|| assembler.poll(now)).collect()
}

/// Timestamps of the pictures; a keyframe that is asked for is `None`.
fn stamps(outputs: &[Output]) -> Vec<Option<u32>> {
    outputs
        .iter()
        .map(|output| match output {
            Output::Unit { timestamp, .. } => Some(*timestamp),
            Output::KeyframeNeeded => None,
        })
        .collect()
}

/// Pictures of 3, 1, 3 and 1 packets: numbers 0..=3 (the first has its parameter sets in a packet of their own), 4, 5..=7, 8.
fn four() -> Vec<Packet> {
    packets(&[picture(true, 0, 3000), picture(false, 1, 10), picture(false, 2, 3000), picture(false, 3, 10)], 0, 0)
}

#[test]
fn pictures_come_out_with_their_last_packet() {
    let (now, mut assembler) = (Instant::now(), Assembler::default());
    let outputs: Vec<_> = four()
        .into_iter()
        .map(|packet| {
            assembler.push(now, packet);
            stamps(&drain(&mut assembler, now))
        })
        .collect();
    let (none, unit) = (vec![], |timestamp| vec![Some(timestamp)]);
    assert_eq!(
        outputs,
        [none.clone(), none.clone(), none.clone(), unit(0), unit(3000), none.clone(), none, unit(6000), unit(9000)]
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
        let (now, mut assembler) = (Instant::now(), Assembler::default());
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
fn a_gap_waits_then_the_rest_is_dropped_until_a_keyframe() {
    let (start, mut assembler) = (Instant::now(), Assembler::default());
    let pictures = [picture(true, 0, 10), picture(false, 1, 10), picture(false, 2, 10), picture(true, 3, 10)];
    let packets = packets(&pictures, 65534, u32::MAX - 100);
    let at = |ms| start + Duration::from_millis(ms);
    // Packets: 0 and 1 are the keyframe, 2 is lost, 3 comes, 4 and 5 are a keyframe again.
    for index in [0, 1, 3] {
        assembler.push(start, packets[index].clone());
    }
    assert_eq!(stamps(&drain(&mut assembler, start)), [Some(u32::MAX - 100)]);
    assert_eq!(assembler.deadline(), Some(start + PATIENCE));
    assert_eq!(drain(&mut assembler, at(149)), []);
    assert_eq!(drain(&mut assembler, at(150)), [Output::KeyframeNeeded]);
    assert_eq!(drain(&mut assembler, at(1149)), []);
    assert_eq!(drain(&mut assembler, at(1150)), [Output::KeyframeNeeded], "it is asked for again");
    assembler.push(at(1200), packets[2].clone());
    assert_eq!(drain(&mut assembler, at(1200)), [], "a picture that is not a keyframe does not help");
    assembler.push(at(1300), packets[4].clone());
    assembler.push(at(1300), packets[5].clone());
    assert_eq!(stamps(&drain(&mut assembler, at(1300))), [Some(8899)]);
    assert_eq!(assembler.deadline(), None);
}

#[test]
fn a_retransmission_in_time_heals() {
    let (start, mut assembler) = (Instant::now(), Assembler::default());
    let packets = four();
    for index in [0, 1, 3, 4, 5, 6, 7, 8] {
        assembler.push(start, packets[index].clone());
    }
    assert_eq!(drain(&mut assembler, start), []);
    let later = start + Duration::from_millis(100);
    assembler.push(later, packets[2].clone());
    let outputs = drain(&mut assembler, later);
    assert_eq!(stamps(&outputs), [Some(0), Some(3000), Some(6000), Some(9000)]);
    assert!(matches!(outputs[0], Output::Unit { completed, .. } if completed == later));
    assert!(matches!(outputs[3], Output::Unit { completed, .. } if completed == start));
}

#[test]
fn a_keyframe_at_hand_needs_not_be_asked_for() {
    let (start, mut assembler) = (Instant::now(), Assembler::default());
    let packets =
        packets(&[picture(true, 0, 10), picture(false, 1, 10), picture(true, 2, 3000), picture(false, 3, 10)], 7, 0);
    for index in [0, 1, 3, 4, 5, 6, 7] {
        assembler.push(start, packets[index].clone());
    }
    assert_eq!(stamps(&drain(&mut assembler, start)), [Some(0)]);
    assert_eq!(stamps(&drain(&mut assembler, start + PATIENCE)), [Some(6000), Some(9000)]);
}

#[test]
fn padding_is_passed_over() {
    let (now, mut assembler) = (Instant::now(), Assembler::default());
    let pictures = packets(&[picture(true, 0, 10), picture(false, 1, 10)], 0, 0);
    let padding = |sequence, timestamp| Packet { sequence, timestamp, marker: false, payload: Bytes::new() };
    for packet in [
        pictures[0].clone(),
        pictures[1].clone(),
        padding(2, 0),
        padding(3, 3000),
        Packet { sequence: 4, ..pictures[2].clone() },
    ] {
        assembler.push(now, packet);
    }
    assert_eq!(stamps(&drain(&mut assembler, now)), [Some(0), Some(3000)]);
}

#[test]
fn a_picture_without_marker_ends_where_the_next_one_begins() {
    let (now, mut assembler) = (Instant::now(), Assembler::default());
    for packet in packets(&[picture(true, 0, 10), picture(false, 1, 10)], 0, 0) {
        assembler.push(now, Packet { marker: false, ..packet });
    }
    assert_eq!(stamps(&drain(&mut assembler, now)), [Some(0)]);
}

#[test]
fn what_waits_is_bounded() {
    let (now, mut assembler) = (Instant::now(), Assembler::default());
    assembler.push(now, four().remove(0));
    for sequence in 2..60_000u16 {
        let payload = Bytes::from(vec![0x41; 1200]);
        assembler.push(now, Packet { sequence, timestamp: 0, marker: false, payload });
        assert!(assembler.held.len() <= MOST_PACKETS && assembler.bytes <= MOST_BYTES);
    }
    assert_eq!(assembler.bytes, assembler.held.values().map(|held| held.packet.payload.len()).sum::<usize>());
}

#[test]
fn a_new_numbering_begins_anew() {
    for (first, second) in [(100u16, 30_000u16), (30_000, 100), (100, 60_000), (60_000, 55_000)] {
        let (now, mut assembler) = (Instant::now(), Assembler::default());
        for packet in packets(&[picture(true, 0, 10)], first, 0) {
            assembler.push(now, packet);
        }
        assert_eq!(stamps(&drain(&mut assembler, now)), [Some(0)]);
        let mut pictures = vec![picture(false, 1, 10); 2 * LATE_IN_A_ROW as usize];
        pictures.push(picture(true, 2, 3000));
        for packet in packets(&pictures, second, 1_000_000) {
            assembler.push(now, packet);
        }
        let last = 1_000_000 + 3000 * 2 * LATE_IN_A_ROW;
        assert_eq!(stamps(&drain(&mut assembler, now)).last(), Some(&Some(last)), "{first} {second}");
    }
}

/// What the network does to a packet.
#[derive(Clone, Copy, Debug)]
struct Fate {
    /// Of 256: lost below this.
    lost: u8,
    twice: bool,
    /// It arrives so many places later.
    late: usize,
}

fn fate() -> impl Strategy<Value = Fate> {
    (any::<u8>(), prop::bool::weighted(0.1), prop_oneof![4 => Just(0), 1 => 0..8usize])
        .prop_map(|(lost, twice, late)| Fate { lost, twice, late })
}

/// Sends the pictures through a network and returns what came out.
fn through(pictures: &[Bytes], sequence: u16, timestamp: u32, fates: &[Fate], loss: u8) -> Vec<Output> {
    let mut arrivals = Vec::new();
    for (index, (packet, fate)) in
        packets(pictures, sequence, timestamp).into_iter().zip(fates.iter().cycle()).enumerate()
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
    let (start, mut assembler, mut outputs) = (Instant::now(), Assembler::default(), Vec::new());
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
    fn whatever_the_network_does_pictures_are_whole_in_order_and_come_once(
        sizes in prop::collection::vec((1..6000usize, prop::bool::weighted(0.1)), 1..40),
        sequence in any::<u16>(),
        timestamp in any::<u32>(),
        fates in prop::collection::vec(fate(), 1..200),
        loss in prop_oneof![Just(0u8), Just(13u8), any::<u8>()],
    ) {
        let pictures: Vec<Bytes> = sizes
            .iter()
            .enumerate()
            .map(|(index, (size, keyframe))| picture(index == 0 || (index > 10 && *keyframe), index as u8, *size))
            .collect();
        let numbers: BTreeMap<u32, usize> =
            (0..pictures.len()).map(|index| (timestamp.wrapping_add(index as u32 * 3000), index)).collect();
        let mut last = None;
        let mut count = 0;
        let mut broken = false;
        for output in through(&pictures, sequence, timestamp, &fates, loss) {
            let Output::Unit { data, timestamp, keyframe, .. } = output else { continue };
            let number = numbers[&timestamp];
            prop_assert!(last.is_none_or(|last| number > last), "{number} after {last:?}");
            broken = last.is_some_and(|last| number != last + 1);
            prop_assert!(!broken || keyframe, "picture {number} cannot be decoded");
            prop_assert_eq!(&data, &pictures[number]);
            last = Some(number);
            count += 1;
        }
        if loss == 0 {
            prop_assert_eq!(count, pictures.len());
            prop_assert!(!broken);
        }
    }

    #[test]
    fn garbage_does_no_harm(
        garbage in prop::collection::vec(
            (any::<u16>(), any::<u32>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..200),
        near in any::<bool>(),
    ) {
        let (start, mut assembler) = (Instant::now(), Assembler::default());
        for (index, (sequence, timestamp, marker, payload)) in garbage.into_iter().enumerate() {
            let now = start + Duration::from_millis(index as u64 * 7);
            let (sequence, timestamp) = if near { (sequence % 64, timestamp % 4) } else { (sequence, timestamp) };
            assembler.push(now, Packet { sequence, timestamp, marker, payload: Bytes::from(payload) });
            drain(&mut assembler, now);
        }
    }
}
