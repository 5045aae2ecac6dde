//! The interface in Zig.
//!
//! There is no generator of bindings for Zig. These are written by hand, with extern structs in the layout of the component
//! model's canonical ABI. A handler is a file with
//!
//!     pub const about: framebox.Descriptor = .{ .title = …, .summary = …, .parameters = .of(&.{ … }), … };
//!     pub fn configure(id: []const u8, value: framebox.Value) framebox.Error!void
//!     pub fn process(input: framebox.Frame, out: framebox.Output) framebox.Error!void
//!     comptime { framebox.transform(@This()); }
//!
//! A generator has `next(now_us: i64, out)` and `framebox.generator(@This())` instead, an observer `consume(input, out)`
//! and `framebox.observer(@This())`.
//!
//! `fail` returns an error with a reason.

const std = @import("std");

/// The allocator of the handler.
pub const gpa = std.heap.wasm_allocator;

pub const Error = error{Failed};

/// A list in the canonical ABI.
pub fn List(comptime T: type) type {
    return extern struct {
        ptr: [*]const T,
        len: usize,

        pub fn of(items: []const T) @This() {
            return .{ .ptr = items.ptr, .len = items.len };
        }

        pub fn slice(self: @This()) []const T {
            return self.ptr[0..self.len];
        }

        pub const none: @This() = .of(&.{});
    };
}

pub const String = List(u8);

pub fn Option(comptime T: type) type {
    return extern struct {
        some: bool = false,
        value: T = undefined,

        pub fn of(value: T) @This() {
            return .{ .some = true, .value = value };
        }
    };
}

pub const Format = enum(u8) { rgba8, rgb8, gray8, i420, nv12 };
pub const Size = extern struct { width: u32, height: u32 };
pub const Rect = extern struct { x: u32, y: u32, width: u32, height: u32 };
pub const Info = extern struct { size: Size, native: Format, pts_us: i64, sequence: u64, skipped: u32 };

pub const Number = extern struct { min: f64, max: f64, step: f64, default: f64, unit: Option(String) = .{} };
pub const Integer = extern struct { min: i64, max: i64, step: i64 = 1, default: i64, unit: Option(String) = .{} };
pub const Choice = extern struct { id: String, label: String };
pub const Choices = extern struct { options: List(Choice), default: String };
pub const Text = extern struct { max_chars: u32, multiline: bool, default: String };

pub const Kind = extern struct {
    tag: enum(u8) { number, integer, toggle, choice, text, color, button },
    is: extern union { number: Number, integer: Integer, toggle: bool, choice: Choices, text: Text, color: String },
};
pub const Parameter = extern struct {
    id: String,
    label: String,
    help: Option(String) = .{},
    group: Option(String) = .{},
    kind: Kind,
};
pub const OutputSpec = extern struct {
    id: String,
    label: String,
    kind: enum(u8) { number, gauge, text, json, image, table, plot },
    unit: Option(String) = .{},
};
pub const Descriptor = extern struct {
    title: String,
    summary: String,
    parameters: List(Parameter) = .none,
    outputs: List(OutputSpec) = .none,
    size: Option(Size) = .{},
    fps: Option(f32) = .{},
};

/// A slider for integers.
pub fn integer(id: []const u8, label: []const u8, spec: Integer) Parameter {
    return .{ .id = .of(id), .label = .of(label), .kind = .{ .tag = .integer, .is = .{ .integer = spec } } };
}

/// The value of a parameter, in the type of its kind. `text` is valid during the call only.
pub const Value = union(enum) { boolean: bool, integer: i64, number: f64, text: []const u8 };

/// A picture of the host, borrowed for a call.
pub const Frame = struct {
    handle: i32,

    pub fn info(self: Frame) Info {
        var it: Info = undefined;
        host.frame_info(self.handle, &it);
        return it;
    }

    /// Returns the whole picture; free it with `gpa`.
    pub fn pixels(self: Frame, format: Format) []align(16) u8 {
        var it: extern struct { ptr: [*]align(16) u8, len: usize } = undefined;
        host.frame_pixels(self.handle, @intFromEnum(format), &it);
        return it.ptr[0..it.len];
    }

    /// Returns a scaled copy of the whole picture; free it with `gpa`.
    pub fn sample(self: Frame, format: Format, to: Size) []align(16) u8 {
        var it: extern struct { ptr: [*]align(16) u8, len: usize } = undefined;
        host.frame_sample(self.handle, @intFromEnum(format), 0, 0, 0, 0, 0, 1, to.width, to.height, &it);
        return it.ptr[0..it.len];
    }
};

