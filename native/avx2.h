/*
 * Eight lanes: what packing.h and tiles.h need of AVX2 and FMA, under names that do not tell the width.
 */
#define V(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define FLOATS __m256
#define WORDS __m256i

#define ZERO_FLOATS _mm256_setzero_ps()
#define LOAD_FLOATS(at) _mm256_loadu_ps((const float *)(at))
#define STORE_FLOATS(at, floats) _mm256_storeu_ps((float *)(at), floats)
#define SPLAT(at) _mm256_broadcast_ss((const float *)(at))

/* Words of `count` neighbours; the others are zero. Six are a row of left panels. */
TARGET INLINE __m256i V(load_words)(enum format format, const uint8_t *at, size_t count) {
  if (format == F32) {
    __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256i present = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lanes);
    return count == LANES ? _mm256_loadu_si256((const __m256i *)at) : _mm256_maskload_epi32((const int *)at, present);
  }
  __m128i halves;
  if (count == LANES) {
    halves = _mm_loadu_si128((const __m128i *)at);
  } else if (count == 6) {
    int32_t last;
    memcpy(&last, at + 8, sizeof last);
    halves = _mm_insert_epi32(_mm_loadl_epi64((const __m128i *)at), last, 2);
  } else {
    uint16_t values[LANES] = {0};
    memcpy(values, at, 2 * count);
    halves = _mm_loadu_si128((const __m128i *)values);
  }
  return _mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16);
}

TARGET INLINE void V(store_words)(uint8_t *at, __m256i words, size_t count) {
  uint32_t values[LANES];
  _mm256_storeu_si256(count == LANES ? (__m256i *)at : (__m256i *)values, words);
  if (count < LANES) memcpy(at, values, 4 * count);
}

/* Words of a line, of which `count` elements are left. */
TARGET INLINE __m256i V(load_along)(enum format format, const uint8_t *at, size_t count, uint16_t padding) {
  (void)padding;
  return V(load_words)(format, at, min(count, LANES));
}

/* Words of `count` lines, of one k. */
TARGET INLINE __m256i V(load_across)(enum format format, const uint8_t *at, const uint8_t *next, size_t count, uint16_t padding) {
  (void)next, (void)padding;
  return V(load_words)(format, at, count);
}

/* Eight lines of eight words to eight words of eight lines, by exchanges of 1, 2 and 4 words. */
TARGET INLINE void V(transpose)(__m256i w[LANES]) {
  __m256i t[LANES];
  UNROLL for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_epi32(w[i], w[i + 1]);
    t[i + 1] = _mm256_unpackhi_epi32(w[i], w[i + 1]);
  }
  UNROLL for (int i = 0; i < 8; i += 4) {
    w[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
    w[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
    w[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
    w[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    t[i] = _mm256_permute2x128_si256(w[i], w[i + 4], 0x20);
    t[i + 4] = _mm256_permute2x128_si256(w[i], w[i + 4], 0x31);
  }
  UNROLL for (int i = 0; i < 8; i++) w[i] = t[i];
}

#define SPLAT_HALVES(half) _mm256_set1_epi16((short)(half))
#define AND_WORDS _mm256_and_si256
#define SUB_HALVES _mm256_sub_epi16
#define MIN_HALVES _mm256_min_epu16
#define MAX_HALVES _mm256_max_epu16
#define ZERO_WORDS _mm256_setzero_si256()
