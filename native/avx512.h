/*
 * Sixteen lanes: what packing.h and tiles.h need of AVX-512, under names that do not tell the width.
 */
#undef V
#undef TARGET
#undef LANES
#undef FLOATS
#undef WORDS
#undef ZERO_FLOATS
#undef LOAD_FLOATS
#undef STORE_FLOATS
#undef SPLAT
#undef SPLAT_HALVES
#undef AND_WORDS
#undef SUB_HALVES
#undef MIN_HALVES
#undef MAX_HALVES
#undef ZERO_WORDS

#define V(name) name##_avx512
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))
#define LANES 16
#define FLOATS __m512
#define WORDS __m512i

#define ZERO_FLOATS _mm512_setzero_ps()
#define LOAD_FLOATS(at) _mm512_loadu_ps(at)
#define STORE_FLOATS(at, floats) _mm512_storeu_ps(at, floats)
#define SPLAT(at) _mm512_set1_ps(*(const float *)(at))

TARGET INLINE __mmask16 V(first)(size_t count) {
  return (__mmask16)(count >= LANES ? 0xffff : (1u << count) - 1);
}

/* Words of `count` neighbours; the others are zero. */
TARGET INLINE __m512i V(load_words)(enum format format, const uint8_t *at, size_t count) {
  if (format == F32) return _mm512_maskz_loadu_epi32(V(first)(count), at);
  return _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(V(first)(count), at)), 16);
}

TARGET INLINE void V(store_words)(uint8_t *at, __m512i words, size_t count) {
  if (count == LANES) _mm512_storeu_si512(at, words);
  else _mm512_mask_storeu_epi32(at, V(first)(count), words);
}

/* Words of a line, of which `count` elements are left; the first of a pair belongs into the upper half, and `padding` behind the last. */
TARGET INLINE __m512i V(load_along)(enum format format, const uint8_t *at, size_t count, uint16_t padding) {
  if (format != PAIR) return V(load_words)(format, at, count);
  __mmask32 present = (__mmask32)(count >= 2 * LANES ? 0xffffffff : (1u << count) - 1);
  return _mm512_rol_epi32(_mm512_mask_loadu_epi16(_mm512_set1_epi16((short)padding), present, at), 16);
}

/* Words of `count` lines, of one k, or of two: `next` are the same lines at the second; where it is null, they are `padding`. */
TARGET INLINE __m512i V(load_across)(enum format format, const uint8_t *at, const uint8_t *next, size_t count, uint16_t padding) {
  if (format != PAIR) return V(load_words)(format, at, count);
  __m512i low = _mm512_maskz_set1_epi32(V(first)(count), padding);
  if (next) low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(V(first)(count), next));
  return _mm512_or_si512(V(load_words)(WIDE, at, count), low);
}

/* Sixteen lines of sixteen words to sixteen words of sixteen lines, by exchanges of 1, 2, 4 and 8 words. */
TARGET INLINE void V(transpose)(__m512i w[LANES]) {
  __m512i t[LANES];
  UNROLL for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(w[i], w[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(w[i], w[i + 1]);
  }
  UNROLL for (int i = 0; i < 16; i += 4) {
    w[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    w[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    w[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    w[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(w[i], w[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(w[i], w[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(w[i + 8], w[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(w[i + 8], w[i + 12], 0xdd);
  }
  UNROLL for (int i = 0; i < 8; i++) {
    w[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    w[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
  }
}

#define SPLAT_HALVES(half) _mm512_set1_epi16((short)(half))
#define AND_WORDS _mm512_and_si512
#define SUB_HALVES _mm512_sub_epi16
#define MIN_HALVES _mm512_min_epu16
#define MAX_HALVES _mm512_max_epu16
#define ZERO_WORDS _mm512_setzero_si512()
