/*
 * What a core can do at most: multiply-adds on registers alone, so many at a time that none waits for another. Kernels are measured against it.
 */
#include <immintrin.h>
#include <string.h>
#include <time.h>
#include "unroll.h"

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Long enough for the clock, short enough to be left alone now and then. */
enum { PEAK_ROUNDS = 10000 };

/*
 * Defines a function that does PEAK_ROUNDS times `count` independent sum = step(sum), and returns the floating-point operations of them all.
 * Sums converge, so no number becomes infinite or subnormal.
 */
#define DEFINE_PEAK(name, features, vector, splat, count, operations, step) \
  __attribute__((target(features), noinline)) static double name(void) { \
    vector sums[count], x = splat(0.5f), y = splat(0.25f); \
    __asm__ volatile("" : "+v"(x), "+v"(y)); \
    UNROLL for (int i = 0; i < count; i++) sums[i] = splat(0.0f); \
    for (int round = 0; round < PEAK_ROUNDS; round++) { \
      UNROLL for (int i = 0; i < count; i++) sums[i] = step(sums[i], x, y); \
      UNROLL for (int i = 0; i < count; i++) __asm__ volatile("" : "+v"(sums[i])); \
    } \
    return (double)PEAK_ROUNDS * count * operations; \
  }

#define MUL_ADD(sum, x, y) _mm_add_ps(_mm_mul_ps(sum, x), y)
#define DOT_BF16(sum, x, y) _mm512_dpbf16_ps(sum, (__m512bh)(x), (__m512bh)(y))
DEFINE_PEAK(peak_mul_add_128, "avx", __m128, _mm_set1_ps, 14, 8, MUL_ADD)
DEFINE_PEAK(peak_fma_128, "avx2,fma", __m128, _mm_set1_ps, 14, 8, _mm_fmadd_ps)
DEFINE_PEAK(peak_fma_256, "avx2,fma", __m256, _mm256_set1_ps, 14, 16, _mm256_fmadd_ps)
DEFINE_PEAK(peak_fma_512, "avx512f", __m512, _mm512_set1_ps, 28, 32, _mm512_fmadd_ps)
DEFINE_PEAK(peak_bf16_512, "avx512f,avx512bf16", __m512, _mm512_set1_ps, 28, 64, DOT_BF16)

/* GFLOP/s of a kind on one core, the best of what `milliseconds` allow; 0 if this processor does not have it, -1 if nobody knows it. */
static double peak(const char *kind, double milliseconds) {
  double (*run)(void) = NULL;
  if (!strcmp(kind, "mul-add-128")) run = __builtin_cpu_supports("avx") ? peak_mul_add_128 : NULL;
  else if (!strcmp(kind, "fma-128")) run = __builtin_cpu_supports("fma") ? peak_fma_128 : NULL;
  else if (!strcmp(kind, "fma-256")) run = __builtin_cpu_supports("fma") ? peak_fma_256 : NULL;
  else if (!strcmp(kind, "fma-512")) run = __builtin_cpu_supports("avx512f") ? peak_fma_512 : NULL;
  else if (!strcmp(kind, "bf16-512")) run = __builtin_cpu_supports("avx512bf16") ? peak_bf16_512 : NULL;
  else return -1;
  double best = 0;
  for (double start = seconds(), now = start; run && now - start < 1e-3 * milliseconds;) {
    double before = now, operations = run();
    now = seconds();
    if (operations / (now - before) > best) best = operations / (now - before);
  }
  return 1e-9 * best;
}
