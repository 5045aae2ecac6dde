//! Inverts the brightness of pixels above a threshold, and reports their share of the picture.

const effect = @import("effect.zig");
const framebox = @import("framebox.zig");

var threshold: u8 = 128;

/// Describes the handler to the page: a slider and a gauge.
pub const about: framebox.Descriptor = .{
    .title = .of("{{name}}"),
    .summary = .of("Inverts bright pixels"),
    .parameters = .of(&.{framebox.integer("threshold", "Threshold", .{ .min = 16, .max = 235, .default = 128 })}),
    .outputs = .of(&.{.{ .id = .of("share"), .label = .of("Inverted"), .kind = .gauge, .unit = .of(.of("%")) }}),
};

/// Called with every parameter when a session starts, and with those that change. There is only one.
pub fn configure(_: []const u8, value: framebox.Value) framebox.Error!void {
    threshold = @intCast(value.integer);
}

/// Called for each frame.
pub fn process(input: framebox.Frame, out: framebox.Output) framebox.Error!void {
    const size = input.info().size;
    // The native format of video: the brightness of each pixel, then the colours at half the width and height.
    const pixels = input.pixels(.i420);
    defer framebox.gpa.free(pixels);
    const share = effect.solarize(pixels[0 .. size.width * size.height], threshold);
    try out.pixels(size, .i420, pixels);
    try out.putInteger("share", share);
}

comptime {
    framebox.transform(@This());
}
