//! Encodes H.264. Sets OpenH264's rate options at run time, which the crate's safe API only sets at the start.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::time::Duration;

use framebox_picture::{Planes, Size};
use openh264::encoder::{
    BitRate, Complexity, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Profile, QpRange, RateControlMode,
    SpsPpsStrategy, UsageType, VuiConfig,
};
use openh264::formats::YUVSource;
use openh264::{OpenH264API, Timestamp};
use openh264_sys2::{
    ENCODER_OPTION, ENCODER_OPTION_BITRATE, ENCODER_OPTION_FRAME_RATE, ENCODER_OPTION_GET_STATISTICS,
    ENCODER_OPTION_MAX_BITRATE, ENCODER_OPTION_TRACE_LEVEL, SBitrateInfo, SEncoderStatistics, SPATIAL_LAYER_0,
    SPATIAL_LAYER_ALL, WELS_LOG_QUIET,
};

use super::annexb;
use crate::Error;
use crate::encode::{Encoded, Settings, coded_size};
use crate::frame_rate::Estimator;

/// Minimum bit rate, bits per second: OpenH264 rejects one below the frame rate.
const MIN_BITRATE: u32 = 10_000;
/// Maximum bit rate, bits per second: OpenH264 rejects those above H.264 level 5.2.
const MAX_BITRATE: u32 = 100_000_000;

/// Minimum quantiser.
const FINE_QP: u8 = 12;
/// Minimum quantiser after a picture was so noisy that its code exceeded OpenH264's buffer, which is as large as the picture.
/// With this quantiser it never does.
const COARSE_QP: u8 = 30;
/// Minimum quantisers that are tried one after the other when a picture cannot be coded with a finer one.
const COARSER_QPS: [u8; 3] = [COARSE_QP, 40, 51];
/// The smallest bound of slices that OpenH264 takes, bytes: a macroblock has to fit.
const MIN_SLICE: u32 = 500;

/// An H.264 encoder: constrained baseline, with parameter sets in-band at each keyframe.
pub struct Encoder {
    /// None before the first picture, and after OpenH264 has failed.
    sized: Option<SizedEncoder>,
    /// Bits per second.
    bitrate: u32,
    /// Upper bound of the bit rate, bits per second.
    max_bitrate: u32,
    /// The largest NAL unit, bytes.
    max_unit: Option<u32>,
    frame_rate: Estimator,
}

impl Encoder {
    /// Creates an encoder for one stream.
    ///
    /// # Errors
    /// [`Error::Codec`] if the library does not start.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let max_bitrate = settings.max_bitrate.clamp(MIN_BITRATE, MAX_BITRATE);
        let bitrate = settings.bitrate.clamp(MIN_BITRATE, max_bitrate);
        let max_unit = settings.max_unit_bytes.map(|bytes| bytes.max(MIN_SLICE));
        Ok(Self { sized: None, bitrate, max_bitrate, max_unit, frame_rate: Estimator::new(settings.fps) })
    }

    /// Encodes a picture as a keyframe with a new OpenH264 encoder. Changing the size of an existing one would reset its bit
    /// rate to the initial one.
    fn restart(&mut self, source: &Source<'_>, time: Timestamp, min_qp: u8, out: &mut Vec<u8>) -> Result<(), Error> {
        self.sized = None;
        let mut sized = SizedEncoder::new(source.size, self.bitrate, self.frame_rate.fps(), (min_qp, self.max_unit))?;
        sized.encode(source, time, false, out)?;
        // OpenH264 takes the initial rate for the maximum, and accepts another only after the first picture.
        sized.set_bitrate(self.bitrate, self.max_bitrate)?;
        self.sized = Some(sized);
        Ok(())
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
        let size = coded_size(picture.size)?;
        let source = Source { planes: picture, size };
        let time = Timestamp::from_millis(u64::try_from(pts.as_millis()).unwrap_or(u64::MAX).min(i64::MAX as u64));
        let fps = self.frame_rate.observe(pts);
        // After noise, the next keyframe tries fine quantisers again.
        let sized = self.sized.as_mut().filter(|old| old.size == size && !(keyframe && old.min_qp > FINE_QP));
        let length = out.len();
        let encoded = match sized {
            Some(sized) => fps
                .map_or(Ok(()), |fps| sized.set(EncoderOption::Fps(fps)))
                .and_then(|()| sized.encode(&source, time, keyframe, out)),
            None => self.restart(&source, time, FINE_QP, out).map(|()| true),
        };
        let keyframe = match encoded {
            Ok(keyframe) => keyframe,
            Err(error) => {
                tracing::debug!(%error, %size, "encoding a picture again with a coarser quantiser");
                let mut result = Err(error);
                for min_qp in COARSER_QPS {
                    out.truncate(length);
                    result = self.restart(&source, time, min_qp, out);
                    if result.is_ok() {
                        break;
                    }
                }
                result.inspect_err(|_| out.truncate(length)).map(|()| true)?
            }
        };
        let quantizer = self.sized.as_mut().map_or(0, SizedEncoder::quantizer);
        Ok(Encoded { keyframe, quantizer })
    }

    fn set_bitrate(&mut self, bits_per_second: u32) {
        let bitrate = bits_per_second.clamp(MIN_BITRATE, self.max_bitrate);
        if bitrate == std::mem::replace(&mut self.bitrate, bitrate) {
            return;
        }
        if let Some(sized) = &mut self.sized
            && let Err(error) = sized.set_bitrate(bitrate, self.max_bitrate)
        {
            tracing::warn!(%error, bitrate, "the bit rate could not be changed");
        }
    }
}

