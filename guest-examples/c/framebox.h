// What a handler needs beside the interface itself (bindings/bindings.h).
//
// A handler defines `fb_describe`, `fb_configure` and what its kind does with a frame: `fb_process`, `fb_next` with
// -DFB_GENERATOR, or `fb_consume` with -DFB_OBSERVER; framebox.c exports them. The generated functions may be called
// beside these.
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
// The picture that a call is given, and the place for its results; both are lent for the call.
typedef framebox_video_media_borrow_frame_t fb_frame;
typedef framebox_video_media_borrow_output_t fb_output;

typedef enum { FB_RGBA8, FB_RGB8, FB_GRAY8, FB_I420, FB_NV12 } fb_format;
typedef enum { FB_DEBUG, FB_INFO, FB_WARN, FB_ERROR } fb_level;
typedef enum { FB_NUMBER, FB_GAUGE, FB_TEXT, FB_JSON, FB_IMAGE, FB_TABLE, FB_PLOT } fb_kind;

// The handler's own part.

// Says what it is, by the functions below. The same each time.
void fb_describe(fb_descriptor *it);
// Takes the value of a parameter: all of them at the start, later those that changed. False refuses it, and says why.
bool fb_configure(fb_string id, const fb_value *value, fb_string *why);
#if defined(FB_GENERATOR)
// Makes the frame that is shown so many microseconds after the stream began. False: there is none, and why.
bool fb_next(int64_t now_us, fb_output out, const fb_budget *budget, fb_string *why);
#elif defined(FB_OBSERVER)
// Looks at a frame and puts values. False: it failed, and why.
bool fb_consume(fb_frame input, fb_output out, const fb_budget *budget, fb_string *why);
#else
// Makes something of a frame. False: there is no picture of this one, and why.
bool fb_process(fb_frame input, fb_output out, const fb_budget *budget, fb_string *why);
#endif

// What it is, of what kind its parameters are, and what it puts beside the picture.

void fb_title(fb_descriptor *it, const char *title, const char *summary);
void fb_integer(fb_descriptor *it, const char *id, const char *label, int64_t min, int64_t max, int64_t start);
void fb_number(fb_descriptor *it, const char *id, const char *label, double min, double max, double step, double start);
void fb_toggle(fb_descriptor *it, const char *id, const char *label, bool start);
// `options` are pairs of id and label, with NULL at the end; the first one is where it starts.
void fb_choice(fb_descriptor *it, const char *id, const char *label, const char *const *options);
// `unit` may be NULL.
void fb_puts(fb_descriptor *it, const char *id, const char *label, fb_kind kind, const char *unit);

// Pictures. What is given has to be given back with `fb_free`.

fb_info fb_look(fb_frame picture);
fb_bytes fb_pixels(fb_frame picture, fb_format format);
// A smaller copy of the whole.
fb_bytes fb_sample(fb_frame picture, fb_format format, fb_size to);
bool fb_show(fb_output out, fb_size size, fb_format format, fb_bytes data, fb_string *why);
// Over a part of the picture that was shown; of RGBA, alpha counts.
bool fb_patch(fb_output out, fb_rect at, fb_format format, fb_bytes data, fb_string *why);
// Shows a picture that the host has, such as the input, without copying it.
bool fb_pass(fb_output out, fb_frame picture, fb_string *why);
void fb_free(fb_bytes *data);

// Values beside the picture.

bool fb_put_integer(fb_output out, const char *id, int64_t value, fb_string *why);
bool fb_put_number(fb_output out, const char *id, double value, fb_string *why);

// To the session's log.
void fb_log(fb_level level, const char *message);

// Strings.

bool fb_is(fb_string text, const char *other);
// For `why`: always false, so that it can be returned.
bool fb_because(fb_string *why, const char *reason);

#endif
