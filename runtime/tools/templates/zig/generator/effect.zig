//! Draws pixels. Independent of Framebox, so that it can be tested alone.

const std = @import("std");

pub const width = 320;
pub const height = 180;
/// Red, green and blue of each pixel.
pub const Picture = [height][width][3]u8;

/// A triangle wave with a period of 256: from 0 up to 254 and down again.
fn wave(position: usize) u8 {
    const up = 2 * (position & 255);
    return @intCast(if (up < 255) up else 510 - up);
}

/// Draws diagonal bands, moved by a number of pixels.
pub fn draw(picture: *Picture, moved: u64) void {
    const start: usize = @intCast(moved & 255);
    for (picture, 0..) |*row, y| {
        for (row, start + y..) |*pixel, at| pixel.* = .{ wave(at), wave(at + 85), wave(at + 170) };
    }
}

test "moved by one pixel, each row equals the one below it before" {
    var still: Picture = undefined;
    var moved: Picture = undefined;
    draw(&still, 0);
    draw(&moved, 1);
    try std.testing.expectEqual([2][3]u8{ .{ 0, 170, 170 }, .{ 2, 172, 168 } }, still[0][0..2].*);
    try std.testing.expectEqual(still[1..].*, moved[0 .. height - 1].*);
}
