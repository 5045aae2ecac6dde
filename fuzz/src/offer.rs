//! Session descriptions, as a peer offers them, and fragments of them.

use framebox_rtc::sdp::{Fragment, Offer, Outline, candidate};
use framebox_rtc::{Direction, Error};

use crate::allocation::{FIXED, within};

/// Lines that the server writes for itself into the reduced offer, bytes.
const OWN_LINES: usize = 3072;

/// What the RTP library sees of an offer has our form whatever the peer wrote, and reading it again gives the same; the answer has
/// a section for each one of the offer.
pub fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let _ = within(FIXED + 64 * text.len(), || Outline::read(text));
    match within(FIXED + 64 * text.len(), || Fragment::read(text)) {
        Ok(fragment) => check_fragment(text, &fragment),
        Err(error) => assert!(error.to_string().len() < 400, "the error repeats the fragment: {error}"),
    }
    for direction in [Direction::SendReceive, Direction::SendOnly, Direction::ReceiveOnly] {
        let read = within(FIXED + 64 * text.len(), || Offer::read(text, direction));
        match read {
            Ok(offer) => check(text, &offer, direction),
            Err(error) => assert!(error.to_string().len() < 400, "the error repeats the offer: {error}"),
        }
    }
}

/// What a fragment leads to is short and one line each; what of it is written is read as the same.
fn check_fragment(text: &str, fragment: &Fragment) {
    assert!(fragment.candidates.len() <= candidate::MAX_OFFERED);
    for one in &fragment.candidates {
        assert!(matches!(candidate::usable(one), Ok(Some(_))), "{one}");
    }
    let names = fragment.credentials.iter().flat_map(|(ufrag, password)| [ufrag, password]).chain(&fragment.mid);
    for name in names {
        assert!((1..=256).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()), "{name:?}");
    }
    let written = within(FIXED + 64 * text.len(), || Fragment::of_answer(text));
    assert!(written.len() <= 2 * text.len() + OWN_LINES, "{} bytes from {}", written.len(), text.len());
    if !written.is_empty() {
        assert_form(&written);
    }
}

fn check(text: &str, offer: &Offer, direction: Direction) {
    let reduced = &offer.reduced;
    assert!(reduced.len() <= 2 * text.len() + OWN_LINES, "{} bytes from {}", reduced.len(), text.len());
    assert_form(reduced);
    assert!((1..=3).contains(&sections(reduced)), "a video, or two, and a data channel at most");
    assert!(!reduced.contains("a=candidate"), "candidates go another way");
    assert!(offer.candidates.len() <= candidate::MAX_CANDIDATES);
    for one in &offer.candidates {
        assert!(matches!(candidate::usable(one), Ok(Some(_))), "{one}");
    }

    let again = Offer::read(reduced, direction);
    let again = again.unwrap_or_else(|error: Error| panic!("{error}: its own description\n{reduced}"));
    assert_eq!(again.video, offer.video);
    assert_eq!(sections(&again.reduced), sections(reduced));
    assert_eq!(again.reduced, *reduced);
    let restart = format!("a=ice-ufrag:restarted\r\na=ice-pwd:{}\r\n", "p".repeat(22));
    let restarted = offer.restarted(&Fragment::read(&restart).expect("it has credentials")).expect("they are taken");
    assert_form(&restarted.reduced);
    assert!(restarted.ufrag() == "restarted" && restarted.continues(offer).is_ok(), "{}", restarted.reduced);

    // The library answers section by section; the offer itself has the form of an answer to it.
    let answer = offer.answer(reduced).expect("a section for each one that was accepted");
    assert_form(&answer);
    assert_eq!(sections(&answer), sections(text), "each section of the offer is answered");
    assert!(answer.len() <= 4 * text.len() + OWN_LINES + 64 * sections(text));
    // Answers that do not fit are refused.
    assert_eq!(offer.answer(""), None);
    assert_eq!(offer.answer(&format!("{reduced}m=audio 9 RTP/AVP 0\r\n")), None);
}

/// Each line is `LETTER=TEXT`, without control characters.
fn assert_form(description: &str) {
    assert!(description.ends_with("\r\n"));
    for line in description.split_terminator("\r\n") {
        let mut chars = line.chars();
        assert!(
            chars.next().is_some_and(|letter| letter.is_ascii_lowercase()) && chars.next() == Some('='),
            "{line:?}"
        );
        assert!(!line.chars().any(|one| one.is_ascii_control()), "{line:?}");
    }
}

fn sections(description: &str) -> usize {
    description.lines().filter(|line| line.trim().starts_with("m=")).count()
}
