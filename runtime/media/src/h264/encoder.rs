//! Encoding. Reaches OpenH264's own options for the bit rate, which the crate's safe face fixes at the start.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::time::Duration;

use framebox_picture::{Planes, Size};
use openh264::encoder::{
    BitRate, Complexity, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Profile, QpRange, RateControlMode,
    SpsPpsStrategy, UsageType,
};
use openh264::formats::YUVSource;
use openh264::{OpenH264API, Timestamp};
use openh264_sys2::{
    ENCODER_OPTION, ENCODER_OPTION_BITRATE, ENCODER_OPTION_MAX_BITRATE, ENCODER_OPTION_TRACE_LEVEL, SBitrateInfo,
    SPATIAL_LAYER_ALL, WELS_LOG_QUIET,
};

use crate::Error;
use crate::encode::{Encoded, Settings};

/// Shortest side that can be encoded, pixels.
const SHORTEST: u32 = 16;
/// Longest side, pixels; the other one is limited to [`LONGEST_SHORT`].
const LONGEST: u32 = 3840;
const LONGEST_SHORT: u32 = 2160;

/// The finest quantiser at the start.
const FINEST: u8 = 12;
/// The finest quantiser once a picture was so noisy that its code outgrew OpenH264's buffer, which is as large as the
/// picture; with this one it never does.
const COARSE: u8 = 30;

/// Encodes H.264, constrained baseline, parameter sets in-band at each keyframe.
pub struct Encoder {
    encoder: openh264::encoder::Encoder,
    settings: Settings,
    /// Bits a second; never above that of the settings.
    bitrate: u32,
    /// The finest quantiser that may be used.
    finest: u8,
    /// Of the last picture.
    size: Option<Size>,
}

impl Encoder {
    /// An encoder for one stream.
    ///
    /// # Errors
    /// [`Error::Codec`] when the library refuses to start.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let encoder = start(settings, FINEST)?;
        let bitrate = settings.bitrate.min(settings.max_bitrate);
        Ok(Self { encoder, settings: settings.clone(), bitrate, finest: FINEST, size: None })
    }

    /// Tells OpenH264 the bit rate; it knows none before its first picture.
    fn apply_bitrate(&mut self) -> Result<(), Error> {
        let info = |bits_per_second: u32| SBitrateInfo {
            iLayer: SPATIAL_LAYER_ALL,
            iBitrate: c_int::try_from(bits_per_second).unwrap_or(c_int::MAX),
        };
        // The maximum comes first: the rate must never be above it.
        self.set(ENCODER_OPTION_MAX_BITRATE, info(self.settings.max_bitrate))?;
        self.set(ENCODER_OPTION_BITRATE, info(self.bitrate))
    }

    fn set(&mut self, option: ENCODER_OPTION, mut info: SBitrateInfo) -> Result<(), Error> {
        // SAFETY: both options take a pointer to an SBitrateInfo, which is read during the call (codec_app_def.h), and
        // change nothing that the crate's wrapper relies on.
        let result = unsafe { self.encoder.raw_api().set_option(option, (&raw mut info).cast::<c_void>()) };
        if result == 0 { Ok(()) } else { Err(Error::Codec(format!("the bit rate was refused ({result})"))) }
    }
}

impl crate::Encoder for Encoder {
    fn encode(
        &mut self,
        picture: Planes<'_>,
        pts: Duration,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, Error> {
        let size = Size::new(picture.size.width & !1, picture.size.height & !1);
        let (short, long) = (size.width.min(size.height), size.width.max(size.height));
        if short < SHORTEST || short > LONGEST_SHORT || long > LONGEST {
            return Err(Error::Size(picture.size));
        }
        let before = self.size.replace(size);
        if keyframe && before == Some(size) {
            self.encoder.force_intra_frame();
        }
        let millis = u64::try_from(pts.as_millis()).unwrap_or(u64::MAX).min(i64::MAX as u64);
        let source = Source { planes: picture, size };
        let keyframe = match self.encoder.encode_at(&source, Timestamp::from_millis(millis)) {
            Ok(stream) => {
                stream.write_vec(out);
                matches!(stream.frame_type(), FrameType::IDR | FrameType::I)
            }
            Err(error) => {
                // OpenH264 has given up what it held; only a fresh one goes on.
                let coarser = self.finest != COARSE;
                self.finest = COARSE;
                self.encoder = start(&self.settings, self.finest)?;
                self.size = None;
                return if coarser { self.encode(picture, pts, true, out) } else { Err(codec(error)) };
            }
        };
        if before != Some(size) {
            self.apply_bitrate()?;
        }
        Ok(Encoded { keyframe })
    }

    fn set_bitrate(&mut self, bits_per_second: u32) {
        self.bitrate = bits_per_second.clamp(1, self.settings.max_bitrate);
        if self.size.is_some()
            && let Err(error) = self.apply_bitrate()
        {
            tracing::warn!(%error, bits_per_second, "the bit rate was not changed");
        }
    }
}

fn start(settings: &Settings, finest: u8) -> Result<openh264::encoder::Encoder, Error> {
    let config = EncoderConfig::new()
        .usage_type(UsageType::CameraVideoRealTime)
        .profile(Profile::Baseline)
        .complexity(Complexity::Low)
        .rate_control_mode(RateControlMode::Bitrate)
        // A picture that was processed is sent: the quantiser alone keeps the rate.
        .skip_frames(false)
        .qp(QpRange::new(finest, 51))
        .sps_pps_strategy(SpsPpsStrategy::ConstantId)
        // Keyframes only when a viewer asks for one.
        .intra_frame_period(IntraFramePeriod::from_num_frames(0))
        .scene_change_detect(false)
        .background_detection(false)
        .adaptive_quantization(false)
        .long_term_reference(false)
        .num_threads(1)
        .max_frame_rate(FrameRate::from_hz(settings.fps))
        .bitrate(BitRate::from_bps(settings.max_bitrate));
    let mut encoder = openh264::encoder::Encoder::with_api_config(OpenH264API::from_source(), config).map_err(codec)?;
    let mut level: c_int = WELS_LOG_QUIET as c_int;
    // SAFETY: the option takes a pointer to an int, which is read during the call (codec_app_def.h); it is allowed before
    // the encoder is initialised, and only silences it.
    unsafe { encoder.raw_api().set_option(ENCODER_OPTION_TRACE_LEVEL, (&raw mut level).cast::<c_void>()) };
    Ok(encoder)
}

struct Source<'a> {
    planes: Planes<'a>,
    size: Size,
}

impl YUVSource for Source<'_> {
    fn dimensions(&self) -> (usize, usize) {
        (self.size.width as usize, self.size.height as usize)
    }

    fn strides(&self) -> (usize, usize, usize) {
        (self.planes.y.stride, self.planes.u.stride, self.planes.v.stride)
    }

    fn y(&self) -> &[u8] {
        self.planes.y.data
    }

    fn u(&self) -> &[u8] {
        self.planes.u.data
    }

    fn v(&self) -> &[u8] {
        self.planes.v.data
    }
}

fn codec(error: openh264::Error) -> Error {
    Error::Codec(error.to_string())
}
