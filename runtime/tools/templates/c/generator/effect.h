// What is drawn: nothing here knows of Framebox.
#ifndef EFFECT_H
#define EFFECT_H

#include <stdint.h>

enum { WIDTH = 320, HEIGHT = 180 };

// Diagonal bands that have moved so many pixels: red, green and blue of each pixel.
void draw(uint8_t pixels[3 * WIDTH * HEIGHT], uint64_t moved);

#endif
