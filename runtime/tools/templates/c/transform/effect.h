// Changes pixels. Independent of Framebox, so that it can be tested alone.
#ifndef EFFECT_H
#define EFFECT_H

#include <stddef.h>
#include <stdint.h>

// Inverts the pixels that are at least as bright as the threshold; returns their share of the picture, %.
// `luma` is the brightness of each pixel. In video, black is 16 and white is 235.
unsigned solarize(uint8_t *luma, size_t count, uint8_t threshold);

#endif
