//! Measures pixels. Independent of Framebox, so that it can be tested alone.

const std = @import("std");

/// The mean, 0 to 255.
pub fn brightness(gray: []const u8) u8 {
    var sum: u64 = 0;
    for (gray) |y| sum += y;
    return @intCast(sum / gray.len);
}

test "brightness is the mean" {
    try std.testing.expectEqual(100, brightness(&.{ 0, 100, 201 }));
    try std.testing.expectEqual(255, brightness(&.{255}));
}
