//! ICE candidates, as a peer sends them in its offer and after it.

use std::net::IpAddr;

use framebox_rtc::sdp::candidate::usable;

use crate::allocation::{FIXED, within};

/// Longest candidate that may be passed on, bytes.
const MAX_LENGTH: usize = 512;

/// A candidate that is passed on is a part of what the peer sent, is short, has no line break, and names an address and a port.
pub fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let result = within(FIXED + 32 * text.len(), || usable(text));
    let Ok(Some(used)) = result else {
        if let Err(error) = result {
            assert!(error.to_string().len() < 400, "the error repeats the input");
        }
        return;
    };
    assert!(text.contains(used) && used.len() <= MAX_LENGTH);
    assert!(
        used.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()),
        "it goes into a line of its own: {used:?}"
    );
    let words: Vec<&str> = used.split(' ').filter(|word| !word.is_empty()).collect();
    assert!(words[2].eq_ignore_ascii_case("udp"));
    let address: IpAddr = words[4].parse().expect("names are not looked up");
    assert!(!address.is_loopback() && !address.is_unspecified() && !address.is_multicast(), "{used:?}");
    assert!(words[5].parse::<u16>().is_ok_and(|port| port >= 1024), "a service may listen there: {used:?}");
    let again = format!("candidate:{used}");
    assert!(matches!(usable(&again), Ok(Some(same)) if same == used), "reading it again gives it again");
}
