#include "effect.h"

unsigned solarize(uint8_t *luma, size_t count, uint8_t threshold) {
  size_t mirrored = 0;
  // Without a branch, so that the compiler can use vector instructions.
  for (size_t i = 0; i < count; i++) {
    uint8_t y = luma[i], mirror = y < 251 ? 251 - y : 0;
    mirrored += y >= threshold;
    luma[i] = y >= threshold ? mirror : y;
  }
  return (unsigned)((uint64_t)100 * mirrored / count);
}