/// The destination of results, borrowed for a call.
pub const Output = struct {
    handle: i32,

    pub fn pixels(self: Output, size: Size, format: Format, data: []const u8) Error!void {
        var answer: Answer = undefined;
        host.output_pixels(self.handle, size.width, size.height, @intFromEnum(format), data.ptr, data.len, &answer);
        return answer.check();
    }

    /// Draws over a part of the picture shown before; the alpha of RGBA is blended.
    pub fn patch(self: Output, at: Rect, format: Format, data: []const u8) Error!void {
        var answer: Answer = undefined;
        host.output_patch(self.handle, at.x, at.y, at.width, at.height, @intFromEnum(format), data.ptr, data.len, &answer);
        return answer.check();
    }

    /// Shows a picture of the host, such as the input, without copying it.
    pub fn show(self: Output, picture: Frame) Error!void {
        var answer: Answer = undefined;
        host.output_show(self.handle, picture.handle, &answer);
        return answer.check();
    }

    pub fn putInteger(self: Output, id: []const u8, value: i64) Error!void {
        var answer: Answer = undefined;
        host.output_put(self.handle, id.ptr, id.len, 1, value, 0, 0, 0, &answer);
        return answer.check();
    }

    pub fn putNumber(self: Output, id: []const u8, value: f64) Error!void {
        var answer: Answer = undefined;
        host.output_put(self.handle, id.ptr, id.len, 2, @bitCast(value), 0, 0, 0, &answer);
        return answer.check();
    }
};

pub const Level = enum(u8) { debug, info, warn, err };

/// Writes to the session's log.
pub fn log(level: Level, message: []const u8) void {
    host.log(@intFromEnum(level), message.ptr, message.len);
}

/// Returns an error with a reason.
pub fn fail(comptime why: []const u8) Error {
    reason = .of(why);
    return error.Failed;
}

var reason: String = .of("the handler failed");

/// Exports a transform.
pub fn transform(comptime Handler: type) void {
    lifecycle(Handler);
    exportFrames(Handler.process, "framebox:video/transform@0.1.0#process");
}

/// Exports an observer.
pub fn observer(comptime Handler: type) void {
    lifecycle(Handler);
    exportFrames(Handler.consume, "framebox:video/observe@0.1.0#consume");
}

fn exportFrames(comptime handle: fn (Frame, Output) Error!void, comptime name: []const u8) void {
    const Exports = struct {
        var handled: Stop = undefined;

        fn call(input: i32, out: i32, _: u32, _: u64) callconv(.c) *const Stop {
            // Borrowed handles must be dropped before the call returns.
            defer host.frame_drop(input);
            defer host.output_drop(out);
            handled = .of(handle(.{ .handle = input }, .{ .handle = out }));
            return &handled;
        }
    };
    @export(&Exports.call, .{ .name = name });
}

/// Exports a generator.
pub fn generator(comptime Handler: type) void {
    lifecycle(Handler);
    const Exports = struct {
        var made: Stop = undefined;

        fn next(now_us: i64, out: i32, _: u32, _: u64) callconv(.c) *const Stop {
            defer host.output_drop(out);
            made = .of(Handler.next(now_us, .{ .handle = out }));
            return &made;
        }
    };
    @export(&Exports.next, .{ .name = "framebox:video/generate@0.1.0#next" });
}

