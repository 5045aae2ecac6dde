//! A session description taken apart into its media sections.

use crate::Error;

/// Longest offer, bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// Media sections of an offer at most.
const MAX_SECTIONS: usize = 64;

/// A media section, or what stands before the first one.
#[derive(Default)]
pub struct Section<'a> {
    /// `video`, `audio`, `application`.
    pub kind: &'a str,
    /// Protocol of the `m=` line.
    pub protocol: &'a str,
    /// Formats of the `m=` line; payload types where the section is of media.
    pub formats: Vec<&'a str>,
    port: &'a str,
    /// What stands behind `a=`.
    attributes: Vec<&'a str>,
}

impl<'a> Section<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let (kind, port, protocol) = (words.next()?, words.next()?, words.next()?);
        Some(Self { kind, protocol, formats: words.collect(), port, attributes: Vec::new() })
    }

    /// The values of an attribute, `name:value`.
    pub fn values(&self, name: &'static str) -> impl Iterator<Item = &'a str> {
        let value = move |attribute: &&'a str| attribute.strip_prefix(name)?.strip_prefix(':').map(str::trim);
        self.attributes.iter().filter_map(value)
    }

    /// The first value of an attribute.
    pub fn value(&self, name: &'static str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// The values of an attribute that belongs to a payload type, `name:PT value`.
    pub fn values_of(&self, name: &'static str, payload_type: &str) -> impl Iterator<Item = &'a str> {
        self.values(name).filter_map(move |value| value.strip_prefix(payload_type)?.strip_prefix(' ').map(str::trim))
    }

    /// Returns whether there is an attribute without a value.
    pub fn has(&self, name: &str) -> bool {
        self.attributes.contains(&name)
    }

    /// Returns whether the peer declines the section itself.
    pub fn is_declined(&self) -> bool {
        self.port == "0" && !self.has("bundle-only")
    }

    /// The name of the section, `a=mid`.
    ///
    /// # Errors
    /// [`Error::Offer`] when there is none, or it is none.
    pub fn mid(&self) -> Result<&'a str, Error> {
        let is_token = |mid: &&str| {
            (1..=32).contains(&mid.len())
                && mid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.{}".contains(&byte))
        };
        let missing = || Error::Offer("a media section has no name (a=mid)".to_owned());
        self.value("mid").filter(is_token).ok_or_else(missing)
    }

    /// Returns whether the peer sends, and whether it receives.
    pub fn directions(&self, session: &Section) -> (bool, bool) {
        for section in [self, session] {
            for attribute in &section.attributes {
                match *attribute {
                    "sendrecv" => return (true, true),
                    "sendonly" => return (true, false),
                    "recvonly" => return (false, true),
                    "inactive" => return (false, false),
                    _ => {}
                }
            }
        }
        (true, true)
    }
}

/// Takes an offer apart: what stands before the media sections, and the sections.
///
/// # Errors
/// [`Error::Offer`] when it is no description of a session with media.
pub fn split(offer: &str) -> Result<(Section<'_>, Vec<Section<'_>>), Error> {
    let wrong = |what: &str| Error::Offer(what.to_owned());
    if offer.len() > MAX_LENGTH {
        return Err(wrong("it is too long"));
    }
    if !offer.trim_start().starts_with("v=0") {
        return Err(wrong("it is not SDP: it must begin with v=0"));
    }
    let mut session = Section::default();
    let mut sections: Vec<Section> = Vec::new();
    for line in offer.lines().map(str::trim) {
        if line.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(wrong("it has control characters"));
        }
        match line.split_once('=') {
            Some(("m", section)) => {
                sections.push(Section::read(section).ok_or_else(|| wrong("an m= line is not complete"))?)
            }
            Some(("a", attribute)) => sections.last_mut().unwrap_or(&mut session).attributes.push(attribute.trim()),
            _ => {}
        }
    }
    match sections.len() {
        0 => Err(wrong("it has no media section")),
        1..=MAX_SECTIONS => Ok((session, sections)),
        _ => Err(wrong("it has too many media sections")),
    }
}
