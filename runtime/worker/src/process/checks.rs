//! What a process says is bounded and checked: its code may have been taken over.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use framebox_pipeline::Notice;
use framebox_sandbox::{Descriptor, NamedValue};
use serde_json::{Map, Value};

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

/// Keeps the values of declared outputs that a guest may put, together at most `most` bytes.
pub(super) fn values(values: Vec<NamedValue>, descriptor: &Descriptor, most: usize) -> Vec<NamedValue> {
    let mut left = most;
    let mut declared: BTreeSet<_> = descriptor.outputs.iter().map(|output| output.id.as_str()).collect();
    values
        .into_iter()
        .filter(|value| {
            let fits = declared.remove(value.id.as_str()) && value.value.problem().is_none() && value.value.bytes() <= left;
            left -= if fits { value.value.bytes() } else { 0 };
            fits
        })
        .collect()
}

/// Keeps the declared parameters whose values are acceptable.
pub(super) fn parameters(mut parameters: Map<String, Value>, descriptor: &Descriptor) -> Map<String, Value> {
    let declared = |id: &str| descriptor.parameters.iter().find(|parameter| parameter.id == id);
    parameters.retain(|id, value| declared(id).is_some_and(|parameter| parameter.accept(value).is_ok()));
    parameters
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
    use framebox_sandbox::Value as Put;

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
        let put = |id: &str, text: &str| NamedValue { id: id.into(), value: Put::Text(text.into()) };
        let all = vec![put("a", "12345"), put("a", "again"), put("c", "unknown"), put("b", "123456")];
        let kept = |most| values(all.clone(), &descriptor(), most).into_iter().map(|value| value.id).collect::<Vec<_>>();
        assert_eq!((kept(100), kept(10), kept(4)), (vec!["a".into(), "b".into()], vec!["a".to_owned()], vec![]));
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
    fn texts_are_short_and_plain() {
        assert_eq!(text("a\u{1b}[2Jb\nc".into()), "a[2Jb\nc");
        assert_eq!(text("é".repeat(TEXT)).len(), TEXT);
    }
}
