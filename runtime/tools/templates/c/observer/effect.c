#include "effect.h"

unsigned brightness(const uint8_t *gray, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) sum += gray[i];
  return (unsigned)(sum / count);
}
