//! The folder of a stream's recordings.

use std::path::{Path, PathBuf};

use framebox_auth::PrincipalKey;
use framebox_auth::token::Hash;

use crate::streams::check_name;

/// Separates the parts of a folder's name. Neither streams nor tokens have it in theirs.
const SEPARATOR: char = '~';

/// The folder of a stream's recordings. Those of streams of the same name have another one if the streams belong to somebody else:
/// who takes the name of a stream that is over does not get its recordings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Name of the folder: the stream's, followed by whom it belongs to unless that is the operator.
    name: String,
}

impl Place {
    /// The folder of the stream `stream` of `owner`; `secret` is the hash of an anonymous owner's. None if no stream is called so.
    pub fn new(stream: &str, owner: &PrincipalKey, secret: Option<&Hash>) -> Option<Self> {
        check_name(stream).ok()?;
        let name = match owner {
            PrincipalKey::Operator => stream.to_owned(),
            PrincipalKey::Token(token) => format!("{stream}{SEPARATOR}{token}"),
            PrincipalKey::Address(address) => {
                let address = address.to_string().replace(':', "_");
                let secret = secret.map(Hash::prefix).unwrap_or_default();
                format!("{stream}{SEPARATOR}{address}{SEPARATOR}{secret}")
            }
        };
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.@~".contains(&b);
        (name.bytes().all(fits) && name.len() < 256).then_some(Self { name })
    }

    /// The place whose folder is called so, if it is one.
    pub(super) fn of_folder(name: &str) -> Option<Self> {
        check_name(name.split(SEPARATOR).next()?).ok()?;
        Some(Self { name: name.to_owned() })
    }

    /// The folder in that of all recordings.
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(&self.name)
    }

    /// Reports whether recordings in both folders count as one: those of a client other than the operator.
    pub(super) fn counts_with(&self, other: &Self) -> bool {
        let client = |place: &Self| place.name.split(SEPARATOR).nth(1).map(str::to_owned);
        self == other || client(self).is_some_and(|owner| client(other) == Some(owner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(stream: &str, owner: &PrincipalKey, secret: &str) -> Place {
        Place::new(stream, owner, Some(&Hash::of(secret)).filter(|_| !secret.is_empty())).unwrap()
    }

    #[test]
    fn every_owner_has_a_folder_of_its_own() {
        let token = |name: &str| PrincipalKey::Token(name.to_owned());
        let address = |text: &str| PrincipalKey::anonymous(Some(text.parse().unwrap()));
        let places = [
            place("door", &PrincipalKey::Operator, ""),
            place("door", &token("alice"), ""),
            place("door", &token("bob"), ""),
            place("door", &address("192.0.2.1"), "one"),
            place("door", &address("192.0.2.1"), "other"),
            place("door", &address("2001:db8::1"), "one"),
            place("hall", &address("2001:db8::2"), "one"),
            place("hall", &token("alice"), ""),
            place("hall", &PrincipalKey::Operator, ""),
        ];
        for (at, place) in places.iter().enumerate() {
            assert_eq!(places.iter().filter(|other| *other == place).count(), 1, "{place:?}");
            assert_eq!(Place::of_folder(&place.name), Some(place.clone()));
            assert_eq!(place.path(Path::new("/r")).parent(), Some(Path::new("/r")), "{place:?}");
            let together: Vec<_> = (0..places.len()).filter(|other| place.counts_with(&places[*other])).collect();
            let expected = match at {
                1 | 7 => vec![1, 7],
                3 | 4 => vec![3, 4],
                5 | 6 => vec![5, 6],
                alone => vec![alone],
            };
            assert_eq!(together, expected, "{place:?}");
        }
        assert_eq!(places[1].path(Path::new("/r")), Path::new("/r/door~alice"));
    }

    #[test]
    fn no_name_leads_elsewhere() {
        for name in ["", ".", "..", "../x", "a/b", ".hidden", "a~b", "ä"] {
            assert_eq!(Place::new(name, &PrincipalKey::Operator, None), None, "{name:?}");
        }
        let odd = PrincipalKey::Token("../../x".to_owned());
        assert_eq!(Place::new("door", &odd, None), None);
        for name in ["lost+found", "..", "", "~x"] {
            assert_eq!(Place::of_folder(name), None, "{name:?}");
        }
    }
}
