//! The video format that is chosen of an offer.

use framebox_media::Codec;

use super::section::Section;

/// Feedback messages that are understood (`a=rtcp-fb`).
const FEEDBACK: [&str; 5] = ["nack", "nack pli", "ccm fir", "transport-cc", "goog-remb"];

/// Returns whether packets with this payload type are told from RTCP packets on the same transport (RFC 5761 section 4).
fn is_usable(payload_type: u8) -> bool {
    matches!(payload_type, 0..=63 | 96..=127)
}

/// A video format as both sides know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFormat {
    /// Its codec.
    pub codec: Codec,
    /// Payload type of the pictures.
    pub payload_type: u8,
    /// Payload type of retransmissions.
    pub retransmission: Option<u8>,
    /// Format parameters as offered (`a=fmtp`).
    pub parameters: String,
    /// Feedback messages that both know.
    pub feedback: Vec<&'static str>,
}

impl VideoFormat {
    /// Chooses the format of a section that suits best, if any does: of the first of `codecs` that is offered and available.
    pub fn choose(section: &Section, codecs: &[Codec]) -> Option<Self> {
        let available = codecs.iter().filter(|codec| codec.is_available());
        available.into_iter().find_map(|codec| Self::of_codec(section, *codec))
    }

    /// Returns whether a section offers the format by the same payload type.
    pub fn is_in(&self, section: &Section) -> bool {
        let rtp = self.codec.rtp_format();
        let encoding = format!("{}/{}", rtp.encoding_name, rtp.clock_rate);
        let payload_type = self.payload_type.to_string();
        section.formats.contains(&payload_type.as_str())
            && section.values_of("rtpmap", &payload_type).any(|offered| offered.eq_ignore_ascii_case(&encoding))
    }

    /// Returns the largest picture that the peer says it decodes, pixels; `None` where it names no bound.
    pub fn max_pixels(&self) -> Option<u64> {
        self.codec.max_pixels(&self.parameters)
    }

    /// Returns whether the peer takes packets with a part of a NAL unit or of a frame.
    pub fn fragments(&self) -> bool {
        self.codec.fragments(&self.parameters)
    }

    fn of_codec(section: &Section, codec: Codec) -> Option<Self> {
        let rtp = codec.rtp_format();
        let parameters = |payload_type: &str| section.values_of("fmtp", payload_type).next().unwrap_or("");
        let is = |payload_type: &str, encoding_name: &str| {
            let encoding = format!("{encoding_name}/{}", rtp.clock_rate);
            section.values_of("rtpmap", payload_type).any(|offered| offered.eq_ignore_ascii_case(&encoding))
        };
        let number = |payload_type: &str| payload_type.parse().ok().filter(|number| is_usable(*number));
        let offered = section.formats.iter().filter(|payload_type| number(payload_type).is_some());
        let offered = offered.filter(|payload_type| is(payload_type, rtp.encoding_name));
        let offered = offered.filter(|payload_type| codec.accepts(parameters(payload_type)));
        let best = offered.min_by_key(|payload_type| rtp.rank(parameters(payload_type)))?;
        let retransmits = |payload_type: &&&str| {
            let repaired = |parameter: &str| parameter.trim().strip_prefix("apt=") == Some(*best);
            is(payload_type, "rtx")
                && section.values_of("fmtp", payload_type).any(|parameters| parameters.split(';').any(repaired))
        };
        let offers = |feedback: &&str| {
            section.values_of("rtcp-fb", best).chain(section.values_of("rtcp-fb", "*")).any(|one| one == *feedback)
        };
        Some(Self {
            codec,
            payload_type: number(best)?,
            retransmission: section.formats.iter().find(retransmits).and_then(|payload_type| number(payload_type)),
            parameters: parameters(best).to_owned(),
            feedback: FEEDBACK.into_iter().filter(offers).collect(),
        })
    }
}
