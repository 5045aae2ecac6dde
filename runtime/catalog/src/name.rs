//! Names of handlers, and selectors: which version of a handler a session asks for.

/// Longest name, bytes.
const LONGEST: usize = 64;
/// Fewest hexadecimal digits of a digest in a selector.
const FEWEST_DIGITS: usize = 12;

/// Reports whether a handler may have this name.
pub fn is_valid(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(fits)
}

/// Names a handler and one of its versions: `name`, `name@3` or `name@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector<'a> {
    /// The handler's name.
    pub name: &'a str,
    /// Which of its versions.
    pub version: VersionSelector,
}

/// Which version of a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionSelector {
    /// The active version, or the canary.
    Active,
    /// The version with this number.
    Number(u64),
    /// The version whose digest begins with these lower-case digits.
    Digest(String),
}

/// Parses a selector; `None` when it has none of the three forms.
pub fn parse(text: &str) -> Option<Selector<'_>> {
    let Some((name, version)) = text.split_once('@') else {
        return Some(Selector { name: text, version: VersionSelector::Active });
    };
    let version = match version.strip_prefix("sha256:") {
        Some(digits) => {
            let fits = (FEWEST_DIGITS..=64).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
            fits.then(|| VersionSelector::Digest(digits.to_ascii_lowercase()))?
        }
        // `parse` alone accepts a sign.
        None => VersionSelector::Number(version.parse().ok().filter(|_| version.bytes().all(|b| b.is_ascii_digit()))?),
    };
    Some(Selector { name, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_not_paths() {
        for name in ["a", "my-handler_2", &"x".repeat(64)] {
            assert!(is_valid(name), "{name}");
        }
        for name in
            ["", ".", "..", "a/b", "../a", "a\\b", "A", "ä", "a b", "a.wasm", "a\0", "a@1", "%2e", &"x".repeat(65)]
        {
            assert!(!is_valid(name), "{name}");
        }
    }

    #[test]
    fn a_selector_names_a_version_by_number_or_digest() {
        let digits = "0123456789ab";
        for (text, version) in [
            ("a", Some(VersionSelector::Active)),
            ("a@3", Some(VersionSelector::Number(3))),
            (&format!("a@sha256:{}", digits.to_uppercase()), Some(VersionSelector::Digest(digits.into()))),
            ("a@sha256:0123456789a", None),
            ("a@sha256:0123456789ag", None),
            (&format!("a@sha256:{}", "0".repeat(65)), None),
            ("a@", None),
            ("a@+3", None),
            ("a@-1", None),
            ("a@99999999999999999999", None),
            ("a@1@2", None),
        ] {
            assert_eq!(parse(text).map(|selector| selector.version), version, "{text}");
        }
    }
}
