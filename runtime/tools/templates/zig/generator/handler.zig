//! Bands of colour that move, and tells how far they came.

const std = @import("std");
const effect = @import("effect.zig");
const framebox = @import("framebox.zig");

var speed: i64 = 60;
var last_us: i64 = 0;
var moved: i64 = 0; // millionths of a pixel
var picture: effect.Picture = undefined;

/// What the page shows: a slider and a number.
pub const about: framebox.Descriptor = .{
    .title = .of("{{name}}"),
    .summary = .of("Bands of colour that move"),
    .parameters = .of(&.{
        framebox.integer("speed", "Speed", .{ .min = 0, .max = 500, .default = 60, .unit = .of(.of("px/s")) }),
    }),
    .outputs = .of(&.{.{ .id = .of("moved"), .label = .of("Moved"), .kind = .number, .unit = .of(.of("px")) }}),
};

/// A session begins, with every parameter; or somebody moved a slider. There is but one.
pub fn configure(_: []const u8, value: framebox.Value) framebox.Refused!void {
    speed = value.integer;
}

/// Called for each frame, with the time since the stream began, in microseconds.
pub fn next(now_us: i64, out: framebox.Output) framebox.Refused!void {
    moved += (now_us - last_us) * speed;
    last_us = now_us;
    const pixels = @divFloor(moved, 1_000_000);
    effect.draw(&picture, @intCast(pixels));
    try out.pixels(.{ .width = effect.width, .height = effect.height }, .rgb8, std.mem.asBytes(&picture));
    try out.putInteger("moved", pixels);
}

comptime {
    framebox.generator(@This());
}
