//! Outlines by the Sobel operator: white where the brightness changes, 16 pixels at a time.

const std = @import("std");
const framebox = @import("framebox");

pub const about: framebox.Descriptor = .{
    .title = .of("Sobel"),
    .summary = .of("Outlines by the Sobel operator"),
    .parameters = .of(&.{
        framebox.integer("gain", "Gain", .{ .min = 1, .max = 8, .default = 2 }),
        framebox.integer("threshold", "Threshold", .{ .min = 0, .max = 255, .default = 24 }),
    }),
    .outputs = .of(&.{.{ .id = .of("area"), .label = .of("Outlines"), .kind = .gauge, .unit = .of(.of("%")) }}),
};

var gain: u16 = 2;
var threshold: u16 = 24;

pub fn configure(id: []const u8, value: framebox.Value) framebox.Error!void {
    const parameters = .{ .{ "gain", &gain }, .{ "threshold", &threshold } };
    inline for (parameters) |parameter| {
        if (std.mem.eql(u8, id, parameter[0])) {
            parameter[1].* = @intCast(value.integer);
            return;
        }
    }
    return framebox.fail("unknown parameter");
}

pub fn process(input: framebox.Frame, out: framebox.Output) framebox.Error!void {
    const size = input.info().size;
    const gray = input.pixels(.gray8);
    defer framebox.gpa.free(gray);
    const drawn = framebox.gpa.alloc(u8, gray.len) catch return framebox.fail("out of memory");
    defer framebox.gpa.free(drawn);
    @memset(drawn, 0); // pixels at the edge lack neighbours
    const width: usize = size.width;
    var found: u64 = 0;
    if (size.width > 2 and size.height > 2) {
        for (1..size.height - 1) |y| {
            const rows = [3][]const u8{ gray[(y - 1) * width ..][0..width], gray[y * width ..][0..width], gray[(y + 1) * width ..][0..width] };
            found += outline(drawn[y * width ..][0..width], rows);
        }
    }
    try out.pixels(size, .gray8, drawn);
    // Rounded to tenths, so that the value does not flicker.
    try out.putNumber("area", @as(f64, @floatFromInt(found * 1000 / gray.len)) / 10);
}

/// Draws one row except for its first and last pixel; returns the number of outline pixels.
fn outline(row: []u8, rows: [3][]const u8) u64 {
    var found: u64 = 0;
    var x: usize = 1;
    while (x + 16 < row.len) : (x += 16) found += block(16, row, rows, x);
    while (x + 1 < row.len) : (x += 1) found += block(1, row, rows, x);
    return found;
}

/// Draws `lanes` pixels from `x`. Vectors may have any length in Zig, so a single pixel needs no special case.
inline fn block(comptime lanes: usize, row: []u8, rows: [3][]const u8, x: usize) u64 {
    const Bytes = @Vector(lanes, u8);
    const Sums = @Vector(lanes, i16);
    const Lanes = @Vector(lanes, u16);
    // The nine neighbours: near[1][1] is the pixel itself.
    var near: [3][3]Sums = undefined;
    inline for (0..3) |dy| {
        inline for (0..3) |dx| near[dy][dx] = @as(Bytes, rows[dy][x + dx - 1 ..][0..lanes].*);
    }
    const two: Sums = @splat(2);
    const across = (near[0][2] - near[0][0]) + two * (near[1][2] - near[1][0]) + (near[2][2] - near[2][0]);
    const down = (near[2][0] - near[0][0]) + two * (near[2][1] - near[0][1]) + (near[2][2] - near[0][2]);
    // At most 2040 / 4 * 8, which fits 16 bits.
    const strength = ((@abs(across) + @abs(down)) >> @splat(2)) * @as(Lanes, @splat(gain));
    const clear = strength > @as(Lanes, @splat(threshold));
    const none: Lanes = @splat(0);
    const drawn = @min(@select(u16, clear, strength, none), @as(Lanes, @splat(255)));
    row[x..][0..lanes].* = @as(Bytes, @intCast(drawn));
    return @reduce(.Add, @as(@Vector(lanes, u16), @intFromBool(clear)));
}

comptime {
    framebox.transform(@This());
}
