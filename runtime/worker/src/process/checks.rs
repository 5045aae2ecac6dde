//! What a process says is bounded and checked: its code may have been taken over.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_media::snapshot::Format;
use framebox_pipeline::Notice;
use framebox_sandbox::{Descriptor, Json, MemoryAccount, OutputValue, Value as Put};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::protocol::MAX_IMAGE;

/// Messages a second, and as many in reserve.
const MESSAGES: f64 = 4000.0;
/// Bytes a second, and as many in reserve.
const BYTES: f64 = (64 << 20) as f64;
/// Longest text for people, bytes.
const TEXT: usize = 8 << 10;

/// Allows so many messages and bytes a second. A plain struct: time comes in as an argument.
#[derive(Debug)]
pub(super) struct Flood {
    messages: f64,
    bytes: f64,
    at: Instant,
}

impl Flood {
    pub(super) fn new(now: Instant) -> Self {
        Self { messages: MESSAGES, bytes: BYTES, at: now }
    }

    /// Counts a message. Returns false when there are too many.
    pub(super) fn admit(&mut self, now: Instant, bytes: usize) -> bool {
        let passed = now.saturating_duration_since(self.at).max(Duration::ZERO).as_secs_f64();
        self.at = now;
        self.messages = (self.messages + passed * MESSAGES).min(MESSAGES) - 1.0;
        self.bytes = (self.bytes + passed * BYTES).min(BYTES) - bytes as f64;
        self.messages >= 0.0 && self.bytes >= 0.0
    }
}

/// Keeps the values of declared outputs, one each, as far as `account` has room for them.
pub(super) fn values(
    values: Vec<(String, Box<RawValue>)>,
    descriptor: &Descriptor,
    account: &MemoryAccount,
) -> Vec<OutputValue> {
    let mut declared: BTreeSet<_> = descriptor.outputs.iter().map(|output| output.id.as_str()).collect();
    let checked = values.into_iter().filter_map(|(id, text)| {
        let json = declared.remove(id.as_str()).then(|| Json::encode(&Put::Json(text.get().to_owned()), account));
        Some(OutputValue { id, json: json?.ok()? })
    });
    checked.collect()
}

/// Keeps the declared parameters whose values are acceptable.
pub(super) fn parameters(mut parameters: Map<String, Value>, descriptor: &Descriptor) -> Map<String, Value> {
    let declared = |id: &str| descriptor.parameters.iter().find(|parameter| parameter.id == id);
    parameters.retain(|id, value| declared(id).is_some_and(|parameter| parameter.accept(value).is_ok()));
    parameters
}

/// Keeps a file that begins as one of its format does, and is not too large.
pub(super) fn image(file: Bytes, format: Format) -> Option<Bytes> {
    (format.is_of(&file) && file.len() <= MAX_IMAGE).then_some(file)
}

/// Shortens the text of a notice.
pub(super) fn notice(mut notice: Notice) -> Notice {
    notice.message = text(notice.message);
    notice
}

/// Shortens a text for people.
pub(super) fn text(mut text: String) -> String {
    if text.len() > TEXT {
        text.truncate(text.floor_char_boundary(TEXT));
    }
    text.retain(|c| c == '\n' || !c.is_control());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor() -> Descriptor {
        serde_json::from_value(serde_json::json!({
            "title": "t", "summary": "", "parameters": [], "size": null, "fps": null,
            "outputs": [{ "id": "a", "label": "A", "kind": "text" }, { "id": "b", "label": "B", "kind": "text" }],
        }))
        .unwrap()
    }

    #[test]
    fn only_what_a_guest_may_put_passes() {
        let put = |id: &str, text: &str| (id.to_owned(), RawValue::from_string(text.to_owned()).unwrap());
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        let kept = |most| {
            let all = vec![put("a", "12345"), put("a", "6"), put("c", "7"), put("b", &deep), put("b", "[8]")];
            let values = values(all, &descriptor(), &MemoryAccount::new(most));
            values.into_iter().map(|value| (value.id, value.json.as_str().to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(kept(1 << 20), [("a".to_owned(), "12345".to_owned())]);
        assert_eq!(kept(4), []);
    }

    #[test]
    fn a_flood_is_noticed_and_an_orderly_session_is_not() {
        let begin = Instant::now();
        let mut flood = Flood::new(begin);
        let orderly = (0..100_000u64).all(|i| flood.admit(begin + Duration::from_millis(i), 30_000));
        assert!(orderly);
        let mut flood = Flood::new(begin);
        assert!(!(0..5000).all(|_| flood.admit(begin, 1)));
        let mut flood = Flood::new(begin);
        assert!(!(0..9).all(|_| flood.admit(begin, 16 << 20)));
    }

    #[test]
    fn snapshots_are_what_they_are_said_to_be() {
        let jpeg = Bytes::from_static(b"\xff\xd8\xff\xe0");
        assert_eq!(image(jpeg.clone(), Format::Jpeg), Some(jpeg.clone()));
        assert_eq!(image(jpeg, Format::Png), None);
        assert_eq!(image(Bytes::from_static(b"<html>"), Format::Jpeg), None);
        let mut large = vec![0xff; MAX_IMAGE + 1];
        large[1] = 0xd8;
        assert_eq!(image(Bytes::from(large), Format::Jpeg), None);
    }

    #[test]
    fn texts_are_short_and_plain() {
        assert_eq!(text("a\u{1b}[2Jb\nc".into()), "a[2Jb\nc");
        assert_eq!(text("é".repeat(TEXT)).len(), TEXT);
    }
}
