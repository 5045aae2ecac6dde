//! What is drawn: nothing here knows of Framebox.

const std = @import("std");

pub const width = 320;
pub const height = 180;
/// Red, green and blue of each pixel.
pub const Picture = [height][width][3]u8;

/// From 0 up to 254 and down again, in 256 steps.
fn wave(position: usize) u8 {
    const up = 2 * (position & 255);
    return @intCast(if (up < 255) up else 510 - up);
}

/// Diagonal bands that have moved so many pixels.
pub fn draw(picture: *Picture, moved: u64) void {
    const start: usize = @intCast(moved & 255);
    for (picture, 0..) |*row, y| {
        for (row, start + y..) |*pixel, at| pixel.* = .{ wave(at), wave(at + 85), wave(at + 170) };
    }
}

test "one pixel on, a row looks as the one below it did" {
    var still: Picture = undefined;
    var moved: Picture = undefined;
    draw(&still, 0);
    draw(&moved, 1);
    try std.testing.expectEqual([2][3]u8{ .{ 0, 170, 170 }, .{ 2, 172, 168 } }, still[0][0..2].*);
    try std.testing.expectEqual(still[1..].*, moved[0 .. height - 1].*);
}
