use proptest::prelude::*;

use super::*;

/// A STUN message of this type and transaction, `size` bytes long, for the peer with this fragment.
fn stun(kind: [u8; 2], transaction: u8, fragment: &str, size: usize) -> Vec<u8> {
    let user = format!("{fragment}:them");
    let mut message = vec![kind[0], kind[1], 0, 0, 0x21, 0x12, 0xa4, 0x42];
    message.extend([transaction; 12]);
    message.extend([0, 6, 0, user.len() as u8]);
    message.extend(user.as_bytes());
    message.resize(size.max(message.len()), 0);
    message
}

fn request(transaction: u8) -> Vec<u8> {
    stun([0, 1], transaction, "mine", 100)
}

fn success(transaction: u8) -> Vec<u8> {
    stun([1, 1], transaction, "mine", 64)
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

fn answered() -> AddressValidation {
    let mut addresses = AddressValidation::default();
    addresses.answered("mine");
    addresses
}

#[test]
fn media_from_elsewhere_is_looked_at_when_the_peer_is_silent() {
    let (start, mut addresses) = (Instant::now(), answered());
    let at = |ms| start + Duration::from_millis(ms);
    assert!(!addresses.media(start, address(5000), 1200), "nobody is there yet");
    assert!(addresses.received(start, address(4000), &request(1)));
    assert!(addresses.sending(start, address(4000), &request(2), 1));
    assert!(!addresses.media(at(1000), address(5000), 1200), "nobody proved to be there yet");
    assert!(addresses.received(at(1000), address(4000), &success(2)));
    assert!(!addresses.media(at(5000), address(4000), 1200), "the peer has not moved");
    assert!(!addresses.media(at(1200), address(5000), 1200));
    assert!(addresses.media(at(1400), address(5000), 1200));
    assert!(!addresses.media(at(1500), address(5000), 1200) && !addresses.media(at(1600), address(6000), 1200));
    assert!(addresses.media(at(1700), address(5000), 1200), "until it answers");
    assert!(addresses.sending(at(1700), address(5000), &request(3), 1));
    assert!(!addresses.sending(at(1700), address(5000), &[0x80; 8000], 1), "at most three times as much");
    assert!(addresses.received(at(1800), address(5000), &success(3)));
    assert!(addresses.sending(at(1800), address(5000), &[0x80; 8000], 1));
    assert!(!addresses.media(at(3000), address(5000), 1200));
    assert!(!addresses.media(at(9000), SocketAddr::from(([192, 0, 2, 1], 53)), 1200), "no service is checked");
}

#[test]
fn nothing_is_sent_where_nothing_came_from() {
    let (now, mut addresses) = (Instant::now(), answered());
    for port in 2000..2100 {
        assert!(!addresses.sending(now, address(port), &request(1), 1));
    }
}

#[test]
fn an_address_gets_three_times_what_it_sent_until_it_answers() {
    let (now, mut addresses) = (Instant::now(), answered());
    let peer = address(2000);
    assert!(addresses.received(now, peer, &request(1)));
    let sent = (0..100).filter(|_| addresses.sending(now, peer, &success(1), 1)).count();
    assert_eq!(sent, 3, "by datagrams");
    let other = address(2001);
    assert!(addresses.received(now, other, &request(1)));
    let sent = (0..100).filter(|_| addresses.sending(now, other, &stun([0, 1], 7, "them", 140), 1)).count();
    assert_eq!(sent, 2, "by bytes");
    // A message with a number that was never sent proves nothing, nor does one from elsewhere.
    assert!(addresses.received(now, other, &success(8)) && addresses.received(now, peer, &success(7)));
    assert!(!addresses.sending(now, other, &[22; 1200], 1));
    assert!(addresses.received(now, other, &success(7)));
    assert!(addresses.sending(now, other, &[22; 60_000], 50));
    assert!(!addresses.sending(now, peer, &[22; 1200], 1));
}

#[test]
fn strangers_and_their_number_are_refused() {
    let (now, mut addresses) = (Instant::now(), AddressValidation::default());
    assert!(!addresses.received(now, address(2000), &stun([0, 1], 1, "", 100)), "before there is an answer");
    addresses.answered("mine");
    for wrong in [&stun([0, 1], 1, "other", 100)[..], &success(1), &[22; 100], &[0x80; 100], &[]] {
        assert!(!addresses.received(now, address(2000), wrong));
    }
    assert!(!addresses.received(now, address(53), &request(1)), "a service");
    assert!(!addresses.received(now, "169.254.169.254:5000".parse().unwrap(), &request(1)), "of a cloud");
    assert!(addresses.received(now, "127.0.0.1:5000".parse().unwrap(), &request(1)), "the client is there");
    let read = (1024..9000).filter(|port| addresses.received(now, address(*port), &request(1))).count();
    assert_eq!(read, MAX_ADDRESSES - 1);
    assert!(
        addresses.received(now, address(1024), &request(2)) && addresses.sending(now, address(1024), &success(2), 1)
    );
}

#[test]
fn a_peer_moves_on_as_often_as_it_likes_and_floods_do_not_stop_it() {
    let (start, mut addresses) = (Instant::now(), answered());
    let validate = |addresses: &mut AddressValidation, now, port| {
        addresses.received(now, address(port), &request(1))
            && addresses.sending(now, address(port), &request(9), 1)
            && addresses.received(now, address(port), &success(9))
    };
    // A new address every second.
    for port in 0..200u16 {
        assert!(validate(&mut addresses, start + Duration::from_secs(port.into()), 2000 + port), "{port}");
    }
    // Forged sources fill the table, and neither take the peer's place in it nor keep it from moving for long.
    let now = start + Duration::from_secs(199);
    let forged = (3000..9000).filter(|port| addresses.received(now, address(*port), &request(1))).count();
    assert!(forged <= MAX_ADDRESSES, "{forged}");
    assert!(addresses.sending(now, address(2199), &[22; 60_000], 50), "the peer's own address");
    assert!(validate(&mut addresses, now + Duration::from_secs(2), 2500));
    assert_eq!(addresses.checks(), 200 + 6000 + 1);
}

#[test]
fn checks_for_an_earlier_fragment_are_read_after_a_restart() {
    let (now, mut addresses) = (Instant::now(), answered());
    addresses.answered("new");
    for fragment in ["mine", "new"] {
        assert!(addresses.received(now, address(2000), &stun([0, 1], 1, fragment, 100)));
    }
    (0..MAX_FRAGMENTS).for_each(|number| addresses.answered(&format!("later{number}")));
    assert!(!addresses.received(now, address(2001), &request(1)));
}

#[test]
fn speculation_is_paced_spread_and_bounded_by_the_offer() {
    let (start, mut addresses) = (Instant::now(), answered());
    addresses.speculate(3_000);
    let mut sent = vec![0; 8];
    for millisecond in 0..20_000 {
        let now = start + Duration::from_millis(millisecond);
        for (at, sent) in sent.iter_mut().enumerate() {
            *sent += usize::from(addresses.sending(now, address(2000 + at as u16), &request(at as u8), 1));
        }
        assert!(sent.iter().sum::<usize>() as u64 <= 1 + millisecond / 50, "{sent:?} within {millisecond} ms");
    }
    assert_eq!(sent, [2, 1, 1, 1, 1, 1, 1, 1], "nine datagrams for an offer of three");
    for forbidden in ["127.0.0.1:5000", "169.254.1.1:5000", "224.0.0.1:5000", "192.0.2.9:80"] {
        assert!(!addresses.sending(start + Duration::from_secs(60), forbidden.parse().unwrap(), &request(1), 1));
    }
    // Whose answer comes is there.
    assert!(!addresses.received(start, address(2001), &[22; 100]));
    assert!(addresses.received(start, address(2001), &success(1)));
    assert!(addresses.sending(start, address(2001), &[22; 1200], 1));
}

#[test]
fn servers_of_the_operator_are_reached_but_not_for_others() {
    let (now, mut addresses) = (Instant::now(), answered());
    let server = "192.0.2.7:3478".parse().unwrap();
    addresses.trust(server);
    assert!(addresses.sending(now, server, &request(1), 1) && addresses.received(now, server, &success(1)));
    let relayed = stun([0, 0x16], 1, "", 100);
    assert!(!addresses.sending(now, server, &relayed, 1), "through the server");
    addresses.received(now, server, &[0x40, 1, 0, 0]);
    assert!(addresses.sending(now, server, &relayed, 1));
}

proptest! {
    /// Whatever comes and goes: an address that never answers gets at most three times what it sent.
    #[test]
    fn no_address_is_flooded(events in proptest::collection::vec((0u16..4, any::<bool>(), 60usize..1400), 1..400)) {
        let (now, mut addresses) = (Instant::now(), answered());
        let mut amounts = [(0usize, 0usize, 0usize, 0usize); 4];
        for (at, sends, size) in events {
            let (to, amount) = (address(3000 + at), &mut amounts[usize::from(at)]);
            if sends {
                if addresses.sending(now, to, &stun([0, 1], 9, "them", size), 1) {
                    amount.2 += size;
                    amount.3 += 1;
                }
            } else {
                addresses.received(now, to, &stun([0, 1], 9, "mine", size));
                amount.0 += size;
                amount.1 += 1;
            }
            prop_assert!(amount.2 <= 3 * amount.0 && amount.3 <= 3 * amount.1, "{:?}", amount);
        }
    }
}