/// An OpenH264 encoder for pictures of one size.
struct SizedEncoder {
    encoder: openh264::encoder::Encoder,
    size: Size,
    /// Minimum quantiser.
    min_qp: u8,
    /// The largest NAL unit, bytes.
    max_unit: Option<u32>,
}

impl SizedEncoder {
    fn new(size: Size, bitrate: u32, fps: f32, (min_qp, max_unit): (u8, Option<u32>)) -> Result<Self, Error> {
        let mut config = EncoderConfig::new()
            .usage_type(UsageType::CameraVideoRealTime)
            .profile(Profile::Baseline)
            .complexity(Complexity::Low)
            .rate_control_mode(RateControlMode::Bitrate)
            // Every processed picture is sent: only the quantiser controls the rate.
            .skip_frames(false)
            .qp(QpRange::new(min_qp, 51))
            .sps_pps_strategy(SpsPpsStrategy::ConstantId)
            // Keyframes only on request.
            .intra_frame_period(IntraFramePeriod::from_num_frames(0))
            .scene_change_detect(false)
            .background_detection(false)
            .adaptive_quantization(false)
            .long_term_reference(false)
            .num_threads(1)
            // The colour space of all pictures in the runtime; players would assume BT.709 for large ones otherwise.
            .vui(VuiConfig::bt601())
            .max_frame_rate(FrameRate::from_hz(fps))
            .bitrate(BitRate::from_bps(bitrate));
        if let Some(bytes) = max_unit {
            config = config.max_slice_len(bytes);
        }
        let encoder = openh264::encoder::Encoder::with_api_config(OpenH264API::from_source(), config).map_err(codec)?;
        let mut sized = Self { encoder, size, min_qp, max_unit };
        // Unlike the other options, this one may be set before the first picture.
        sized.set(EncoderOption::Quiet)?;
        Ok(sized)
    }

    /// Appends an access unit to `out`. Returns whether it is a keyframe. It is an error when a NAL unit is too large: OpenH264 does not
    /// cut before the last macroblock of a picture, nor within one.
    fn encode(
        &mut self,
        source: &Source<'_>,
        time: Timestamp,
        keyframe: bool,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        if keyframe {
            self.encoder.force_intra_frame();
        }
        let stream = self.encoder.encode_at(source, time).map_err(codec)?;
        let begin = out.len();
        stream.write_vec(out);
        let keyframe = matches!(stream.frame_type(), FrameType::IDR | FrameType::I);
        match (self.max_unit, annexb::units(&out[begin..]).map(<[u8]>::len).max()) {
            (Some(most), Some(largest)) if largest > most as usize => {
                Err(Error::Codec(format!("a NAL unit of {largest} bytes")))
            }
            _ => Ok(keyframe),
        }
    }

    /// The mean quantiser of the last picture.
    fn quantizer(&mut self) -> u8 {
        let mut statistics = SEncoderStatistics::default();
        // SAFETY: the value has the type that codec_app_def.h documents for the option, and OpenH264 fills it during the call.
        let result = unsafe {
            let value = (&raw mut statistics).cast::<c_void>();
            self.encoder.raw_api().get_option(ENCODER_OPTION_GET_STATISTICS, value)
        };
        if result == 0 { u8::try_from(statistics.uiAverageFrameQP.min(51)).unwrap_or(51) } else { 0 }
    }

    fn set_bitrate(&mut self, bitrate: u32, max_bitrate: u32) -> Result<(), Error> {
        // The maximum first: the rate must never exceed it.
        self.set(EncoderOption::MaxBitrate(max_bitrate))?;
        self.set(EncoderOption::Bitrate(bitrate))
    }

    fn set(&mut self, option: EncoderOption) -> Result<(), Error> {
        let bits = |layer, rate: u32| SBitrateInfo { iLayer: layer, iBitrate: rate.min(MAX_BITRATE) as c_int };
        // SAFETY: each value has the type that codec_app_def.h documents for its option: an int, an SBitrateInfo or a float.
        let result = unsafe {
            match option {
                EncoderOption::Quiet => self.set_option(ENCODER_OPTION_TRACE_LEVEL, WELS_LOG_QUIET as c_int),
                // A maximum for all layers would not reach the only layer, which rejects any rate above its own maximum.
                EncoderOption::MaxBitrate(rate) => {
                    self.set_option(ENCODER_OPTION_MAX_BITRATE, bits(SPATIAL_LAYER_0, rate))
                }
                EncoderOption::Bitrate(rate) => self.set_option(ENCODER_OPTION_BITRATE, bits(SPATIAL_LAYER_ALL, rate)),
                EncoderOption::Fps(rate) => self.set_option(ENCODER_OPTION_FRAME_RATE, rate),
            }
        };
        if result == 0 { Ok(()) } else { Err(Error::Codec(format!("OpenH264 rejected {option:?} ({result})"))) }
    }

    /// Sets an option of OpenH264. Returns 0 on success.
    ///
    /// # Safety
    /// `T` must be the type of the option, and the wrapper crate must not rely on the option's value.
    unsafe fn set_option<T>(&mut self, option: ENCODER_OPTION, mut value: T) -> c_int {
        // SAFETY: OpenH264 reads the value only, and only during the call.
        unsafe { self.encoder.raw_api().set_option(option, (&raw mut value).cast::<c_void>()) }
    }
}

/// An option that is set at run time.
#[derive(Clone, Copy, Debug)]
enum EncoderOption {
    /// Turns logging off.
    Quiet,
    /// Bits per second.
    MaxBitrate(u32),
    /// Bits per second.
    Bitrate(u32),
    /// Frames per second.
    Fps(f32),
}

/// A picture as OpenH264's wrapper takes it, with sides of even length.
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
