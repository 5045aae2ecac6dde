//! Errors of connections.

use std::fmt;

use framebox_media::Codec;

/// Why an offer is refused, or an operation on a connection fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The offer is malformed, or lacks what every offer needs.
    #[error("the offer cannot be used: {0}")]
    Offer(String),
    /// The offer has no video in the direction that is needed.
    #[error("the offer has no video that is {0}")]
    NoVideo(&'static str),
    /// The offer has video, but in none of the codecs that this side has.
    #[error(transparent)]
    NoCodec(NoCodec),
    /// The candidate is malformed, or exceeds the number of candidates.
    #[error("the candidate cannot be used: {0}")]
    Candidate(String),
    /// A fragment of a description is malformed.
    #[error("the fragment cannot be used: {0}")]
    Fragment(String),
    /// The ICE session that is meant is over: another one took its place.
    #[error("the ICE session was restarted meanwhile")]
    Stale,
    /// All UDP ports of the configured range are in use.
    #[error("no UDP port is free for media")]
    NoPort,
    /// The connection could not be set up, for a reason that the peer has no part in.
    #[error("the connection could not be set up")]
    Setup(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
}

/// Formats that are no pictures: retransmission and redundancy.
const REPAIR: [&str; 4] = ["rtx", "red", "ulpfec", "flexfec-03"];
/// Offered codecs that are named at most.
const MAX_NAMED: usize = 8;
/// Longest name of a codec, bytes.
const MAX_NAME: usize = 16;

/// What is offered and what could be taken, where these have no codec in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCodec {
    /// Names of the codecs that the peer offers.
    pub offered: Vec<String>,
    /// Codecs that this side takes.
    pub accepted: Vec<Codec>,
    /// Codecs that it would take, and why it cannot.
    pub missing: Vec<(Codec, &'static str)>,
}

impl std::error::Error for NoCodec {}

impl NoCodec {
    /// `offered` are the peer's words; `codecs` is what this side is set to take.
    pub(crate) fn new<'a>(offered: impl Iterator<Item = &'a str>, codecs: &[Codec]) -> Self {
        let mut names: Vec<String> = Vec::new();
        for name in offered.filter(|name| !REPAIR.iter().any(|repair| name.eq_ignore_ascii_case(repair))) {
            let plain = name.len() <= MAX_NAME && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if plain && names.len() < MAX_NAMED && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name.to_owned());
            }
        }
        let (accepted, refused): (Vec<Codec>, Vec<Codec>) = codecs.iter().partition(|codec| codec.is_available());
        let missing = refused.into_iter().filter_map(|codec| Some((codec, codec.missing()?))).collect();
        Self { offered: names, accepted, missing }
    }
}

impl fmt::Display for NoCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.accepted.iter().map(|codec| codec.rtp_format().name).collect();
        let names = names.join(" or ");
        write!(f, "the offer's video does not include {names}")?;
        if !self.offered.is_empty() {
            write!(f, " (it has {})", self.offered.join(", "))?;
        }
        for (codec, why) in &self.missing {
            write!(f, "; for {}, this server {why}", codec.rtp_format().name)?;
        }
        write!(f, "; allow {names} in the browser or client")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_without_our_codecs_is_told_which_to_allow_and_what_is_missing() {
        let offered = ["VP9", "rtx", "vp9", "AV1", "<b>", "averylongnameofacodec"];
        let mut refused = NoCodec::new(offered.into_iter(), &[Codec::H264]);
        let text = "the offer's video does not include H.264 (it has VP9, AV1)";
        assert_eq!(refused.to_string(), format!("{text}; allow H.264 in the browser or client"));
        refused.missing = vec![(Codec::Vp8, "was built without libvpx")];
        assert_eq!(
            refused.to_string(),
            format!("{text}; for VP8, this server was built without libvpx; allow H.264 in the browser or client")
        );
        let both = NoCodec { offered: vec![], accepted: vec![Codec::Vp8, Codec::H264], missing: vec![] };
        assert!(both.to_string().ends_with("include VP8 or H.264; allow VP8 or H.264 in the browser or client"));
    }
}
