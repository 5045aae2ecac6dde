// Posterize: fewer levels of each colour, and the mean brightness of the input.
#include "framebox.h"

#include <wasm_simd128.h>

static unsigned levels = 4;

void fb_describe(fb_descriptor *it) {
  fb_title(it, "Posterize", "Fewer levels of each colour");
  fb_integer(it, "levels", "Levels", 2, 16, 4);
  fb_declare(it, "mean-brightness", "Mean brightness", FB_NUMBER, NULL);
}

bool fb_configure(fb_string id, const fb_value *value, fb_string *why) {
  if (!fb_equals(id, "levels")) return fb_fail(why, "unknown parameter");
  // The host has checked that it is an integer from 2 to 16.
  levels = (unsigned)value->val.integer;
  return true;
}

// A byte c is in band c * levels / 256, whose colour is band * 255 / (levels - 1). 255 maps to 255, so alpha needs
// no special case. There are at most 16 bands, so their colours fit one vector, and a swizzle looks up 16 bytes at a time.
static void posterize(uint8_t *bytes, size_t count) {
  uint8_t drawn[16] = {0};
  for (unsigned band = 0; band < levels; band++) drawn[band] = (uint8_t)(band * 255 / (levels - 1));
  const v128_t table = wasm_v128_load(drawn), factor = wasm_u16x8_splat((uint16_t)levels);
  size_t i = 0;
  // Each iteration is metered, so unrolling pays.
#pragma clang loop unroll_count(8)
  for (; i + 16 <= count; i += 16) {
    v128_t c = wasm_v128_load(bytes + i);
    v128_t low = wasm_u16x8_shr(wasm_i16x8_mul(wasm_u16x8_extend_low_u8x16(c), factor), 8);
    v128_t high = wasm_u16x8_shr(wasm_i16x8_mul(wasm_u16x8_extend_high_u8x16(c), factor), 8);
    wasm_v128_store(bytes + i, wasm_i8x16_swizzle(table, wasm_u8x16_narrow_i16x8(low, high)));
  }
  for (; i < count; i++) bytes[i] = drawn[bytes[i] * levels / 256];
}

// Samples every 8th pixel of every 8th row.
static int64_t mean_brightness(const uint8_t *rgba, fb_size size) {
  uint64_t sum = 0, count = 0;
  for (uint32_t y = 0; y < size.height; y += 8) {
    for (uint32_t x = 0; x < size.width; x += 8, count++) {
      const uint8_t *pixel = rgba + 4 * ((size_t)y * size.width + x);
      sum += (77u * pixel[0] + 150u * pixel[1] + 29u * pixel[2]) >> 8;
    }
  }
  return (int64_t)(sum / count);
}

bool fb_process(fb_frame input, fb_output out, const fb_budget *budget, fb_string *why) {
  (void)budget;
  fb_size size = fb_frame_info(input).size;
  fb_bytes pixels = fb_pixels(input, FB_RGBA8);
  int64_t mean = mean_brightness(pixels.ptr, size);
  posterize(pixels.ptr, pixels.len);
  bool done = fb_show(out, size, FB_RGBA8, pixels, why) && fb_put_integer(out, "mean-brightness", mean, why);
  fb_free(&pixels);
  return done;
}
