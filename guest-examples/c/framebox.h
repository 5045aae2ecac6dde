// A thin library over the bindings of the interface (bindings/bindings.h).
//
// A handler defines `fb_describe`, `fb_configure` and the function of its kind: `fb_process`, `fb_next` with
// -DFB_GENERATOR, or `fb_consume` with -DFB_OBSERVER; framebox.c exports them. It may also call the bindings directly.
#ifndef FRAMEBOX_H
#define FRAMEBOX_H

#include "bindings/bindings.h"

typedef framebox_string_t fb_string;
typedef framebox_list_u8_t fb_bytes;
typedef framebox_video_types_size_t fb_size;
typedef framebox_video_types_rect_t fb_rect;
typedef framebox_video_types_frame_info_t fb_info;
typedef framebox_video_types_budget_t fb_budget;
typedef framebox_video_types_value_t fb_value;
typedef framebox_video_types_descriptor_t fb_descriptor;
// The input of a call, and the destination of its results; both are borrowed for the call.
typedef framebox_video_media_borrow_frame_t fb_frame;
typedef framebox_video_media_borrow_output_t fb_output;

typedef enum { FB_RGBA8, FB_RGB8, FB_GRAY8, FB_I420, FB_NV12 } fb_format;
typedef enum { FB_DEBUG, FB_INFO, FB_WARN, FB_ERROR } fb_level;
typedef enum { FB_NUMBER, FB_GAUGE, FB_TEXT, FB_JSON, FB_IMAGE, FB_TABLE, FB_PLOT } fb_kind;

// Defined by the handler.

// Describes the handler through the functions below; must always give the same result.
void fb_describe(fb_descriptor *it);
// Sets a parameter: each of them at the start, later those that change. Returns false with a reason to reject the value.
bool fb_configure(fb_string id, const fb_value *value, fb_string *why);
#if defined(FB_GENERATOR)
// Generates the frame for a time since the start of the stream. Returns false with a reason on failure.
bool fb_next(int64_t now_us, fb_output out, const fb_budget *budget, fb_string *why);
#elif defined(FB_OBSERVER)
// Analyses a frame and puts values. Returns false with a reason on failure.
bool fb_consume(fb_frame input, fb_output out, const fb_budget *budget, fb_string *why);
#else
// Processes a frame. Returns false with a reason on failure.
bool fb_process(fb_frame input, fb_output out, const fb_budget *budget, fb_string *why);
#endif

// The descriptor: title, parameters and outputs.

void fb_title(fb_descriptor *it, const char *title, const char *summary);
void fb_integer(fb_descriptor *it, const char *id, const char *label, int64_t min, int64_t max, int64_t start);
void fb_number(fb_descriptor *it, const char *id, const char *label, double min, double max, double step, double start);
void fb_toggle(fb_descriptor *it, const char *id, const char *label, bool start);
// `options` are pairs of id and label, terminated by NULL; the first is the default.
void fb_choice(fb_descriptor *it, const char *id, const char *label, const char *const *options);
// `unit` may be NULL.
void fb_declare(fb_descriptor *it, const char *id, const char *label, fb_kind kind, const char *unit);

// Pictures. The caller frees returned bytes with `fb_free`.

fb_info fb_frame_info(fb_frame picture);
fb_bytes fb_pixels(fb_frame picture, fb_format format);
// Returns a scaled copy of the whole picture.
fb_bytes fb_sample(fb_frame picture, fb_format format, fb_size to);
bool fb_show(fb_output out, fb_size size, fb_format format, fb_bytes data, fb_string *why);
// Draws over a part of the picture shown before; the alpha of RGBA is blended.
bool fb_patch(fb_output out, fb_rect at, fb_format format, fb_bytes data, fb_string *why);
// Shows a picture of the host, such as the input, without copying it.
bool fb_pass(fb_output out, fb_frame picture, fb_string *why);
void fb_free(fb_bytes *data);

// Additional outputs.

bool fb_put_integer(fb_output out, const char *id, int64_t value, fb_string *why);
bool fb_put_number(fb_output out, const char *id, double value, fb_string *why);

// Writes to the session's log.
void fb_log(fb_level level, const char *message);

// Strings.

bool fb_equals(fb_string text, const char *other);
// Sets the reason; always returns false, so that its result can be returned.
bool fb_fail(fb_string *why, const char *reason);

#endif
