#include "effect.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static uint8_t still[3 * WIDTH * HEIGHT], moved[3 * WIDTH * HEIGHT];

int main(void) {
  draw(still, 0);
  draw(moved, 1);
  uint8_t first[] = {0, 170, 170, 2, 172, 168};
  assert(memcmp(still, first, sizeof first) == 0);
  // Moved by one pixel, each row equals the one below it before.
  assert(memcmp(moved, still + 3 * WIDTH, sizeof still - 3 * WIDTH) == 0);
  puts("ok");
}
