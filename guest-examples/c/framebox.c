// Exports the functions that a handler defines, and converts between plain C and the types of the interface.
#include "framebox.h"

#include <stdlib.h>
#include <string.h>

// The bindings free the strings of a result, so every one is a copy.
static fb_string copy(const char *text) {
  fb_string it;
  framebox_string_dup(&it, text);
  return it;
}

// Borrows a string for an argument.
static fb_string borrow(const char *text) { return (fb_string){(uint8_t *)text, strlen(text)}; }

static void *grow(void *list, size_t count, size_t size) {
  void *larger = realloc(list, count * size);
  if (larger == NULL) __builtin_trap();
  return larger;
}

void fb_title(fb_descriptor *it, const char *title, const char *summary) {
  framebox_string_free(&it->title);
  framebox_string_free(&it->summary);
  it->title = copy(title);
  it->summary = copy(summary);
}

static framebox_video_types_parameter_kind_t *parameter(fb_descriptor *it, const char *id, const char *label,
                                                        uint8_t tag) {
  it->parameters.ptr = grow(it->parameters.ptr, it->parameters.len + 1, sizeof *it->parameters.ptr);
  framebox_video_types_parameter_t *last = &it->parameters.ptr[it->parameters.len++];
  *last = (framebox_video_types_parameter_t){.id = copy(id), .label = copy(label), .kind = {.tag = tag}};
  return &last->kind;
}

void fb_integer(fb_descriptor *it, const char *id, const char *label, int64_t min, int64_t max, int64_t start) {
  parameter(it, id, label, FRAMEBOX_VIDEO_TYPES_PARAMETER_KIND_INTEGER)->val.integer =
      (framebox_video_types_integer_spec_t){.min = min, .max = max, .step = 1, .default_ = start};
}

void fb_number(fb_descriptor *it, const char *id, const char *label, double min, double max, double step, double start) {
  parameter(it, id, label, FRAMEBOX_VIDEO_TYPES_PARAMETER_KIND_NUMBER)->val.number =
      (framebox_video_types_number_spec_t){.min = min, .max = max, .step = step, .default_ = start};
}

void fb_toggle(fb_descriptor *it, const char *id, const char *label, bool start) {
  parameter(it, id, label, FRAMEBOX_VIDEO_TYPES_PARAMETER_KIND_TOGGLE)->val.toggle = start;
}

void fb_choice(fb_descriptor *it, const char *id, const char *label, const char *const *options) {
  framebox_video_types_choice_spec_t spec = {.default_ = copy(options[0])};
  for (; options[0] != NULL; options += 2) {
    spec.options.ptr = grow(spec.options.ptr, spec.options.len + 1, sizeof *spec.options.ptr);
    spec.options.ptr[spec.options.len++] = (framebox_video_types_choice_t){copy(options[0]), copy(options[1])};
  }
  parameter(it, id, label, FRAMEBOX_VIDEO_TYPES_PARAMETER_KIND_CHOICE)->val.choice = spec;
}

void fb_declare(fb_descriptor *it, const char *id, const char *label, fb_kind kind, const char *unit) {
  it->outputs.ptr = grow(it->outputs.ptr, it->outputs.len + 1, sizeof *it->outputs.ptr);
  framebox_video_types_output_spec_t *last = &it->outputs.ptr[it->outputs.len++];
  *last = (framebox_video_types_output_spec_t){.id = copy(id), .label = copy(label), .kind = (uint8_t)kind};
  last->unit.is_some = unit != NULL;
  if (unit != NULL) last->unit.val = copy(unit);
}

fb_info fb_frame_info(fb_frame picture) {
  fb_info info;
  framebox_video_media_method_frame_info(picture, &info);
  return info;
}

fb_bytes fb_pixels(fb_frame picture, fb_format format) {
  fb_bytes data;
  framebox_video_media_method_frame_pixels(picture, (uint8_t)format, &data);
  return data;
}

