//! The additional outputs of one call.

use std::sync::Arc;

use framebox_picture::{Charge, MemoryAccount};

use crate::descriptor::Output;
use crate::json::{self, Json, OutputValue};
use crate::value::Value;

/// Characters of an id that error messages show, at most.
const MAX_ID_SHOWN: usize = 80;

/// The values put so far: one for each id, in the order in which the ids were first put.
pub(crate) struct Values {
    declared: Arc<[Output]>,
    /// Limit for all values together, bytes.
    limit: usize,
    /// Size of all values together, bytes.
    bytes: usize,
    put: Vec<Put>,
    /// Holds the values, also after the call.
    account: MemoryAccount,
}

struct Put {
    id: String,
    text: Text,
    /// Size that counts towards the limit, bytes.
    bytes: usize,
}

/// The text of a value.
enum Text {
    /// A JSON document, which was checked when it was put.
    Ready(Json),
    /// To be written when the call ends: of the values that were put for an output, the last one counts. It is charged for.
    Later(Value, Charge),
}

impl Values {
    /// Accepts values for the `declared` outputs, up to `limit` bytes per call, as long as `account` has room for them.
    pub(crate) fn new(declared: Arc<[Output]>, limit: usize, account: &MemoryAccount) -> Self {
        Self { declared, limit, bytes: 0, put: Vec::new(), account: account.clone() }
    }

    /// Puts a value and replaces an earlier one of the same id. The error is for the guest.
    pub(crate) fn put(&mut self, id: String, value: Value) -> Result<(), String> {
        if !self.declared.iter().any(|output| output.id == id) {
            let ids: Vec<_> = self.declared.iter().map(|output| output.id.as_str()).collect();
            let id: String = id.chars().take(MAX_ID_SHOWN).collect();
            return Err(match ids.is_empty() {
                true => format!("there is no output {id:?}: the descriptor declares none"),
                false => format!("there is no output {id:?}; the descriptor declares {}", ids.join(", ")),
            });
        }
        let earlier = self.put.iter().position(|put| put.id == id);
        let freed = earlier.map_or(0, |index| self.put[index].bytes);
        let bytes = value.bytes();
        let sum = (self.bytes - freed).saturating_add(bytes);
        if sum > self.limit {
            return Err(self.too_large(&id, sum));
        }
        if let Some(problem) = value.problem() {
            return Err(format!("{id}: {problem}"));
        }
        let text = match &value {
            Value::Json(_) => Json::encode(&value, &self.account).map(Text::Ready),
            _ => self
                .account
                .charge(json::max_bytes(&value))
                .map_err(|error| error.to_string())
                .map(|charge| Text::Later(value, charge)),
        };
        let text = text.map_err(|problem| format!("{id}: {problem}"))?;
        self.bytes = sum;
        let put = Put { id, text, bytes };
        match earlier {
            Some(index) => self.put[index] = put,
            None => self.put.push(put),
        }
        Ok(())
    }

    /// Returns the limit for all values together, bytes.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Returns the error for a value of `id` with which all values would take `bytes` bytes.
    pub(crate) fn too_large(&self, id: &str, bytes: usize) -> String {
        let (limit, id) = (self.limit, id.chars().take(MAX_ID_SHOWN).collect::<String>());
        format!("the values of one frame may have {limit} bytes together; with {id} they would have {bytes}")
    }

    /// Writes the next value that is not written yet. Returns false when there is none.
    pub(crate) fn write_next(&mut self) -> bool {
        let Some(put) = self.put.iter_mut().find(|put| matches!(put.text, Text::Later(..))) else { return false };
        let unwritten = std::mem::replace(&mut put.text, Text::Later(Value::Boolean(false), self.account.nothing()));
        if let Text::Later(value, charge) = unwritten
            && let Ok(json) = Json::encode_charged(&value, charge)
        {
            put.text = Text::Ready(json);
            return true;
        }
        // It was checked and charged for: writing it does not fail. If it did, it would be left out.
        let id = put.id.clone();
        self.put.retain(|put| put.id != id);
        true
    }

    /// Removes and returns all values that are written.
    pub(crate) fn take(&mut self) -> Vec<OutputValue> {
        self.bytes = 0;
        let written = |Put { id, text, .. }| match text {
            Text::Ready(json) => Some(OutputValue { id, json }),
            Text::Later(..) => None,
        };
        self.put.drain(..).filter_map(written).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::OutputKind;

    fn values() -> Values {
        let output = |id: &str| Output { id: id.into(), label: id.into(), kind: OutputKind::Text, unit: None };
        Values::new(Arc::new([output("a"), output("b")]), 20, &MemoryAccount::unlimited())
    }

    fn texts(values: &mut Values) -> Vec<(String, String)> {
        while values.write_next() {}
        values.take().into_iter().map(|value| (value.id, value.json.as_str().to_owned())).collect()
    }

    #[test]
    fn a_later_value_of_an_id_takes_the_place_of_the_first() {
        let mut values = values();
        values.put("b".into(), Value::Integer(1)).unwrap();
        values.put("a".into(), Value::Integer(2)).unwrap();
        values.put("b".into(), Value::Text("x".into())).unwrap();
        let named = |id: &str, text: &str| (id.to_owned(), text.to_owned());
        assert_eq!(texts(&mut values), [named("b", "\"x\""), named("a", "2")]);
        assert_eq!(texts(&mut values), []);
    }

    #[test]
    fn replaced_values_do_not_count_towards_the_limit() {
        let mut values = values();
        values.put("a".into(), Value::Text("x".repeat(20))).unwrap();
        assert!(values.put("b".into(), Value::Boolean(true)).unwrap_err().contains("20 bytes together"));
        values.put("a".into(), Value::Text("x".repeat(12))).unwrap();
        values.put("b".into(), Value::Boolean(true)).unwrap();
    }

    #[test]
    fn undeclared_outputs_are_refused_by_name() {
        let error = values().put("c".into(), Value::Boolean(true)).unwrap_err();
        assert_eq!(error, "there is no output \"c\"; the descriptor declares a, b");
    }

    #[test]
    fn values_beyond_the_sessions_memory_are_refused_and_the_earlier_one_stays() {
        let account = MemoryAccount::new(300);
        let mut values = Values::new(values().declared, 1000, &account);
        values.put("a".into(), Value::Integer(1)).unwrap();
        let refused = values.put("a".into(), Value::Text("x".repeat(190))).unwrap_err();
        assert!(refused.contains("a: the session holds") && refused.contains("may hold 300"), "{refused}");
        assert_eq!(texts(&mut values), [("a".to_owned(), "1".to_owned())]);
        assert_eq!(account.used(), 0, "what was taken and dropped is given back");
    }
}
