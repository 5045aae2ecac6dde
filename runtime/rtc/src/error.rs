//! Errors of connections.

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
    /// The offer has video, but in none of the codecs of [`Codec::ALL`].
    #[error("the offer's video does not include {names}; allow {names} in the browser or client", names = codec_names())]
    NoCodec,
    /// The candidate is malformed, or exceeds the number of candidates.
    #[error("the candidate cannot be used: {0}")]
    Candidate(String),
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

/// `A`, `A or B`, `A or B or C`.
fn codec_names() -> String {
    Codec::ALL.map(|codec| codec.rtp_format().name).join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_without_our_codecs_is_told_which_to_allow() {
        let text = Error::NoCodec.to_string();
        for codec in Codec::ALL {
            assert_eq!(text.matches(codec.rtp_format().name).count(), 2, "{text}");
        }
        assert!(text.ends_with("in the browser or client"), "{text}");
    }
}
