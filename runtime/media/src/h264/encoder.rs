//! Encoding. Reaches OpenH264's own options for the rates, which the crate's safe face fixes at the start.
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
    ENCODER_OPTION, ENCODER_OPTION_BITRATE, ENCODER_OPTION_FRAME_RATE, ENCODER_OPTION_MAX_BITRATE,
    ENCODER_OPTION_TRACE_LEVEL, SBitrateInfo, SPATIAL_LAYER_0, SPATIAL_LAYER_ALL, WELS_LOG_QUIET,
};

use super::cadence::Cadence;
use crate::Error;
use crate::encode::{Encoded, Settings};

/// Shortest side that can be encoded, pixels.
const SHORTEST: u32 = 16;
/// Longest side, pixels; the other one is limited to [`LONGEST_SHORT`].
const LONGEST: u32 = 3840;
const LONGEST_SHORT: u32 = 2160;

/// The lowest bit rate, bits a second: OpenH264 refuses one below the frame rate.
const LOWEST: u32 = 10_000;
/// The highest, bits a second: OpenH264 refuses those beyond H.264 level 5.2.
const HIGHEST: u32 = 100_000_000;

/// The finest quantiser.
const FINEST: u8 = 12;
/// The finest quantiser after a picture was so noisy that its code outgrew OpenH264's buffer, which is as large as the
/// picture; with this one it never does.
const COARSE: u8 = 30;

/// Encodes H.264, constrained baseline, parameter sets in-band at each keyframe.
pub struct Encoder {
    /// None before the first picture, and after OpenH264 failed.
    running: Option<Running>,
    /// Bits a second.
    bitrate: u32,
    /// Bits a second; the bit rate is never above it.
    max_bitrate: u32,
    cadence: Cadence,
}

impl Encoder {
    /// An encoder for one stream.
    ///
    /// # Errors
    /// [`Error::Codec`] when the library refuses to start.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let max_bitrate = settings.max_bitrate.clamp(LOWEST, HIGHEST);
        let bitrate = settings.bitrate.clamp(LOWEST, max_bitrate);
        Ok(Self { running: None, bitrate, max_bitrate, cadence: Cadence::new(settings.fps) })
    }

    /// Encodes a picture as a keyframe with a fresh OpenH264. One that is only told another size goes back to the bit rate
    /// that it started with.
    fn restart(&mut self, source: &Source<'_>, time: Timestamp, finest: u8, out: &mut Vec<u8>) -> Result<(), Error> {
        self.running = None;
        let mut running = Running::start(source.size, self.bitrate, self.cadence.fps(), finest)?;
        running.encode(source, time, false, out)?;
        // OpenH264 takes the rate that it starts with as the highest, and hears of another only after a picture.
        running.set_bitrate(self.bitrate, self.max_bitrate)?;
        self.running = Some(running);
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
        let size = Size::new(picture.size.width & !1, picture.size.height & !1);
        let (short, long) = (size.width.min(size.height), size.width.max(size.height));
        if !(SHORTEST..=LONGEST_SHORT).contains(&short) || long > LONGEST {
            return Err(Error::Size(picture.size));
        }
        let source = Source { planes: picture, size };
        let time = Timestamp::from_millis(u64::try_from(pts.as_millis()).unwrap_or(u64::MAX).min(i64::MAX as u64));
        let fps = self.cadence.observe(pts);
        // A keyframe is the chance to try fine quantisers again after noise.
        let running = self.running.as_mut().filter(|old| old.size == size && !(keyframe && old.finest == COARSE));
        let length = out.len();
        let encoded = match running {
            Some(running) => fps
                .map_or(Ok(()), |fps| running.set(Change::Fps(fps)))
                .and_then(|()| running.encode(&source, time, keyframe, out)),
            None => self.restart(&source, time, FINEST, out).map(|()| true),
        };
        let keyframe = match encoded {
            Ok(keyframe) => keyframe,
            Err(error) => {
                tracing::debug!(%error, %size, "a picture is encoded anew, more coarsely");
                out.truncate(length);
                self.restart(&source, time, COARSE, out).inspect_err(|_| out.truncate(length)).map(|()| true)?
            }
        };
        Ok(Encoded { keyframe })
    }

    fn set_bitrate(&mut self, bits_per_second: u32) {
        let bitrate = bits_per_second.clamp(LOWEST, self.max_bitrate);
        if bitrate == std::mem::replace(&mut self.bitrate, bitrate) {
            return;
        }
        if let Some(running) = &mut self.running
            && let Err(error) = running.set_bitrate(bitrate, self.max_bitrate)
        {
            tracing::warn!(%error, bitrate, "the bit rate was not changed");
        }
    }
}

