//! A session description taken apart into its media sections.

use crate::Error;

/// Longest offer, bytes.
pub const MAX_LENGTH: usize = 64 * 1024;
/// Media sections of an offer at most.
pub const MAX_SECTIONS: usize = 64;

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

    /// Returns whether it is a section of data channels, in the form of RFC 8841 or the one before.
    pub fn is_channel(&self) -> bool {
        self.kind == "application" && (self.formats == ["webrtc-datachannel"] || self.is_early_channel())
    }

    /// Returns whether data channels are offered in the form that was used before RFC 8841: `m=application 9 DTLS/SCTP 5000` and
    /// `a=sctpmap:5000 webrtc-datachannel`.
    pub fn is_early_channel(&self) -> bool {
        let is_mapped = |port: &str| {
            self.values_of("sctpmap", port).any(|mapped| mapped.split(' ').next() == Some("webrtc-datachannel"))
        };
        self.kind == "application"
            && self.protocol == "DTLS/SCTP"
            && matches!(self.formats[..], [port] if is_mapped(port))
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

    /// The encoding names of the formats, `a=rtpmap:PT NAME/RATE`.
    pub fn encoding_names(&self) -> impl Iterator<Item = &'a str> {
        self.formats.iter().filter_map(|format| self.values_of("rtpmap", format).next()?.split('/').next())
    }

    /// Returns whether there is an attribute without a value.
    pub fn has(&self, name: &str) -> bool {
        self.attributes.contains(&name)
    }

    /// Returns whether the peer declines the section itself.
    pub fn is_declined(&self) -> bool {
        self.port == "0" && !self.has("bundle-only")
    }

    /// The name of the section, `a=mid` (RFC 5888 section 4). Sections that share no transport need none.
    ///
    /// # Errors
    /// [`Error::Offer`] when it is none.
    pub fn mid(&self) -> Result<Option<&'a str>, Error> {
        let is_token = |mid: &str| {
            (1..=32).contains(&mid.len())
                && mid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&byte))
        };
        match self.value("mid") {
            Some(mid) if !is_token(mid) => Err(Error::Offer("the name of a media section (a=mid) is none".to_owned())),
            mid => Ok(mid),
        }
    }

    /// Returns whether it is a section of media that goes over RTP (RFC 3550, RFC 5764).
    pub fn is_rtp(&self) -> bool {
        self.protocol.contains("RTP/")
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
    let (session, sections) = parse(offer).map_err(wrong)?;
    match sections.len() {
        0 => Err(wrong("it has no media section")),
        1..=MAX_SECTIONS => Ok((session, sections)),
        _ => Err(wrong("it has too many media sections")),
    }
}

/// Takes lines apart: those before the first `m=` line, and those of each section. Only `m=` and `a=` lines are kept.
///
/// # Errors
/// What is wrong with a line.
pub fn parse(text: &str) -> Result<(Section<'_>, Vec<Section<'_>>), &'static str> {
    let mut session = Section::default();
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.bytes().any(|byte| byte.is_ascii_control()) {
            return Err("it has control characters");
        }
        match line.split_once('=') {
            Some(("m", section)) => sections.push(Section::read(section).ok_or("an m= line is not complete")?),
            Some(("a", attribute)) => sections.last_mut().unwrap_or(&mut session).attributes.push(attribute.trim()),
            _ => {}
        }
    }
    Ok((session, sections))
}
