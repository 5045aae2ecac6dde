//! Generates moving bands of colour and reports how far they have moved.

const std = @import("std");
const effect = @import("effect.zig");
const framebox = @import("framebox.zig");

var speed: i64 = 60;
var last_us: i64 = 0;
var moved: i64 = 0; // millionths of a pixel
var picture: effect.Picture = undefined;

/// Describes the handler to the page: a slider and a number.
pub const about: framebox.Descriptor = .{
    .title = .of("{{name}}"),
    .summary = .of("Moving bands of colour"),
    .parameters = .of(&.{
        framebox.integer("speed", "Speed", .{ .min = 0, .max = 500, .default = 60, .unit = .of(.of("px/s")) }),
    }),
    .outputs = .of(&.{.{ .id = .of("moved"), .label = .of("Moved"), .kind = .number, .unit = .of(.of("px")) }}),
};

/// Called with every parameter when a session starts, and with those that change. There is only one.
pub fn configure(_: []const u8, value: framebox.Value) framebox.Error!void {
    speed = value.integer;
}

/// Called for each frame, with the time since the stream began, in microseconds.
pub fn next(now_us: i64, out: framebox.Output) framebox.Error!void {
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
