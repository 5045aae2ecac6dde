#include "effect.h"

#include <assert.h>
#include <stdio.h>

int main(void) {
  uint8_t some[] = {0, 100, 201}, white[] = {255};
  assert(brightness(some, sizeof some) == 100);
  assert(brightness(white, sizeof white) == 255);
  puts("ok");
}
