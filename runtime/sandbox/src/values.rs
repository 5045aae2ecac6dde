//! The additional outputs that a guest puts during one call.

use std::sync::Arc;

use crate::descriptor::Output;
use crate::{NamedValue, Value};

/// Characters of an id that are shown.
const MOST_SHOWN: usize = 80;

/// What was put so far: one value for each id, in the order in which each was first put.
pub(crate) struct Values {
    declared: Arc<[Output]>,
    /// All together, bytes.
    limit: usize,
    bytes: usize,
    put: Vec<NamedValue>,
}

impl Values {
    /// Takes values for what was `declared`, up to `limit` bytes a call.
    pub(crate) fn new(declared: Arc<[Output]>, limit: usize) -> Self {
        Self { declared, limit, bytes: 0, put: Vec::new() }
    }

    /// Puts a value; of several for one id the last stays. What is wrong with it is for the guest.
    pub(crate) fn put(&mut self, id: String, value: Value) -> Result<(), String> {
        if !self.declared.iter().any(|output| output.id == id) {
            let ids: Vec<_> = self.declared.iter().map(|output| output.id.as_str()).collect();
            let id: String = id.chars().take(MOST_SHOWN).collect();
            return Err(match ids.is_empty() {
                true => format!("there is no output {id:?}: the descriptor declares none"),
                false => format!("there is no output {id:?}; the descriptor declares {}", ids.join(", ")),
            });
        }
        let earlier = self.put.iter().position(|named| named.id == id);
        let freed = earlier.map_or(0, |index| self.put[index].value.bytes());
        let bytes = (self.bytes - freed).saturating_add(value.bytes());
        if bytes > self.limit {
            return Err(self.too_large(&id, bytes));
        }
        if let Some(fault) = value.fault() {
            return Err(format!("{id}: {fault}"));
        }
        self.bytes = bytes;
        match earlier {
            Some(index) => self.put[index].value = value,
            None => self.put.push(NamedValue { id, value }),
        }
        Ok(())
    }

    /// All together, bytes.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// What a guest is told whose values would have `bytes` bytes with that for `id`.
    pub(crate) fn too_large(&self, id: &str, bytes: usize) -> String {
        let (limit, id) = (self.limit, id.chars().take(MOST_SHOWN).collect::<String>());
        format!("the values of one frame may have {limit} bytes together; with {id} it were {bytes}")
    }

    /// What was put; the next call begins with none.
    pub(crate) fn take(&mut self) -> Vec<NamedValue> {
        self.bytes = 0;
        std::mem::take(&mut self.put)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::OutputKind;

    fn values() -> Values {
        let output = |id: &str| Output { id: id.into(), label: id.into(), kind: OutputKind::Text, unit: None };
        Values::new(Arc::new([output("a"), output("b")]), 20)
    }

    #[test]
    fn the_last_of_an_id_stays_in_the_place_of_the_first() {
        let mut values = values();
        values.put("b".into(), Value::Integer(1)).unwrap();
        values.put("a".into(), Value::Integer(2)).unwrap();
        values.put("b".into(), Value::Text("x".into())).unwrap();
        let named = |id: &str, value| NamedValue { id: id.into(), value };
        assert_eq!(values.take(), [named("b", Value::Text("x".into())), named("a", Value::Integer(2))]);
        assert_eq!(values.take(), []);
    }

    #[test]
    fn the_limit_counts_what_stays() {
        let mut values = values();
        values.put("a".into(), Value::Text("x".repeat(20))).unwrap();
        assert!(values.put("b".into(), Value::Boolean(true)).unwrap_err().contains("20 bytes together"));
        values.put("a".into(), Value::Text("x".repeat(12))).unwrap();
        values.put("b".into(), Value::Boolean(true)).unwrap();
    }

    #[test]
    fn what_was_not_declared_is_refused_by_name() {
        let error = values().put("c".into(), Value::Boolean(true)).unwrap_err();
        assert_eq!(error, "there is no output \"c\"; the descriptor declares a, b");
    }
}
