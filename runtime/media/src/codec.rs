//! The table of codecs.
//!
//! A codec is added with a row here, a module beside [`h264`] for its encoder and decoder, and one in
//! `rtc/src/packet` for its RTP payloads. Everything else asks this table, and the compiler finds what has to be answered for
//! another [`Codec`].

use serde::{Deserialize, Serialize};

use crate::h264::level::ProfileLevel;
use crate::{Decoder, Encoder, Error, decode, encode, h264, vp8};

/// A video codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// ITU-T H.264, constrained baseline; its coded pictures are Annex B byte streams.
    H264,
    /// VP8 (RFC 6386).
    Vp8,
}

/// How a codec is named and negotiated in SDP and RTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpFormat {
    /// Name for people.
    pub name: &'static str,
    /// Encoding name in `a=rtpmap` (RFC 8866 §6.6).
    pub encoding_name: &'static str,
    /// Media type.
    pub mime_type: &'static str,
    /// RTP clock, Hz.
    pub clock_rate: u32,
    /// Format parameters (`a=fmtp`) that decide between several offered formats of the codec, the most important one first.
    pub parameters: &'static [FormatParameter],
}

/// A format parameter of a codec. Any value is acceptable; some are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatParameter {
    /// Its name.
    pub name: &'static str,
    /// The value that holds where it is missing.
    pub default: &'static str,
    /// Beginnings of values, in lower case, the best one first; all other values come after these.
    pub preferred: &'static [&'static str],
}

impl Codec {
    /// All codecs, the preferred one first, whether this program has them or not.
    pub const ALL: [Self; 2] = [Self::H264, Self::Vp8];

    /// Returns the codecs that this program can decode and encode, the preferred one first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|codec| codec.is_available())
    }

    /// Returns whether this program can decode and encode it.
    pub fn is_available(self) -> bool {
        self.missing().is_none()
    }

    /// Returns why this program has no decoder and encoder for it, in words that continue "this server"; none if it has.
    pub const fn missing(self) -> Option<&'static str> {
        match self {
            Self::H264 => None,
            Self::Vp8 if vp8::IS_BUILT_IN => None,
            Self::Vp8 => Some("was built without libvpx (Debian: libvpx-dev)"),
        }
    }

    /// The codec's row of the table.
    pub const fn rtp_format(self) -> &'static RtpFormat {
        match self {
            Self::H264 => &RtpFormat {
                name: "H.264",
                encoding_name: "H264",
                mime_type: "video/H264",
                clock_rate: 90_000,
                parameters: &[
                    // Pictures that are larger than a packet need mode 1 (RFC 6184 §6.3).
                    FormatParameter { name: "packetization-mode", default: "0", preferred: &["1"] },
                    // Constrained baseline, baseline, main: the simpler the profile, the more clients know it.
                    FormatParameter { name: "profile-level-id", default: "42000a", preferred: &["42e0", "42", "4d"] },
                ],
            },
            Self::Vp8 => &RtpFormat {
                name: "VP8",
                encoding_name: "VP8",
                mime_type: "video/VP8",
                clock_rate: 90_000,
                parameters: &[],
            },
        }
    }

    /// Returns whether an offered format with these parameters (the value of `a=fmtp`) can be taken.
    pub fn accepts(self, parameters: &str) -> bool {
        match self {
            // Mode 2 needs another packetizer (RFC 6184 §6.4). A profile that is left out is the baseline.
            Self::H264 => {
                let mode = parameter(parameters, "packetization-mode").is_none_or(|mode| matches!(mode, "0" | "1"));
                let profile = parameter(parameters, "profile-level-id");
                mode && profile.is_none_or(|id| ProfileLevel::parse(id).is_some_and(ProfileLevel::is_known))
            }
            Self::Vp8 => true,
        }
    }

    /// Returns whether a peer that offers these parameters takes packets with a part of a NAL unit or of a frame.
    pub fn fragments(self, parameters: &str) -> bool {
        match self {
            // Mode 0, which is that of who names none, has single NAL units alone (RFC 6184 §6.2, §8.1).
            Self::H264 => parameter(parameters, "packetization-mode") == Some("1"),
            Self::Vp8 => true,
        }
    }

    /// Returns the largest picture that a peer decodes which offers these parameters, pixels; none where it names no bound.
    pub fn max_pixels(self, parameters: &str) -> Option<u64> {
        // Both payload formats count macroblocks (RFC 6184 §8.1, RFC 7741 §6.1).
        let named =
            parameter(parameters, "max-fs").and_then(|count| count.parse::<u64>().ok()).filter(|count| *count > 0);
        let macroblocks = match self {
            Self::H264 => {
                let id = parameter(parameters, "profile-level-id").and_then(ProfileLevel::parse);
                match (named, id.and_then(ProfileLevel::max_macroblocks)) {
                    // It can only raise what the level says.
                    (Some(named), Some(level)) => Some(named.max(level)),
                    (named, level) => named.or(level),
                }
            }
            Self::Vp8 => named,
        };
        macroblocks.map(|count| count.saturating_mul(256))
    }

    /// A decoder for one stream, with the default settings.
    ///
    /// # Errors
    /// [`Error::Codec`] when the library refuses to start, or the codec is not [available](Self::is_available).
    pub fn decoder(self) -> Result<Box<dyn Decoder>, Error> {
        self.decoder_with(&decode::Settings::default())
    }

    /// A decoder for one stream.
    ///
    /// # Errors
    /// [`Error::Codec`] when the library refuses to start, or the codec is not [available](Self::is_available).
    pub fn decoder_with(self, settings: &decode::Settings) -> Result<Box<dyn Decoder>, Error> {
        match self {
            Self::H264 => Ok(Box::new(h264::Decoder::new(settings)?)),
            #[cfg(vpx)]
            Self::Vp8 => Ok(Box::new(vp8::Decoder::new(settings)?)),
            #[cfg(not(vpx))]
            Self::Vp8 => Err(self.unavailable()),
        }
    }

    /// An encoder for one stream.
    ///
    /// # Errors
    /// [`Error::Codec`] when the library refuses to start, or the codec is not [available](Self::is_available).
    pub fn encoder(self, settings: &encode::Settings) -> Result<Box<dyn Encoder>, Error> {
        match self {
            Self::H264 => Ok(Box::new(h264::Encoder::new(settings)?)),
            #[cfg(vpx)]
            Self::Vp8 => Ok(Box::new(vp8::Encoder::new(settings)?)),
            #[cfg(not(vpx))]
            Self::Vp8 => Err(self.unavailable()),
        }
    }

    #[cfg(not(vpx))]
    fn unavailable(self) -> Error {
        Error::Codec(format!("this program {}", self.missing().unwrap_or_default()))
    }
}

