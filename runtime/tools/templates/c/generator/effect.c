#include "effect.h"

#include <stdlib.h>

// A triangle wave with a period of 256: from 0 up to 254 and down again.
static uint8_t wave(unsigned position) { return (uint8_t)(255 - abs(2 * (int)(position & 255) - 255)); }

void draw(uint8_t pixels[3 * WIDTH * HEIGHT], uint64_t moved) {
  for (unsigned y = 0; y < HEIGHT; y++) {
    for (unsigned x = 0; x < WIDTH; x++) {
      unsigned position = x + y + (unsigned)(moved & 255);
      *pixels++ = wave(position);
      *pixels++ = wave(position + 85);
      *pixels++ = wave(position + 170);
    }
  }
}
