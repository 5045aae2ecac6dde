// Mirrors the brightness of what is brighter than a threshold, and tells how much of the picture that is.
#include "effect.h"
#include "framebox.h"

static uint8_t threshold = 128;

// What the page shows: a slider and a gauge.
void fb_describe(fb_descriptor *it) {
  fb_title(it, "{{name}}", "A negative of what is bright");
  fb_integer(it, "threshold", "Threshold", 16, 235, 128);
  fb_puts(it, "share", "Mirrored", FB_GAUGE, "%");
}

// A session begins, with every parameter; or somebody moved a slider.
bool fb_configure(fb_string id, const fb_value *value, fb_string *why) {
  if (!fb_is(id, "threshold")) return fb_because(why, "there is no such parameter");
  // The host has checked that it is an integer from 16 to 235.
  threshold = (uint8_t)value->val.integer;
  return true;
}

// Called for each frame.
bool fb_process(fb_frame input, fb_output out, const fb_budget *budget, fb_string *why) {
  (void)budget;
  fb_size size = fb_look(input).size;
  // As video comes: first the brightness of each pixel, then the colours, at half the width and height.
  fb_bytes pixels = fb_pixels(input, FB_I420);
  unsigned share = solarize(pixels.ptr, (size_t)size.width * size.height, threshold);
  bool done = fb_show(out, size, FB_I420, pixels, why) && fb_put_integer(out, "share", share, why);
  fb_free(&pixels);
  return done;
}
