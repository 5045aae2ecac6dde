//! The additional outputs of one call.

use std::sync::Arc;

use framebox_picture::MemoryAccount;

use crate::descriptor::Output;
use crate::json::{Json, OutputValue};
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
    value: OutputValue,
    /// Size that counts towards the limit, bytes.
    bytes: usize,
}

impl Values {
    /// Accepts values for the `declared` outputs, up to `limit` bytes per call, as long as `account` has room for them.
    pub(crate) fn new(declared: Arc<[Output]>, limit: usize, account: &MemoryAccount) -> Self {
        Self { declared, limit, bytes: 0, put: Vec::new(), account: account.clone() }
    }

    /// Puts a value and replaces an earlier one of the same id. The error is for the guest.
    pub(crate) fn put(&mut self, id: String, value: &Value) -> Result<(), String> {
        if !self.declared.iter().any(|output| output.id == id) {
            let ids: Vec<_> = self.declared.iter().map(|output| output.id.as_str()).collect();
            let id: String = id.chars().take(MAX_ID_SHOWN).collect();
            return Err(match ids.is_empty() {
                true => format!("there is no output {id:?}: the descriptor declares none"),
                false => format!("there is no output {id:?}; the descriptor declares {}", ids.join(", ")),
            });
        }
        let earlier = self.put.iter().position(|put| put.value.id == id);
        let freed = earlier.map_or(0, |index| self.put[index].bytes);
        let bytes = value.bytes();
        let sum = (self.bytes - freed).saturating_add(bytes);
        if sum > self.limit {
            return Err(self.too_large(&id, sum));
        }
        if let Some(problem) = value.problem() {
            return Err(format!("{id}: {problem}"));
        }
        let json = Json::encode(value, &self.account).map_err(|problem| format!("{id}: {problem}"))?;
        self.bytes = sum;
        let put = Put { value: OutputValue { id, json }, bytes };
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

    /// Removes and returns all values.
    pub(crate) fn take(&mut self) -> Vec<OutputValue> {
        self.bytes = 0;
        self.put.drain(..).map(|put| put.value).collect()
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
        values.take().into_iter().map(|value| (value.id, value.json.as_str().to_owned())).collect()
    }

    #[test]
    fn a_later_value_of_an_id_takes_the_place_of_the_first() {
        let mut values = values();
        values.put("b".into(), &Value::Integer(1)).unwrap();
        values.put("a".into(), &Value::Integer(2)).unwrap();
        values.put("b".into(), &Value::Text("x".into())).unwrap();
        let named = |id: &str, text: &str| (id.to_owned(), text.to_owned());
        assert_eq!(texts(&mut values), [named("b", "\"x\""), named("a", "2")]);
        assert_eq!(texts(&mut values), []);
    }

    #[test]
    fn replaced_values_do_not_count_towards_the_limit() {
        let mut values = values();
        values.put("a".into(), &Value::Text("x".repeat(20))).unwrap();
        assert!(values.put("b".into(), &Value::Boolean(true)).unwrap_err().contains("20 bytes together"));
        values.put("a".into(), &Value::Text("x".repeat(12))).unwrap();
        values.put("b".into(), &Value::Boolean(true)).unwrap();
    }

    #[test]
    fn undeclared_outputs_are_refused_by_name() {
        let error = values().put("c".into(), &Value::Boolean(true)).unwrap_err();
        assert_eq!(error, "there is no output \"c\"; the descriptor declares a, b");
    }

    #[test]
    fn values_beyond_the_sessions_memory_are_refused_and_the_earlier_one_stays() {
        let account = MemoryAccount::new(200);
        let mut values = Values::new(values().declared, 1000, &account);
        values.put("a".into(), &Value::Integer(1)).unwrap();
        let refused = values.put("a".into(), &Value::Text("x".repeat(90))).unwrap_err();
        assert!(refused.contains("a: the session holds") && refused.contains("may hold 200"), "{refused}");
        assert_eq!(texts(&mut values), [("a".to_owned(), "1".to_owned())]);
        assert_eq!(account.used(), 0, "what was taken and dropped is given back");
    }
}
