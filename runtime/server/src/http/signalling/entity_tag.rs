//! Entity tags of ICE sessions, and the conditions that requests put on them (RFC 9110 sections 8.8.3 and 13.1.1).

use axum::http::{HeaderMap, header};

/// The strong entity tag of an ICE session, by the user name fragment that this side has in it.
pub fn entity_tag(session: &str) -> String {
    format!("\"{session}\"")
}

/// What a request says of the ICE session that it is for, by `If-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    None,
    /// Whichever holds.
    Any,
    /// One of those with these tags, without their quotes.
    Tags(Vec<String>),
}

impl Condition {
    /// Reads the condition of a request. What is no entity tag matches none.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut tags = Vec::new();
        let mut values = headers.get_all(header::IF_MATCH).iter().peekable();
        if values.peek().is_none() {
            return Self::None;
        }
        for value in values.filter_map(|value| value.to_str().ok()) {
            // RFC 9725 itself shows the asterisk with and without quotes; no session has it as its tag.
            if matches!(value.trim(), "*" | "\"*\"") {
                return Self::Any;
            }
            strong_tags(value, &mut tags);
        }
        Self::Tags(tags)
    }

    /// Reports whether it holds for the ICE session `session`.
    pub fn is_met_by(&self, session: &str) -> bool {
        match self {
            Self::None => false,
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|tag| tag == session),
        }
    }
}

/// Reads a list of entity tags; weak ones never match (RFC 9110 section 8.8.3.2).
fn strong_tags(list: &str, tags: &mut Vec<String>) {
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let (is_weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let Some((tag, after)) = quoted.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) else { return };
        if !is_weak {
            tags.push(tag.to_owned());
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_strong_tag_of_the_session_or_the_asterisk_matches() {
        for (values, is_met) in [
            (&["\"abc\""][..], true),
            (&["\"x\", \"abc\""], true),
            (&["\"x\"", "\"abc\""], true),
            (&["W/\"x\",\"abc\" "], true),
            (&["*"], true),
            (&["\"*\""], true),
            (&["\"x,y\", \"abc\""], true),
            (&["W/\"abc\""], false),
            (&["\"ABC\""], false),
            (&["abc"], false),
            (&["\"abc"], false),
            (&["\"\""], false),
            (&[""], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_MATCH, HeaderValue::from_static(value));
            }
            let condition = Condition::of(&headers);
            assert_ne!(condition, Condition::None, "{values:?}");
            assert_eq!(condition.is_met_by("abc"), is_met, "{values:?}");
        }
        let none = Condition::of(&HeaderMap::new());
        assert!(none == Condition::None && !none.is_met_by("abc"));
        assert_eq!(entity_tag("abc"), "\"abc\"");
    }
}
