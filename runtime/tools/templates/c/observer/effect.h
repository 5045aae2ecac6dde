// Measures pixels. Independent of Framebox, so that it can be tested alone.
#ifndef EFFECT_H
#define EFFECT_H

#include <stddef.h>
#include <stdint.h>

// The mean, 0 to 255.
unsigned brightness(const uint8_t *gray, size_t count);

#endif
