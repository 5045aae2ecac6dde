//! The statistics of a session at one moment.

use std::collections::BTreeMap;
use std::time::Instant;

use framebox_media::Codec;
use framebox_picture::Size;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::budget::degradation::Level;
use crate::schedule::policy::Policy;
use crate::schedule::skip_reason::SkipReason;
use crate::session::recorder::Recorder;
use crate::session::word;

/// Counts since the session began; a generator's frames are received when they are due. At any moment `received` =
/// `processed` + skipped + failed + `waiting` + `in_work`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Pictures that were decoded, or moments at which a generator's frame was due.
    pub received: u64,
    /// Pictures for which the handler gave a result, be it one without a picture.
    pub processed: u64,
    /// Pictures that never reached the handler, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Pictures for which the handler failed, by the code of the failure.
    #[serde(deserialize_with = "word::read_counts")]
    pub failed: BTreeMap<&'static str, u64>,
    /// Pictures that wait for the handler.
    pub waiting: u64,
    /// Pictures that the handler works on: one or none.
    pub in_work: u64,
    /// Pictures that were encoded for viewers, however many renditions and viewers there are; those that no handler touched among
    /// them.
    pub sent: u64,
    /// Of them, pictures of frames without a result, sent as they came.
    pub passed: u64,
    /// Frames that could not be decoded or were dropped while waiting for a keyframe.
    pub undecodable: u64,
}

/// Median, 95th percentile and maximum, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Spread {
    /// Half of the frames took no longer.
    pub p50: f64,
    /// 95 % of the frames took no longer.
    pub p95: f64,
    /// The slowest frame.
    pub max: f64,
}

/// What each stage took for the recent frames. None where nothing was measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Stages {
    /// Decoding; none for a generator.
    pub decode: Option<Spread>,
    /// Waiting for the handler, the copy out of the decoder included.
    pub wait: Option<Spread>,
    /// The handler's call, conversions for the guest included.
    pub handler: Option<Spread>,
    /// Encoding.
    pub encode: Option<Spread>,
    /// From the last RTP packet in to the first RTP packet out.
    pub total: Option<Spread>,
}

/// Fuel of the recent calls.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Fuel {
    /// Of the last call.
    pub last: u64,
    /// Median.
    pub p50: u64,
    /// 95th percentile.
    pub p95: u64,
}

/// Frames a second, over the last two seconds.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Rates {
    /// Pictures decoded.
    pub received_fps: f64,
    /// Pictures processed.
    pub processed_fps: f64,
    /// Pictures sent.
    pub sent_fps: f64,
}

/// Width and height, pixels.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Extent {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A stream encoded once, for those of its viewers whose needs it meets.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RenditionStats {
    /// How it is coded.
    #[schema(value_type = String)]
    pub codec: Codec,
    /// Size of its pictures, once one was encoded.
    pub picture: Option<Extent>,
    /// What the encoder is asked for, bits a second.
    pub bitrate_bps: u32,
    /// Those who are sent its frames.
    pub viewers: usize,
}

impl RenditionStats {
    pub(crate) fn new(codec: Codec, size: Option<Size>, bitrate_bps: u32, viewers: usize) -> Self {
        let picture = size.map(|size| Extent { width: size.width, height: size.height });
        Self { codec, picture, bitrate_bps, viewers }
    }
}

/// A session's statistics at one moment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Stats {
    /// Size of the camera's pictures, once one has come.
    pub picture: Option<Extent>,
    /// Counts of frames.
    pub frames: Counts,
    /// Frames a second.
    pub rates: Rates,
    /// Times of the recent frames, ms.
    pub stages_ms: Stages,
    /// Fuel of the recent calls.
    pub fuel: Fuel,
    /// Linear memory of the handler's instance, bytes.
    pub memory_bytes: usize,
    /// Instances made for this session: one, and one more for each fault and each leak.
    pub instances_made: u64,
    /// The policy that holds.
    #[serde(flatten)]
    pub policy: Policy,
    /// The level of degradation.
    #[serde(rename = "ladder")]
    pub degradation: Level,
    /// What is encoded at the moment, and for how many.
    pub renditions: Vec<RenditionStats>,
}

impl Stats {
    /// The statistics of a session that has not been started.
    pub fn before_start(now: Instant, policy: Policy) -> Self {
        Recorder::default().stats(now, policy, Level::NONE)
    }
}
