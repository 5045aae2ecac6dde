// What is done to a picture: nothing here knows of Framebox.
#ifndef EFFECT_H
#define EFFECT_H

#include <stddef.h>
#include <stdint.h>

// Mirrors what is brighter than the threshold, as in a negative; returns how much of the picture that is, %.
// `luma` is the brightness of each pixel. In video, black is 16 and white is 235.
unsigned solarize(uint8_t *luma, size_t count, uint8_t threshold);

#endif
