// Reports the brightness of the video.
#include "effect.h"
#include "framebox.h"

static int64_t interval_ms = 500;
static int64_t due_us = 0; // time of the next value

// Describes the handler to the page: a slider and a gauge.
void fb_describe(fb_descriptor *it) {
  fb_title(it, "{{name}}", "Reports the brightness of the video");
  fb_integer(it, "interval", "Interval, ms", 100, 5000, 500);
  fb_declare(it, "brightness", "Brightness", FB_GAUGE, NULL);
}

// Called with every parameter when a session starts, and with those that change.
bool fb_configure(fb_string id, const fb_value *value, fb_string *why) {
  if (!fb_equals(id, "interval")) return fb_fail(why, "unknown parameter");
  interval_ms = value->val.integer;
  return true;
}

// Called for each frame.
bool fb_consume(fb_frame input, fb_output out, const fb_budget *budget, fb_string *why) {
  (void)budget;
  int64_t now_us = fb_frame_info(input).pts_us;
  if (now_us < due_us) return true;
  due_us = now_us + interval_ms * 1000;
  // A small copy is enough, and costs a fraction of the whole picture.
  fb_bytes gray = fb_sample(input, FB_GRAY8, (fb_size){64, 36});
  unsigned mean = brightness(gray.ptr, gray.len);
  fb_free(&gray);
  return fb_put_integer(out, "brightness", mean, why);
}
