#include "effect.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  uint8_t luma[] = {16, 99, 100, 235}, mirrored[] = {16, 99, 151, 16};
  assert(solarize(luma, sizeof luma, 100) == 50);
  assert(memcmp(luma, mirrored, sizeof luma) == 0);
  puts("ok");
}