fb_bytes fb_sample(fb_frame picture, fb_format format, fb_size to) {
  fb_bytes data;
  framebox_video_media_method_frame_sample(picture, (uint8_t)format, NULL, &to, &data);
  return data;
}

bool fb_show(fb_output out, fb_size size, fb_format format, fb_bytes data, fb_string *why) {
  return framebox_video_media_method_output_pixels(out, &size, (uint8_t)format, &data, why);
}

bool fb_patch(fb_output out, fb_rect at, fb_format format, fb_bytes data, fb_string *why) {
  return framebox_video_media_method_output_patch(out, &at, (uint8_t)format, &data, why);
}

bool fb_pass(fb_output out, fb_frame picture, fb_string *why) {
  return framebox_video_media_method_output_show(out, picture, why);
}

void fb_log(fb_level level, const char *message) {
  fb_string text = borrow(message);
  framebox_video_log_log((uint8_t)level, &text);
}

void fb_free(fb_bytes *data) { framebox_list_u8_free(data); }

static bool put(fb_output out, const char *id, fb_value value, fb_string *why) {
  fb_string name = borrow(id);
  return framebox_video_media_method_output_put(out, &name, &value, why);
}

bool fb_put_integer(fb_output out, const char *id, int64_t value, fb_string *why) {
  return put(out, id, (fb_value){.tag = FRAMEBOX_VIDEO_TYPES_VALUE_INTEGER, .val.integer = value}, why);
}

bool fb_put_number(fb_output out, const char *id, double value, fb_string *why) {
  return put(out, id, (fb_value){.tag = FRAMEBOX_VIDEO_TYPES_VALUE_NUMBER, .val.number = value}, why);
}

bool fb_equals(fb_string text, const char *other) {
  return text.len == strlen(other) && memcmp(text.ptr, other, text.len) == 0;
}

bool fb_fail(fb_string *why, const char *reason) {
  *why = copy(reason);
  return false;
}

// The exports.

void exports_framebox_video_lifecycle_describe(fb_descriptor *it) {
  memset(it, 0, sizeof *it);
  fb_describe(it);
}

bool exports_framebox_video_lifecycle_configure(exports_framebox_video_lifecycle_list_named_value_t *changed,
                                                fb_string *why) {
  bool taken = true;
  for (size_t i = 0; i < changed->len && taken; i++) taken = fb_configure(changed->ptr[i].id, &changed->ptr[i].value, why);
  exports_framebox_video_lifecycle_list_named_value_free(changed);
  return taken;
}

bool exports_framebox_video_lifecycle_init(exports_framebox_video_lifecycle_list_named_value_t *settings, fb_string *why) {
  return exports_framebox_video_lifecycle_configure(settings, why);
}

void exports_framebox_video_lifecycle_close(void) {}

#if defined(FB_GENERATOR)
bool exports_framebox_video_generate_next(int64_t now_us, fb_output out, fb_budget *budget,
                                          exports_framebox_video_generate_stop_t *stop) {
  stop->tag = FRAMEBOX_VIDEO_TYPES_STOP_FAILED;
  return fb_next(now_us, out, budget, &stop->val.failed);
}
#elif defined(FB_OBSERVER)
bool exports_framebox_video_observe_consume(fb_frame input, fb_output out, fb_budget *budget,
                                            exports_framebox_video_observe_stop_t *stop) {
  stop->tag = FRAMEBOX_VIDEO_TYPES_STOP_FAILED;
  return fb_consume(input, out, budget, &stop->val.failed);
}
#else
bool exports_framebox_video_transform_process(fb_frame input, fb_output out, fb_budget *budget,
                                              exports_framebox_video_transform_stop_t *stop) {
  stop->tag = FRAMEBOX_VIDEO_TYPES_STOP_FAILED;
  return fb_process(input, out, budget, &stop->val.failed);
}
#endif