/// Exports the functions of all kinds of handlers.
fn lifecycle(comptime Handler: type) void {
    const Exports = struct {
        var configured: Answer = undefined;

        fn describe() callconv(.c) *const Descriptor {
            return &Handler.about;
        }

        fn configure(list: [*]Named, count: usize) callconv(.c) *const Answer {
            defer release(list, count * @sizeOf(Named));
            configured = .{ .err = false, .why = .none };
            for (list[0..count]) |named| {
                defer release(named.id.ptr, named.id.len);
                defer if (named.tag == .text) release(named.is.text.ptr, named.is.text.len);
                const value: Value = switch (named.tag) {
                    .boolean => .{ .boolean = named.is.boolean },
                    .integer => .{ .integer = named.is.integer },
                    .number => .{ .number = named.is.number },
                    .text => .{ .text = named.is.text.slice() },
                };
                Handler.configure(named.id.slice(), value) catch {
                    configured = .{ .err = true, .why = reason };
                };
            }
            return &configured;
        }

        fn close() callconv(.c) void {}
    };
    const prefix = "framebox:video/lifecycle@0.1.0#";
    @export(&Exports.describe, .{ .name = prefix ++ "describe" });
    @export(&Exports.configure, .{ .name = prefix ++ "init" });
    @export(&Exports.configure, .{ .name = prefix ++ "configure" });
    @export(&Exports.close, .{ .name = prefix ++ "close" });
    @export(&cabi_realloc, .{ .name = "cabi_realloc" });
}

// The canonical ABI.

const Answer = extern struct {
    err: bool,
    why: String,

    fn check(self: Answer) Error!void {
        if (!self.err) return;
        // Never freed, since errors are rare.
        reason = self.why;
        return error.Failed;
    }
};
const Stop = extern struct {
    err: bool,
    stop: extern struct { tag: enum(u8) { failed, finished }, why: String },

    fn of(result: Error!void) Stop {
        const err = if (result) |_| false else |_| true;
        return .{ .err = err, .stop = .{ .tag = .failed, .why = if (err) reason else .none } };
    }
};
const Named = extern struct {
    id: String,
    tag: enum(u8) { boolean, integer, number, text },
    // `blob` is the largest case; the host never sends it.
    is: extern union { boolean: bool, integer: i64, number: f64, text: String, blob: [2]String },
};

const host = struct {
    extern "framebox:video/log@0.1.0" fn log(u32, [*]const u8, usize) void;
    extern "framebox:video/media@0.1.0" fn @"[method]frame.info"(i32, *Info) void;
    extern "framebox:video/media@0.1.0" fn @"[method]frame.pixels"(i32, u32, *anyopaque) void;
    extern "framebox:video/media@0.1.0" fn @"[method]frame.sample"(i32, u32, u32, u32, u32, u32, u32, u32, u32, u32, *anyopaque) void;
    extern "framebox:video/media@0.1.0" fn @"[method]output.pixels"(i32, u32, u32, u32, [*]const u8, usize, *Answer) void;
    extern "framebox:video/media@0.1.0" fn @"[method]output.patch"(i32, u32, u32, u32, u32, u32, [*]const u8, usize, *Answer) void;
    extern "framebox:video/media@0.1.0" fn @"[method]output.show"(i32, i32, *Answer) void;
    extern "framebox:video/media@0.1.0" fn @"[method]output.put"(i32, [*]const u8, usize, u32, i64, usize, usize, usize, *Answer) void;
    extern "framebox:video/media@0.1.0" fn @"[resource-drop]frame"(i32) void;
    extern "framebox:video/media@0.1.0" fn @"[resource-drop]output"(i32) void;

    const frame_info = @"[method]frame.info";
    const frame_pixels = @"[method]frame.pixels";
    const frame_sample = @"[method]frame.sample";
    const output_pixels = @"[method]output.pixels";
    const output_patch = @"[method]output.patch";
    const output_show = @"[method]output.show";
    const output_put = @"[method]output.put";
    const frame_drop = @"[resource-drop]frame";
    const output_drop = @"[resource-drop]output";
};

/// Allocates memory for the arguments that the host passes.
fn cabi_realloc(old: ?[*]align(16) u8, old_size: usize, _: usize, size: usize) callconv(.c) ?[*]u8 {
    // The pointer of an empty list must be aligned and not null.
    if (size == 0) return @ptrFromInt(16);
    const list: []align(16) u8 = if (old) |ptr| ptr[0..old_size] else &.{};
    const moved = gpa.realloc(list, size) catch @trap();
    return moved.ptr;
}

/// Frees memory from `cabi_realloc`.
fn release(ptr: anytype, len: usize) void {
    if (len == 0) return;
    const bytes: [*]align(16) u8 = @ptrCast(@alignCast(@constCast(ptr)));
    gpa.free(bytes[0..len]);
}

comptime {
    std.debug.assert(@sizeOf(Parameter) == 96 and @sizeOf(Descriptor) == 52 and @sizeOf(Named) == 32);
}
