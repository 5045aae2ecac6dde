//! NAL unit types (ITU-T H.264, table 7-1).

/// Slice of a picture that may refer to earlier ones.
pub const SLICE: u8 = 1;
/// Slice of an IDR picture, which is decodable without any earlier one.
pub const IDR: u8 = 5;
/// Supplemental enhancement information.
pub const SEI: u8 = 6;
/// Sequence parameter set.
pub const SPS: u8 = 7;
/// Picture parameter set.
pub const PPS: u8 = 8;
/// Access unit delimiter.
pub const AUD: u8 = 9;
/// Sequence parameter set of a scalable or multiview stream.
pub const SUBSET_SPS: u8 = 15;

/// The type of a NAL unit, from its first byte (§7.4.1); 0, which is unspecified, for an empty unit.
pub fn kind(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header & 0x1f)
}
