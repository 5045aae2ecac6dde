//! Mirrors the brightness of what is brighter than a threshold, and tells how much of the picture that is.

const effect = @import("effect.zig");
const framebox = @import("framebox.zig");

var threshold: u8 = 128;

/// What the page shows: a slider and a gauge.
pub const about: framebox.Descriptor = .{
    .title = .of("{{name}}"),
    .summary = .of("A negative of what is bright"),
    .parameters = .of(&.{framebox.integer("threshold", "Threshold", .{ .min = 16, .max = 235, .default = 128 })}),
    .outputs = .of(&.{.{ .id = .of("share"), .label = .of("Mirrored"), .kind = .gauge, .unit = .of(.of("%")) }}),
};

/// A session begins, with every parameter; or somebody moved a slider. There is but one.
pub fn configure(_: []const u8, value: framebox.Value) framebox.Refused!void {
    threshold = @intCast(value.integer);
}

/// Called for each frame.
pub fn process(input: framebox.Frame, out: framebox.Output) framebox.Refused!void {
    const size = input.info().size;
    // As video comes: first the brightness of each pixel, then the colours, at half the width and height.
    const pixels = input.pixels(.i420);
    defer framebox.gpa.free(pixels);
    const share = effect.solarize(pixels[0 .. size.width * size.height], threshold);
    try out.pixels(size, .i420, pixels);
    try out.putInteger("share", share);
}

comptime {
    framebox.transform(@This());
}
