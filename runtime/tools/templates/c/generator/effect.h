// Draws pixels. Independent of Framebox, so that it can be tested alone.
#ifndef EFFECT_H
#define EFFECT_H

#include <stdint.h>

enum { WIDTH = 320, HEIGHT = 180 };

// Draws diagonal bands, moved by a number of pixels: red, green and blue of each pixel.
void draw(uint8_t pixels[3 * WIDTH * HEIGHT], uint64_t moved);

#endif
