/*
 * How many floating-point operations per second one core can do at most: loops that touch nothing but registers.
 * `switchyard bench kernels` compiles this file into a temporary folder, where there is a C compiler, and holds its kernels against the answers:
 *
 *   cc -O2 -march=native -ffp-contract=off register-loops.c -o register-loops && ./register-loops 10
 *
 * The argument is the milliseconds for each loop. The answer is one line of JSON in GFLOP/s, null for what this processor does not have:
 * multiply then add, and fused, in vectors of 128, 256 and 512 bits, f32; products of pairs of bf16 with f32 sums (vdpbf16ps) in 512 bits.
 */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

typedef float f32x4 __attribute__((vector_size(16)));
typedef float f32x8 __attribute__((vector_size(32)));
typedef float f32x16 __attribute__((vector_size(64)));

/* As many independent sums as there are registers for beside the operands, to hide latency. */
#if defined(__AVX512VL__) || defined(__aarch64__)
#define SUMS 24
#else
#define SUMS 12
#endif
#define ROUNDS 20000

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

/* A value that the compiler cannot see through, in a register. */
#if defined(__x86_64__) || defined(__i386__)
#define OPAQUE(value) __asm__ volatile("" : "+x"(value))
#else
#define OPAQUE(value) __asm__ volatile("" : "+w"(value))
#endif

/*
 * Sums stay near 2: s = s / 2 + 1. A multiply-add is two operations per lane, fused or not. Without contraction (see the command above)
 * the product and the sum of STEP_MUL_ADD are two instructions.
 */
#define STEP_MUL_ADD(sum, half, one) ((sum) * (half) + (one))

#define LOOP(name, vector, attributes, step)                          \
  attributes static double name(void) {                              \
    vector sums[SUMS], half, one;                                    \
    half = (vector){0} + 0.5f;                                       \
    one = (vector){0} + 1.0f;                                        \
    OPAQUE(half);                                                    \
    OPAQUE(one);                                                     \
    for (int i = 0; i < SUMS; i++) {                                 \
      sums[i] = one;                                                 \
      OPAQUE(sums[i]);                                               \
    }                                                                \
    double start = seconds();                                        \
    for (int round = 0; round < ROUNDS; round++)                     \
      _Pragma("GCC unroll 32") for (int i = 0; i < SUMS; i++)        \
          sums[i] = step(sums[i], half, one);                        \
    for (int i = 0; i < SUMS; i++) OPAQUE(sums[i]);                  \
    double lanes = sizeof(vector) / sizeof(float);                   \
    return 2.0 * lanes * SUMS * ROUNDS / (seconds() - start) / 1e9;  \
  }

LOOP(mulAdd128, f32x4, , STEP_MUL_ADD)

#if defined(__AVX2__) && defined(__FMA__)
#define HAS_256 1
LOOP(mulAdd256, f32x8, , STEP_MUL_ADD)
LOOP(fma128, f32x4, , _mm_fmadd_ps)
LOOP(fma256, f32x8, , _mm256_fmadd_ps)
#elif defined(__aarch64__)
#include <arm_neon.h>
#define STEP_NEON(sum, half, one) vfmaq_f32((float32x4_t)(one), (float32x4_t)(sum), (float32x4_t)(half))
LOOP(fma128, f32x4, , (f32x4)STEP_NEON)
#endif

#if defined(__AVX512F__)
LOOP(mulAdd512, f32x16, , STEP_MUL_ADD)
LOOP(fma512, f32x16, , _mm512_fmadd_ps)
#endif

#if defined(__AVX512BF16__)
/* Four operations per pair: two products and two sums. */
static double bf16512(void) {
  __m512 sums[SUMS];
  __m512i ones = _mm512_set1_epi32(0x3c003c00);
  OPAQUE(ones);
  for (int i = 0; i < SUMS; i++) {
    sums[i] = _mm512_set1_ps(1.0f);
    OPAQUE(sums[i]);
  }
  double start = seconds();
  for (int round = 0; round < ROUNDS; round++)
    _Pragma("GCC unroll 32") for (int i = 0; i < SUMS; i++) sums[i] = _mm512_dpbf16_ps(sums[i], (__m512bh)ones, (__m512bh)ones);
  for (int i = 0; i < SUMS; i++) OPAQUE(sums[i]);
  return 4.0 * 16 * SUMS * ROUNDS / (seconds() - start) / 1e9;
}
#endif

/* The best of some milliseconds: other work on the machine can only make a loop slower. */
static void answer(const char *name, double (*loop)(void), double milliseconds, int isLast) {
  double best = 0, end = seconds() + milliseconds / 1e3;
  while (loop && (best == 0 || seconds() < end)) {
    double rate = loop();
    if (rate > best) best = rate;
  }
  if (loop) printf("\"%s\":%.3f", name, best);
  else printf("\"%s\":null", name);
  fputs(isLast ? "}\n" : ",", stdout);
}

int main(int count, char **words) {
  double milliseconds = count > 1 ? atof(words[1]) : 10;
  fputs("{", stdout);
  answer("mulAdd128", mulAdd128, milliseconds, 0);
#if defined(HAS_256) || defined(__aarch64__)
  answer("fma128", fma128, milliseconds, 0);
#else
  answer("fma128", NULL, milliseconds, 0);
#endif
#if defined(HAS_256)
  answer("mulAdd256", mulAdd256, milliseconds, 0);
  answer("fma256", fma256, milliseconds, 0);
#else
  answer("mulAdd256", NULL, milliseconds, 0);
  answer("fma256", NULL, milliseconds, 0);
#endif
#if defined(__AVX512F__)
  answer("mulAdd512", mulAdd512, milliseconds, 0);
  answer("fma512", fma512, milliseconds, 0);
#else
  answer("mulAdd512", NULL, milliseconds, 0);
  answer("fma512", NULL, milliseconds, 0);
#endif
#if defined(__AVX512BF16__)
  answer("bf16x512", bf16512, milliseconds, 1);
#else
  answer("bf16x512", NULL, milliseconds, 1);
#endif
  return 0;
}
