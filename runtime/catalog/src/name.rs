//! Names of handlers, and what of a handler is asked for.

/// Longest name, bytes.
const LONGEST: usize = 64;
/// Fewest hexadecimal digits by which a version is asked for.
const FEWEST_DIGITS: usize = 12;

/// True for a name that a handler may have.
pub fn is_name(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(fits)
}

/// What a session asks for: `name`, `name@3` or `name@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The handler.
    pub name: &'a str,
    /// Which of its versions.
    pub which: Which,
}

/// Which version of a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The active one, or the canary.
    Active,
    /// The one of that number.
    Number(u64),
    /// The one whose digest begins with these digits, lower case.
    Digest(String),
}

/// Understands what is asked for. None: it has no form that can be understood.
pub fn parse(text: &str) -> Option<Wanted<'_>> {
    let Some((name, version)) = text.split_once('@') else {
        return Some(Wanted { name: text, which: Which::Active });
    };
    let which = match version.strip_prefix("sha256:") {
        Some(digits) => {
            let fits = (FEWEST_DIGITS..=64).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
            fits.then(|| Which::Digest(digits.to_ascii_lowercase()))?
        }
        // `parse` alone would take a sign.
        None => Which::Number(version.parse().ok().filter(|_| version.bytes().all(|b| b.is_ascii_digit()))?),
    };
    Some(Wanted { name, which })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_paths() {
        for name in ["a", "my-handler_2", &"x".repeat(64)] {
            assert!(is_name(name), "{name}");
        }
        for name in
            ["", ".", "..", "a/b", "../a", "a\\b", "A", "ä", "a b", "a.wasm", "a\0", "a@1", "%2e", &"x".repeat(65)]
        {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_version_is_asked_for_by_number_or_digest() {
        let digits = "0123456789ab";
        for (text, which) in [
            ("a", Some(Which::Active)),
            ("a@3", Some(Which::Number(3))),
            (&format!("a@sha256:{}", digits.to_uppercase()), Some(Which::Digest(digits.into()))),
            ("a@sha256:0123456789a", None),
            ("a@sha256:0123456789ag", None),
            (&format!("a@sha256:{}", "0".repeat(65)), None),
            ("a@", None),
            ("a@+3", None),
            ("a@-1", None),
            ("a@99999999999999999999", None),
            ("a@1@2", None),
        ] {
            assert_eq!(parse(text).map(|wanted| wanted.which), which, "{text}");
        }
    }
}
