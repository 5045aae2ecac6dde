use serde_json::json;

use super::*;

/// Pictures every 40 ms from 1000 ms on with a latency of 50 ms, without those numbers.
fn seen(count: u32, missing: impl Fn(u32) -> bool) -> Vec<Seen> {
    let picture = |number: u32| Seen {
        at: 1000.0 + 40.0 * f64::from(number),
        number: Some(number),
        latency: Some(50.0),
        width: 640,
        height: 480,
    };
    (0..count).filter(|number| !missing(*number)).map(picture).collect()
}

fn measured(seen: Vec<Seen>) -> Measurement {
    Measurement { begin: 1000.0, end: 5000.0, given: 100, fps: 25.0, seen, ..Measurement::default() }
}

#[test]
fn pictures_in_time_give_the_rate_and_no_freeze() {
    let figures = measured(seen(100, |_| false)).figures();
    assert_eq!((figures[&Figure::Fps], figures[&Figure::P50], figures[&Figure::P95]), (25.0, 50.0, 50.0));
    assert_eq!((figures[&Figure::Freezes], figures[&Figure::Stalled], figures[&Figure::Unread]), (0.0, 0.0, 0.0));
    assert_eq!((figures[&Figure::Width], figures[&Figure::Height]), (640.0, 480.0));
    assert_eq!(figures[&Figure::Delivered], 0.98, "two left before the measurement");
}

#[test]
fn a_freeze_counts_beyond_an_interval() {
    let figures = measured(seen(100, |number| (10..20).contains(&number))).figures();
    assert_eq!((figures[&Figure::Freezes], figures[&Figure::Stalled]), (1.0, 0.4));
    let none = measured(Vec::new()).figures();
    assert_eq!((none[&Figure::Freezes], none[&Figure::Stalled]), (1.0, 3.96));
    assert!(!none.contains_key(&Figure::P50));
}

#[test]
fn a_picture_that_is_repeated_or_late_does_not_count() {
    let mut twice = seen(100, |_| false);
    for at in [50, 20] {
        let again = Seen { at: twice[50].at + 10.0, ..twice[at] };
        twice.insert(51, again);
    }
    assert_eq!(measured(twice).figures()[&Figure::Fps], 25.0);
    let mut wrapped = seen(100, |_| false);
    wrapped.iter_mut().for_each(|seen| seen.number = seen.number.map(|number| (number + 4050) % NUMBERS));
    assert_eq!(measured(wrapped).figures()[&Figure::Fps], 25.0);
}

#[test]
fn a_picture_that_left_before_the_path_healed_is_no_return() {
    let healed = Some(3000.0);
    let figures = Measurement { healed, ..measured(seen(100, |_| false)) }.figures();
    assert_eq!(figures[&Figure::Back], 0.08);
    let never = Measurement { healed, ..measured(seen(51, |_| false)) }.figures();
    assert!(!never.contains_key(&Figure::Back));
}

#[test]
fn rates_come_from_the_browsers_statistics() {
    let read = |second: u32| {
        let at = 1000.0 * f64::from(second);
        let slow = second.saturating_sub(3).min(2);
        json!({
            "at": at,
            "inbound-rtp": {
                "bytesReceived": 125_000 * (second - slow), "retransmittedBytesReceived": 12_500 * (second - slow),
                "qpSum": 600 * second, "framesDecoded": 30 * second,
            },
            "outbound-rtp": { "framesSent": 30 * second, "frameWidth": 320 },
        })
    };
    let statistics = (0..10).map(read).collect();
    let figures = Measurement { statistics, healed: Some(3500.0), ..measured(Vec::new()) }.figures();
    assert_eq!(figures[&Figure::ReceivedKbps], 900.0 * 3.0 / 5.0);
    assert_eq!((figures[&Figure::Qp], figures[&Figure::SentFps], figures[&Figure::SentWidth]), (20.0, 30.0, 320.0));
    assert_eq!(figures[&Figure::Retransmitted], 0.1);
    assert_eq!(figures[&Figure::Regained], 2.5);
}
