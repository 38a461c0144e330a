/*
 * The tile kernels of every level of x86, and which of them this processor has. A level has two: a plain one for any operands, which rounds product and sum, and a
 * fused one for bf16.
 */
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "unroll.h"

#define INLINE __attribute__((always_inline)) static inline

/* What one line of a packed panel holds for one step of k: an f32; a bf16, widened to f32; or two bf16, of k in the upper half and of k + 1 in the lower one. */
enum format { F32, WIDE, PAIR };

/* What is packed: `lines` lines of `depth` k. */
struct block {
  const uint8_t *source;
  size_t line_bytes, depth_bytes, lines, depth;
  /* Whether lines lie along k in memory, or side by side. */
  bool along;
  /* The bf16 behind an odd depth. */
  uint16_t padding;
  uint8_t *target;
};

/* What is multiplied: whole panels; a step is one k, or two. */
struct product {
  const uint8_t *left, *right;
  uint8_t *c;
  size_t steps, c_row, row_panels, column_panels;
  bool adds;
};

INLINE size_t min(size_t a, size_t b) { return a < b ? a : b; }

/* -- AVX2: tiles of 6 x 16 -- */

#include "avx2.h"
#include "packing.h"
DEFINE_PACK(6, F32)
DEFINE_PACK(6, WIDE)
DEFINE_PACK(16, F32)
DEFINE_PACK(16, WIDE)

#define ROWS 6
#define TILES(name) name##_plain_avx2
#define ADD_PRODUCT(sum, a, b) _mm256_add_ps(sum, _mm256_mul_ps(a, b))
#include "tiles.h"
#define TILES(name) name##_fused_avx2
#define ADD_PRODUCT(sum, a, b) _mm256_fmadd_ps(a, b, sum)
#include "tiles.h"

/* -- AVX-512: tiles of 14 x 32 -- */

#include "avx512.h"
#include "packing.h"
DEFINE_PACK(14, F32)
DEFINE_PACK(14, WIDE)
DEFINE_PACK(14, PAIR)
DEFINE_PACK(32, F32)
DEFINE_PACK(32, WIDE)
DEFINE_PACK(32, PAIR)

#undef ROWS
#define ROWS 14
#define TILES(name) name##_plain_avx512
#define ADD_PRODUCT(sum, a, b) _mm512_add_ps(sum, _mm512_mul_ps(a, b))
#include "tiles.h"
#define TILES(name) name##_fused_avx512
#define ADD_PRODUCT(sum, a, b) _mm512_fmadd_ps(a, b, sum)
#include "tiles.h"

/* -- the same with pairs of bf16: one instruction adds the product of the upper halves, then that of the lower ones -- */

#define TILES(name) name##_careful_avx512_bf16
#define UPPER(a) _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(a), _mm512_set1_epi32((int)0xffff0000)))
#define LOWER(a) _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(a), 16))
#define ADD_PRODUCT(sum, a, b) _mm512_fmadd_ps(LOWER(a), LOWER(b), _mm512_fmadd_ps(UPPER(a), UPPER(b), sum))
#include "tiles.h"

/*
 * The instruction takes subnormal numbers for zero. Products are multiples of 2^-126 (see tile-kernel.ts), and so are numbers of 2^-103 and more; what c
 * holds from elsewhere may be less, and then sums can become subnormal.
 */
TARGET static bool holds_tiny(const uint8_t *c, size_t c_row) {
  __mmask16 tiny = 0;
  UNROLL for (int i = 0; i < ROWS; i++) {
    UNROLL for (int j = 0; j < 2; j++) {
      __m512i magnitudes = _mm512_and_si512(_mm512_loadu_si512(c + i * c_row + 64 * j), _mm512_set1_epi32(0x7fffffff));
      /* Zero becomes the greatest number. */
      __m512i below = _mm512_sub_epi32(magnitudes, _mm512_set1_epi32(1));
      tiny |= _mm512_cmplt_epu32_mask(below, _mm512_set1_epi32((127 - 103) * (1 << 23) - 1));
    }
  }
  return tiny != 0;
}

#undef TARGET
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define TILES(name) name##_avx512_bf16
#define ADD_PRODUCT(sum, a, b) _mm512_dpbf16_ps(sum, (__m512bh)(a), (__m512bh)(b))
#define CAREFUL_TILE tile_careful_avx512_bf16
#include "tiles.h"

/* -- which of them a level has -- */

typedef uint32_t pack_function(const struct block *);

struct kernel {
  size_t rows, columns;
  /* How many k a step has. */
  size_t step;
  /* Of f32, and of bf16. */
  pack_function *pack_left[2], *pack_right[2];
  void (*tiles)(const struct product *);
};

static const struct kernel PLAIN_AVX2 = {
    6, 16, 1, {pack_6_F32_avx2, pack_6_WIDE_avx2}, {pack_16_F32_avx2, pack_16_WIDE_avx2}, tiles_plain_avx2};
static const struct kernel FUSED_AVX2 = {
    6, 16, 1, {pack_6_F32_avx2, pack_6_WIDE_avx2}, {pack_16_F32_avx2, pack_16_WIDE_avx2}, tiles_fused_avx2};
static const struct kernel PLAIN_AVX512 = {
    14, 32, 1, {pack_14_F32_avx512, pack_14_WIDE_avx512}, {pack_32_F32_avx512, pack_32_WIDE_avx512}, tiles_plain_avx512};
static const struct kernel FUSED_AVX512 = {
    14, 32, 1, {pack_14_F32_avx512, pack_14_WIDE_avx512}, {pack_32_F32_avx512, pack_32_WIDE_avx512}, tiles_fused_avx512};
static const struct kernel FUSED_AVX512_BF16 = {14, 32, 2, {NULL, pack_14_PAIR_avx512}, {NULL, pack_32_PAIR_avx512}, tiles_avx512_bf16};

struct level {
  const char *name;
  const struct kernel *plain, *fused;
};

static const struct level LEVELS[] = {
    {"avx512-bf16", &PLAIN_AVX512, &FUSED_AVX512_BF16},
    {"avx512", &PLAIN_AVX512, &FUSED_AVX512},
    {"avx2", &PLAIN_AVX2, &FUSED_AVX2},
};
enum { LEVEL_COUNT = sizeof LEVELS / sizeof *LEVELS };

static bool has_level(const struct level *level) {
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (level->plain == &PLAIN_AVX2) return avx2;
  bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                __builtin_cpu_supports("avx512vl");
  return avx512 && (level->fused != &FUSED_AVX512_BF16 || __builtin_cpu_supports("avx512bf16"));
}