/// OpenH264 at work on pictures of one size.
struct Running {
    encoder: openh264::encoder::Encoder,
    size: Size,
    /// The finest quantiser that it may use.
    finest: u8,
}

impl Running {
    fn start(size: Size, bitrate: u32, fps: f32, finest: u8) -> Result<Self, Error> {
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
            // What pictures are everywhere in the runtime; players guess BT.709 for large ones otherwise.
            .vui(VuiConfig::bt601())
            .max_frame_rate(FrameRate::from_hz(fps))
            .bitrate(BitRate::from_bps(bitrate));
        let encoder = openh264::encoder::Encoder::with_api_config(OpenH264API::from_source(), config).map_err(codec)?;
        let mut running = Self { encoder, size, finest };
        // Allowed before the first picture, unlike the others.
        running.set(Change::Quiet)?;
        Ok(running)
    }

    /// Appends an access unit; true for a keyframe.
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
        stream.write_vec(out);
        Ok(matches!(stream.frame_type(), FrameType::IDR | FrameType::I))
    }

    fn set_bitrate(&mut self, bitrate: u32, max_bitrate: u32) -> Result<(), Error> {
        // The maximum comes first: the rate must never be above it.
        self.set(Change::MaxBitrate(max_bitrate))?;
        self.set(Change::Bitrate(bitrate))
    }

    fn set(&mut self, change: Change) -> Result<(), Error> {
        let bits = |layer, rate: u32| SBitrateInfo { iLayer: layer, iBitrate: rate.min(HIGHEST) as c_int };
        // SAFETY: codec_app_def.h says of each option what it is read as: an int, an SBitrateInfo or a float.
        let result = unsafe {
            match change {
                Change::Quiet => self.set_option(ENCODER_OPTION_TRACE_LEVEL, WELS_LOG_QUIET as c_int),
                // Given for all layers, the maximum would not reach the one there is, which refuses any rate above its own.
                Change::MaxBitrate(rate) => self.set_option(ENCODER_OPTION_MAX_BITRATE, bits(SPATIAL_LAYER_0, rate)),
                Change::Bitrate(rate) => self.set_option(ENCODER_OPTION_BITRATE, bits(SPATIAL_LAYER_ALL, rate)),
                Change::Fps(rate) => self.set_option(ENCODER_OPTION_FRAME_RATE, rate),
            }
        };
        if result == 0 { Ok(()) } else { Err(Error::Codec(format!("{change:?} was refused ({result})"))) }
    }

    /// # Safety
    /// `T` must be what OpenH264 reads the option as, and the option none that the crate's wrapper relies on.
    unsafe fn set_option<T>(&mut self, option: ENCODER_OPTION, mut value: T) -> c_int {
        // SAFETY: the value is only read, and only during the call.
        unsafe { self.encoder.raw_api().set_option(option, (&raw mut value).cast::<c_void>()) }
    }
}

/// What is told to OpenH264 while it runs.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// Print nothing.
    Quiet,
    /// Bits a second.
    MaxBitrate(u32),
    /// Bits a second.
    Bitrate(u32),
    /// Frames a second.
    Fps(f32),
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
