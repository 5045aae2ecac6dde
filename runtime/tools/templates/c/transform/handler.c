// Inverts the brightness of pixels above a threshold, and reports their share of the picture.
#include "effect.h"
#include "framebox.h"

static uint8_t threshold = 128;

// Describes the handler to the page: a slider and a gauge.
void fb_describe(fb_descriptor *it) {
  fb_title(it, "{{name}}", "Inverts bright pixels");
  fb_integer(it, "threshold", "Threshold", 16, 235, 128);
  fb_declare(it, "share", "Inverted", FB_GAUGE, "%");
}

// Called with every parameter when a session starts, and with those that change.
bool fb_configure(fb_string id, const fb_value *value, fb_string *why) {
  if (!fb_equals(id, "threshold")) return fb_fail(why, "unknown parameter");
  // The host has checked that it is an integer from 16 to 235.
  threshold = (uint8_t)value->val.integer;
  return true;
}

// Called for each frame.
bool fb_process(fb_frame input, fb_output out, const fb_budget *budget, fb_string *why) {
  (void)budget;
  fb_size size = fb_frame_info(input).size;
  // The native format of video: the brightness of each pixel, then the colours at half the width and height.
  fb_bytes pixels = fb_pixels(input, FB_I420);
  unsigned share = solarize(pixels.ptr, (size_t)size.width * size.height, threshold);
  bool done = fb_show(out, size, FB_I420, pixels, why) && fb_put_integer(out, "share", share, why);
  fb_free(&pixels);
  return done;
}
