//! Why something is refused.

use crate::sessions::offer;

/// Why a request for a stream is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such stream, or it is not for this client.
    #[error("there is no stream {0:?} for you: GET /streams lists those that you may watch")]
    Unknown(String),
    /// The name is taken.
    #[error("there is a stream {0:?} already: choose another name, or leave it out for a random one")]
    Taken(String),
    /// What was asked for is wrong.
    #[error("{0}")]
    Invalid(String),
    /// It may be watched, but not this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Somebody else publishes into it.
    #[error("somebody publishes into {0:?} already: end that first, or try again when it is over")]
    Publishing(String),
    /// Nothing is to be seen of it at this moment.
    #[error("nothing is live in {0:?} at this moment: try again in a while")]
    NotLive(String),
    /// It has as many viewers as it may.
    #[error("{0}")]
    Full(String),
    /// The client has as many as it may.
    #[error("{0}")]
    Quota(String),
    /// The offer, or the session that it needs.
    #[error(transparent)]
    Offer(offer::Error),
}

impl Error {
    /// Something that was asked for is wrong.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }

    /// Seconds after which another try makes sense; `None` where it makes none.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Publishing(_) | Self::NotLive(_) | Self::Full(_) => Some(5),
            _ => None,
        }
    }
}

impl From<offer::Error> for Error {
    fn from(error: offer::Error) -> Self {
        Self::Offer(error)
    }
}

impl From<framebox_rtc::Error> for Error {
    fn from(error: framebox_rtc::Error) -> Self {
        Self::Offer(offer::Error::Peer(error))
    }
}
