//! Posterize: fewer levels of each colour, and the mean brightness of the input.

const framebox = @import("framebox");

pub const about: framebox.Descriptor = .{
    .title = .of("Posterize"),
    .summary = .of("Fewer levels of each colour"),
    .parameters = .of(&.{framebox.integer("levels", "Levels", .{ .min = 2, .max = 16, .default = 4 })}),
    .outputs = .of(&.{.{ .id = .of("mean-brightness"), .label = .of("Mean brightness"), .kind = .number }}),
};

var levels: u16 = 4;

pub fn configure(_: []const u8, value: framebox.Value) framebox.Error!void {
    levels = @intCast(value.integer);
}

pub fn process(input: framebox.Frame, out: framebox.Output) framebox.Error!void {
    const size = input.info().size;
    const pixels = input.pixels(.rgba8);
    defer framebox.gpa.free(pixels);
    const mean = meanBrightness(pixels, size);
    posterize(pixels);
    try out.pixels(size, .rgba8, pixels);
    try out.putInteger("mean-brightness", mean);
}

/// A byte c is in band c * levels / 256, whose colour is band * 255 / (levels - 1). There are at most 16 bands, so a
/// multiplication by 256ths, rounded up, gives the same as that division, and stays within 16 bits. 255 maps to 255, so
/// alpha needs no special case.
fn posterize(bytes: []u8) void {
    const lanes = 64; // four vectors: each iteration is metered, so unrolling pays
    const step = (255 * 256 + levels - 2) / (levels - 1);
    var i: usize = 0;
    while (i + lanes <= bytes.len) : (i += lanes) {
        const block: *[lanes]u8 = bytes[i..][0..lanes];
        const c: @Vector(lanes, u16) = @as(@Vector(lanes, u8), block.*);
        const band = (c * @as(@Vector(lanes, u16), @splat(levels))) >> @splat(8);
        block.* = @as(@Vector(lanes, u8), @intCast((band * @as(@Vector(lanes, u16), @splat(step))) >> @splat(8)));
    }
    for (bytes[i..]) |*c| c.* = @intCast((((c.* * levels) >> 8) * step) >> 8);
}

/// Samples every 8th pixel of every 8th row.
fn meanBrightness(rgba: []const u8, size: framebox.Size) i64 {
    var sum: u64 = 0;
    var count: u64 = 0;
    var y: usize = 0;
    while (y < size.height) : (y += 8) {
        var x: usize = 0;
        while (x < size.width) : (x += 8) {
            const pixel = rgba[4 * (y * size.width + x) ..][0..3];
            sum += (77 * @as(u32, pixel[0]) + 150 * @as(u32, pixel[1]) + 29 * @as(u32, pixel[2])) >> 8;
            count += 1;
        }
    }
    return @intCast(sum / count);
}

comptime {
    framebox.transform(@This());
}
