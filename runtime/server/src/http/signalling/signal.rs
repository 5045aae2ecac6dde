//! The body of a signalling request.
//!
//! Members are read leniently: one of a wrong type counts as missing, and is then rejected by name.

use axum::http::StatusCode;
use framebox_rtc::Candidate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::failure::Failure;

/// An offer, or a candidate that is trickled before or after it.
#[derive(Default, Deserialize, ToSchema)]
pub struct Signal {
    /// Becomes the session's id.
    #[serde(default, deserialize_with = "lenient")]
    #[schema(required, value_type = String, min_length = 1, max_length = 128)]
    pub webrtc_id: Option<String>,
    /// What the request carries.
    #[serde(default, deserialize_with = "lenient")]
    #[schema(required, value_type = SignalType)]
    pub r#type: Option<SignalType>,
    /// The offer's SDP.
    #[serde(default, deserialize_with = "lenient")]
    #[schema(nullable = false)]
    pub sdp: Option<String>,
    /// Whether the offer restarts ICE for a session that exists: no session is begun
    #[serde(default, deserialize_with = "lenient")]
    #[schema(required = false, value_type = bool)]
    pub restart: Option<bool>,
    /// The candidate; null at the end of candidates.
    #[serde(default)]
    #[schema(required = false, value_type = Option<IceCandidate>)]
    pub candidate: Value,
}

/// What a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignalType {
    /// An offer.
    Offer,
    /// A candidate.
    IceCandidate,
}

/// An ICE candidate, as browsers serialize it.
#[derive(Deserialize, ToSchema)]
#[schema(as = Candidate)]
#[serde(rename_all = "camelCase")]
struct IceCandidate {
    #[serde(default, deserialize_with = "lenient")]
    #[schema(required, value_type = String)]
    candidate: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    sdp_mid: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    sdp_m_line_index: Option<u16>,
}

/// Reads a value of another type as none.
fn lenient<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(T::deserialize(Value::deserialize(deserializer)?).ok())
}

impl Signal {
    /// Reads a request's body. One that is not an object has no members.
    pub fn parse(body: Value) -> Result<Self, Failure> {
        let invalid = |error: serde_json::Error| {
            Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", error.to_string())
        };
        if body.is_object() { Self::deserialize(body).map_err(invalid) } else { Ok(Self::default()) }
    }
}

/// Reads a request's candidate. Null marks the end of candidates, as an empty candidate does.
pub fn ice_candidate(given: Value) -> Result<Candidate, Failure> {
    let wrong = || Failure::candidate("`candidate` must be an object with a text `candidate`".into());
    if given.is_null() {
        return Ok(Candidate { candidate: String::new(), sdp_mid: None, sdp_m_line_index: None });
    }
    if !given.is_object() {
        return Err(wrong());
    }
    let IceCandidate { candidate, sdp_mid, sdp_m_line_index } =
        IceCandidate::deserialize(given).map_err(|_| wrong())?;
    Ok(Candidate { candidate: candidate.ok_or_else(wrong)?, sdp_mid, sdp_m_line_index })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_of_a_wrong_type_are_missing() {
        for body in [json!([]), json!("offer"), json!({ "webrtc_id": 1, "type": "dance", "sdp": [], "more": 1 })] {
            let signal = Signal::parse(body).ok().unwrap();
            assert_eq!((signal.webrtc_id, signal.r#type, signal.sdp), (None, None, None));
        }
        let signal = Signal::parse(json!({ "webrtc_id": "a", "type": "ice-candidate" })).ok().unwrap();
        assert_eq!((signal.webrtc_id.as_deref(), signal.r#type), (Some("a"), Some(SignalType::IceCandidate)));
    }

    #[test]
    fn candidates_are_read_as_browsers_write_them() {
        let read =
            |candidate: Value| ice_candidate(candidate).ok().map(|c| (c.candidate, c.sdp_mid, c.sdp_m_line_index));
        let line = || "candidate:1".to_owned();
        for (given, expected) in [
            (Value::Null, Some((String::new(), None, None))),
            (
                json!({ "candidate": "candidate:1", "sdpMid": "0", "sdpMLineIndex": 2 }),
                Some((line(), Some("0".to_owned()), Some(2))),
            ),
            (json!({ "candidate": "candidate:1", "sdpMid": 0, "sdpMLineIndex": 70_000 }), Some((line(), None, None))),
            (json!({ "candidate": 1 }), None),
            (json!("candidate:1"), None),
            (json!(["candidate:1"]), None),
        ] {
            assert_eq!(read(given.clone()), expected, "{given}");
        }
    }
}