impl RtpFormat {
    /// How well offered format parameters (the value of `a=fmtp`) suit: the lowest rank suits best.
    pub fn rank(&self, parameters: &str) -> Vec<usize> {
        self.parameters.iter().map(|parameter| parameter.rank(parameters)).collect()
    }
}

impl FormatParameter {
    fn rank(&self, parameters: &str) -> usize {
        let given = parameter(parameters, self.name).map(str::to_ascii_lowercase);
        let value = given.as_deref().unwrap_or(self.default);
        self.preferred.iter().position(|preferred| value.starts_with(preferred)).unwrap_or(self.preferred.len())
    }
}

/// Returns the value of a format parameter.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|parameter| {
        let (given, value) = parameter.trim().split_once('=')?;
        given.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codec_has_names_of_its_own() {
        for codec in Codec::ALL {
            let format = codec.rtp_format();
            let same = |other: &&Codec| {
                let other = other.rtp_format();
                other.name == format.name
                    || other.encoding_name.eq_ignore_ascii_case(format.encoding_name)
                    || other.mime_type.eq_ignore_ascii_case(format.mime_type)
            };
            assert_eq!(Codec::ALL.iter().filter(same).count(), 1, "{format:?}");
            assert_eq!(codec.decoder().is_ok(), codec.is_available(), "{format:?}");
            assert_eq!(format.mime_type, format!("video/{}", format.encoding_name));
        }
    }

    #[test]
    fn fragments_need_packetization_mode_1() {
        for (parameters, fragments) in [
            ("", false),
            ("packetization-mode=0", false),
            ("profile-level-id=42e01f", false),
            ("profile-level-id=42e01f; Packetization-Mode = 1", true),
        ] {
            assert_eq!(Codec::H264.fragments(parameters), fragments, "{parameters}");
            assert!(Codec::Vp8.fragments(parameters));
        }
    }

    #[test]
    fn missing_parameters_rank_as_their_defaults() {
        for codec in Codec::ALL {
            let format = codec.rtp_format();
            let defaults: Vec<String> =
                format.parameters.iter().map(|parameter| format!("{}={}", parameter.name, parameter.default)).collect();
            assert_eq!(format.rank(""), format.rank(&defaults.join("; ")));
        }
    }

    #[test]
    fn formats_that_cannot_be_decoded_are_not_taken() {
        for (parameters, accepted) in [
            ("", true),
            ("packetization-mode=1;profile-level-id=640032", true),
            ("profile-level-id=4D001F;packetization-mode=0", true),
            ("packetization-mode=2;profile-level-id=42e01f", false),
            ("profile-level-id=f4001f", false),
            ("profile-level-id=none", false),
        ] {
            assert_eq!(Codec::H264.accepts(parameters), accepted, "{parameters}");
        }
        assert!(Codec::Vp8.accepts("max-fs=12288;max-fr=60"));
    }

    #[test]
    fn the_largest_picture_is_what_the_peer_says() {
        for (codec, parameters, pixels) in [
            (Codec::H264, "", None),
            (Codec::H264, "profile-level-id=42e01f", None),
            (Codec::H264, "profile-level-id=42e01e", Some(1620 * 256)),
            (Codec::H264, "profile-level-id=42e01e;max-fs=3600", Some(3600 * 256)),
            (Codec::H264, "profile-level-id=42e01e;max-fs=99", Some(1620 * 256)),
            (Codec::H264, "profile-level-id=42e01f;max-fs=8160", Some(8160 * 256)),
            (Codec::Vp8, "max-fs=1200;max-fr=30", Some(1200 * 256)),
            (Codec::Vp8, "max-fs=many", None),
            (Codec::Vp8, "max-fs=0", None),
        ] {
            assert_eq!(codec.max_pixels(parameters), pixels, "{codec:?} {parameters}");
        }
    }

    #[test]
    fn parameters_are_ranked_in_the_order_of_their_importance() {
        let format = Codec::H264.rtp_format();
        let best_first = [
            "profile-level-id=42E01F; Packetization-Mode=1",
            "packetization-mode=1",
            "packetization-mode=1;profile-level-id=4d001f",
            "packetization-mode=1;profile-level-id=640032",
            "profile-level-id=42e01f",
            "packetization-mode=2;profile-level-id=640032",
        ];
        assert!(best_first.is_sorted_by(|better, worse| format.rank(better) < format.rank(worse)));
    }
}
