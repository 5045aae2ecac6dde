//! Reports the brightness of the video.

const effect = @import("effect.zig");
const framebox = @import("framebox.zig");

var interval_ms: i64 = 500;
var due_us: i64 = 0; // time of the next value

/// Describes the handler to the page: a slider and a gauge.
pub const about: framebox.Descriptor = .{
    .title = .of("{{name}}"),
    .summary = .of("Reports the brightness of the video"),
    .parameters = .of(&.{framebox.integer("interval", "Interval", .{
        .min = 100,
        .max = 5000,
        .step = 100,
        .default = 500,
        .unit = .of(.of("ms")),
    })}),
    .outputs = .of(&.{.{ .id = .of("brightness"), .label = .of("Brightness"), .kind = .gauge }}),
};

/// Called with every parameter when a session starts, and with those that change. There is only one.
pub fn configure(_: []const u8, value: framebox.Value) framebox.Error!void {
    interval_ms = value.integer;
}

/// Called for each frame.
pub fn consume(input: framebox.Frame, out: framebox.Output) framebox.Error!void {
    const now_us = input.info().pts_us;
    if (now_us < due_us) return;
    due_us = now_us + interval_ms * 1000;
    // A small copy is enough, and costs a fraction of the whole picture.
    const gray = input.sample(.gray8, .{ .width = 64, .height = 36 });
    defer framebox.gpa.free(gray);
    try out.putInteger("brightness", effect.brightness(gray));
}

comptime {
    framebox.observer(@This());
}
