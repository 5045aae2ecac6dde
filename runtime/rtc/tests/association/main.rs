//! What a peer can make an association of the data channel hold and do: packets written by hand against the library that
//! carries it, a changed copy in `vendor/`.

#![allow(clippy::unwrap_used, missing_docs)]

mod packets;

use packets::{BUFFER, FIRST, MESSAGE, Victim, chunk, data, init, reset};

/// Most chunks that are held: each costs more than it carries.
const MAX_CHUNKS: usize = (BUFFER as usize + 2 * MESSAGE as usize) / 384;

/// Reads packets until the association is closed; returns how many, at most `limit`.
fn read_until_closed(victim: &mut Victim, limit: usize, packet: impl Fn(u32) -> Vec<u8>) -> usize {
    let mut written = victim.written();
    for count in 0..limit {
        if victim.association().is_closed() {
            assert!(written.iter().any(|packet| packet[12] == 6), "the peer is told by an ABORT");
            // Nothing brings it back.
            victim.read(&packet(FIRST));
            victim.read(&init(7));
            assert!(victim.association().is_closed() && victim.association().stream_ids().is_empty());
            return count;
        }
        victim.read(&packet(FIRST + count as u32));
        written = victim.written();
    }
    limit
}

#[test]
fn messages_that_do_not_end_are_bounded() {
    let large = [0; 1100];
    // Beyond the receive buffer and twice the largest message.
    let most = (BUFFER + 2 * MESSAGE) as usize / 1100 + 1;
    type Packet<'a> = &'a dyn Fn(u32) -> Vec<u8>;
    let attacks: [(&str, Packet); 4] = [
        ("in order", &|number| data(number, u8::from(number == FIRST) * 2, 1, 0, &large)),
        ("unordered", &|number| data(number, 4 | 2, 1, 0, &large)),
        ("whole messages out of order", &|number| data(number, 3, 1, 1 + (number - FIRST) as u16, &large)),
        ("on many streams", &|number| data(number, 2, (number % 200) as u16, 0, &large)),
    ];
    for (name, packet) in attacks {
        let read = read_until_closed(&mut Victim::established(), 10 * most, packet);
        assert!((MESSAGE as usize / 1100..=most).contains(&read), "{name}: {read} packets, at most {most}");
    }
}

#[test]
fn what_comes_after_a_gap_fills_the_buffer_and_no_more() {
    let mut victim = Victim::established();
    for number in 1..20_000 {
        victim.read(&data(FIRST + number, 3, 1, number as u16, &[0; 1100]));
        victim.written();
    }
    // The first one comes at last. What was acknowledged is read, and that is what had room.
    victim.read(&data(FIRST, 3, 1, 0, &[0; 1100]));
    let stream = |victim: &mut Victim| victim.association().stream(1).unwrap().read_sctp().unwrap().is_some();
    let read = std::iter::from_fn(|| stream(&mut victim).then_some(())).count();
    assert!((BUFFER as usize / 2000..=BUFFER as usize / 1100).contains(&read), "{read} messages");
    assert!(!victim.association().is_closed(), "it is not the peer's fault that the network loses packets");
}

#[test]
fn small_chunks_count_with_what_they_cost() {
    let read = read_until_closed(&mut Victim::established(), 100_000, |number| data(number, 0, 1, 0, b"x"));
    assert!(read <= MAX_CHUNKS + 1, "{read} chunks of one byte");
    let read = read_until_closed(&mut Victim::established(), 100_000, |number| data(number, 0, 1, 0, b""));
    assert!(read <= MAX_CHUNKS + 1, "{read} chunks of nothing");
}

#[test]
fn a_large_message_is_read_whole() {
    let mut victim = Victim::established();
    let fragments = MESSAGE / 1024;
    for fragment in 0..fragments {
        let flags = u8::from(fragment == 0) * 2 + u8::from(fragment == fragments - 1);
        victim.read(&data(FIRST + fragment, flags, 1, 0, &[7; 1024]));
    }
    let message = victim.association().stream(1).unwrap().read_sctp().unwrap().unwrap();
    assert_eq!(message.len(), MESSAGE as usize);
    // What was read counts no more.
    for number in 0..20_000 {
        victim.read(&data(FIRST + fragments + number, 3, 1, 1 + number as u16, &[7; 1024]));
        assert_eq!(victim.association().stream(1).unwrap().read_sctp().unwrap().unwrap().len(), 1024);
    }
    assert!(!victim.association().is_closed());
}

#[test]
fn streams_are_bounded() {
    let read = read_until_closed(&mut Victim::established(), 60_000, |number| {
        data(number, 3, (number - FIRST) as u16, 0, b"x")
    });
    assert_eq!(read, 257);
}

#[test]
fn requests_to_reset_streams_are_bounded_and_answered_once() {
    let read = read_until_closed(&mut Victim::established(), 1_000, |number| reset(number, FIRST + (1 << 30), 500));
    assert_eq!(read, 17);
    // Requests that wait are not answered again for each chunk.
    let mut victim = Victim::established();
    (0..16).for_each(|request| victim.read(&reset(request, FIRST + (1 << 30), 1)));
    victim.written();
    let chunks: Vec<u8> = (0..40).flat_map(|number| data(FIRST + number, 3, 1, number as u16, b"x")).collect();
    victim.read(&chunks);
    assert!(victim.written().len() < 16, "no flood of answers");
    // One that is due is fulfilled.
    let mut victim = Victim::established();
    victim.read(&reset(1, FIRST + 1, 10));
    victim.read(&[data(FIRST, 2, 3, 0, b"x"), data(FIRST + 1, 0, 3, 0, b"x")].concat());
    assert!(!victim.association().stream_ids().contains(&3), "{:?}", victim.association().stream_ids());
}

#[test]
fn further_associations_are_bounded_and_repetitions_begin_none() {
    let mut victim = Victim::new();
    for _ in 0..50 {
        victim.read_with(0, &init(7));
    }
    assert_eq!(victim.associations.len(), 1);
    assert!(!victim.written().is_empty(), "they are answered");
    for tag in 100..1_000 {
        victim.read_with(0, &init(tag));
    }
    assert!(victim.associations.len() <= 4, "{} associations", victim.associations.len());
}

#[test]
fn numbers_may_be_skipped_by_the_thousand_million() {
    let mut victim = Victim::established();
    let mut number = FIRST;
    // One by one, each of these would take seconds.
    for _ in 0..10_000 {
        victim.read(&data(number.wrapping_add(2), 2, 1, 0, b"x"));
        number = number.wrapping_add((1 << 31) - 2);
        victim.read(&chunk(192, 0, &number.to_be_bytes()));
        victim.written();
        number = number.wrapping_add(1);
    }
    victim.read(&data(number, 7, 5, 0, b"after all that"));
    assert_eq!(victim.association().stream(5).unwrap().read_sctp().unwrap().unwrap().len(), 14);
}

#[test]
fn numbers_around_zero_are_survived() {
    let mut victim = Victim::established();
    for number in [u32::MAX - 3, u32::MAX] {
        victim.read(&chunk(192, 0, &(FIRST.wrapping_add((1 << 31) - 2)).to_be_bytes()));
        victim.read(&chunk(192, 0, &number.to_be_bytes()));
    }
    for number in 0..8u32 {
        victim.read(&data(number, 7, 5, 0, b"x"));
        assert_eq!(victim.association().stream(5).unwrap().read_sctp().unwrap().unwrap().len(), 1);
    }
    assert!(!victim.association().is_closed());
}
