// Generates moving bands of colour and reports how far they have moved.
#include "effect.h"
#include "framebox.h"

static int64_t speed = 60, last_us = 0;
static int64_t moved = 0; // millionths of a pixel

// Describes the handler to the page: a slider and a number.
void fb_describe(fb_descriptor *it) {
  fb_title(it, "{{name}}", "Moving bands of colour");
  fb_integer(it, "speed", "Speed, px/s", 0, 500, 60);
  fb_declare(it, "moved", "Moved", FB_NUMBER, "px");
}

// Called with every parameter when a session starts, and with those that change.
bool fb_configure(fb_string id, const fb_value *value, fb_string *why) {
  if (!fb_equals(id, "speed")) return fb_fail(why, "unknown parameter");
  speed = value->val.integer;
  return true;
}

// Called for each frame, with the time since the stream began, in microseconds.
bool fb_next(int64_t now_us, fb_output out, const fb_budget *budget, fb_string *why) {
  (void)budget;
  moved += (now_us - last_us) * speed;
  last_us = now_us;
  int64_t pixels = moved / 1000000;
  static uint8_t picture[3 * WIDTH * HEIGHT];
  draw(picture, (uint64_t)pixels);
  return fb_show(out, (fb_size){WIDTH, HEIGHT}, FB_RGB8, (fb_bytes){picture, sizeof picture}, why) &&
         fb_put_integer(out, "moved", pixels, why);
}
