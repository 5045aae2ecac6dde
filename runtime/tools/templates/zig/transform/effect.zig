//! Changes pixels. Independent of Framebox, so that it can be tested alone.

const std = @import("std");

/// Inverts the pixels that are at least as bright as the threshold; returns their share of the picture, %.
/// `luma` is the brightness of each pixel. In video, black is 16 and white is 235.
pub fn solarize(luma: []u8, threshold: u8) u8 {
    var mirrored: u64 = 0;
    // Without a branch, so that the compiler can use vector instructions.
    for (luma) |*y| {
        const bright = y.* >= threshold;
        mirrored += @intFromBool(bright);
        y.* = if (bright) 251 -| y.* else y.*;
    }
    return @intCast(100 * mirrored / luma.len);
}

test "bright pixels are inverted" {
    var luma = [_]u8{ 16, 99, 100, 235 };
    try std.testing.expectEqual(50, solarize(&luma, 100));
    try std.testing.expectEqual([_]u8{ 16, 99, 151, 16 }, luma);
}
