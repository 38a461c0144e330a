/* Prints what a core of this machine can do at most, one kind a line, in GFLOP/s: cc -O2 native/limits.c -o limits && ./limits */
#include <stdio.h>
#include "peak.h"

int main(void) {
  const char *kinds[] = {"mul-add-128", "fma-128", "fma-256", "fma-512", "bf16-512"};
  for (int i = 0; i < 5; i++) {
    double rate = peak(kinds[i], 100);
    if (rate > 0) printf("%s %.1f\n", kinds[i], rate);
  }
  return 0;
}
