// Sharpens, blurs or embosses the picture: each pixel becomes a weighted sum of its neighbours.
//
// Works on the planes of I420, so that nothing is converted, and on 16 pixels at a time.
#include "framebox.h"

#include <stdlib.h>
#include <string.h>
#include <wasm_simd128.h>

// Radius of a kernel, pixels.
#define REACH 2
#define SIDE (2 * REACH + 1)
// Bytes that may be read past a row's end by the last vector.
#define SLACK 16

// Sums fit 16 bits: those of `blur` are at most 255 * 256, and are divided by 256.
typedef struct {
  const char *id;
  int16_t weights[SIDE][SIDE];
  unsigned shift;  // binary logarithm of the divisor of the sum
  bool colours;    // whether the colour planes are processed as well
} kernel;

static const kernel KERNELS[] = {
    {"sharpen", {{0}, {0, 0, -1, 0, 0}, {0, -1, 5, -1, 0}, {0, 0, -1, 0, 0}}, 0, false},
    {"blur",
     {{1, 4, 6, 4, 1}, {4, 16, 24, 16, 4}, {6, 24, 36, 24, 6}, {4, 16, 24, 16, 4}, {1, 4, 6, 4, 1}},
     8,
     true},
    {"emboss", {{0}, {0, -2, -1, 0, 0}, {0, -1, 1, 1, 0}, {0, 0, 1, 2, 0}}, 0, false},
};
static const kernel *chosen = &KERNELS[0];

// A copy of a plane with its edges extended on all sides, reused for each frame.
static uint8_t *padded;
static size_t padded_size;

void fb_describe(fb_descriptor *it) {
  static const char *const options[] = {"sharpen", "Sharpen", "blur", "Blur", "emboss", "Emboss", NULL};
  fb_title(it, "Convolve", "Sharpens, blurs or embosses the picture");
  fb_choice(it, "kernel", "Kernel", options);
}

bool fb_configure(fb_string id, const fb_value *value, fb_string *why) {
  if (!fb_equals(id, "kernel")) return fb_fail(why, "unknown parameter");
  for (size_t i = 0; i < sizeof KERNELS / sizeof *KERNELS; i++) {
    if (fb_equals(value->val.text, KERNELS[i].id)) chosen = &KERNELS[i];
  }
  return true;
}

// Bytes between the starts of two rows of the copy.
static size_t stride(size_t width) { return width + 2 * REACH + SLACK; }

static void pad(const uint8_t *plane, size_t width, size_t height) {
  size_t needed = stride(width) * (height + 2 * REACH);
  if (needed > padded_size) {
    free(padded);
    padded = malloc(needed);
    if (padded == NULL) __builtin_trap();
    padded_size = needed;
  }
  for (size_t y = 0; y < height + 2 * REACH; y++) {
    size_t from = y < REACH ? 0 : y - REACH < height ? y - REACH : height - 1;
    const uint8_t *row = plane + from * width;
    uint8_t *to = padded + y * stride(width);
    memset(to, row[0], REACH);
    memcpy(to + REACH, row, width);
    memset(to + REACH + width, row[width - 1], REACH + SLACK);
  }
}

// Computes the sums of the 16 pixels whose neighbourhoods start at `from`. Always inlined with a constant kernel, so that
// the loops unroll and weights of 0 cost nothing.
static inline __attribute__((always_inline)) v128_t sums(const uint8_t *from, size_t stride, const kernel *k) {
  v128_t low = wasm_i16x8_const_splat(0), high = low;
#pragma clang loop unroll(full)
  for (int y = 0; y < SIDE; y++) {
#pragma clang loop unroll(full)
    for (int x = 0; x < SIDE; x++) {
      if (k->weights[y][x] == 0) continue;
      v128_t bytes = wasm_v128_load(from + (size_t)y * stride + x), weight = wasm_i16x8_splat(k->weights[y][x]);
      low = wasm_i16x8_add(low, wasm_i16x8_mul(wasm_u16x8_extend_low_u8x16(bytes), weight));
      high = wasm_i16x8_add(high, wasm_i16x8_mul(wasm_u16x8_extend_high_u8x16(bytes), weight));
    }
  }
  if (k->shift > 0) {
    low = wasm_u16x8_shr(low, k->shift);
    high = wasm_u16x8_shr(high, k->shift);
  }
  return wasm_u8x16_narrow_i16x8(low, high);  // saturates to 0 and 255
}

static inline __attribute__((always_inline)) void run(uint8_t *plane, size_t width, size_t height, const kernel *k) {
  for (size_t y = 0; y < height; y++, plane += width) {
    const uint8_t *from = padded + y * stride(width);
    size_t x = 0;
    for (; x + 16 <= width; x += 16) wasm_v128_store(plane + x, sums(from + x, stride(width), k));
    if (x < width) {
      v128_t last = sums(from + x, stride(width), k);
      memcpy(plane + x, &last, width - x);
    }
  }
}

static void convolve(uint8_t *plane, size_t width, size_t height) {
  pad(plane, width, height);
  switch (chosen - KERNELS) {
    case 0: run(plane, width, height, &KERNELS[0]); break;
    case 1: run(plane, width, height, &KERNELS[1]); break;
    default: run(plane, width, height, &KERNELS[2]);
  }
}

bool fb_process(fb_frame input, fb_output out, const fb_budget *budget, fb_string *why) {
  (void)budget;
  fb_size size = fb_frame_info(input).size;
  size_t width = (size.width + 1) / 2, height = (size.height + 1) / 2;  // of U and V
  fb_bytes pixels = fb_pixels(input, FB_I420);
  uint8_t *u = pixels.ptr + (size_t)size.width * size.height;
  convolve(pixels.ptr, size.width, size.height);
  if (chosen->colours) {
    convolve(u, width, height);
    convolve(u + width * height, width, height);
  }
  bool done = fb_show(out, size, FB_I420, pixels, why);
  fb_free(&pixels);
  return done;
}
