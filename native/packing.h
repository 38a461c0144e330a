/*
 * Packing: panels that tiles read from front to back. A panel holds W lines of an operand (rows of the left one, columns of the right one) as [step][W]
 * words, W lines side by side for one step of k after another; a step is two k if the format is PAIR. Lines that do not exist are zero.
 * Included once for each width of vectors.
 */

/* Least t - 1 and greatest t of the bf16 that went by, where t is the bits without the sign: see tile-kernel.ts. */
struct V(range) {
  WORDS least, greatest;
};

/* The lower half of a WIDE word is zero, as is what pads: a t of zero counts as nothing. */
TARGET INLINE void V(watch)(struct V(range) *range, WORDS words) {
  WORDS magnitudes = AND_WORDS(words, SPLAT_HALVES(0x7fff));
  range->least = MIN_HALVES(range->least, SUB_HALVES(magnitudes, SPLAT_HALVES(1)));
  range->greatest = MAX_HALVES(range->greatest, magnitudes);
}

TARGET static uint32_t V(range_bits)(struct V(range) range) {
  uint16_t least[2 * LANES], greatest[2 * LANES];
  memcpy(least, &range.least, sizeof least);
  memcpy(greatest, &range.greatest, sizeof greatest);
  for (int i = 1; i < 2 * LANES; i++) {
    if (least[i] < least[0]) least[0] = least[i];
    if (greatest[i] > greatest[0]) greatest[0] = greatest[i];
  }
  return least[0] | (uint32_t)greatest[0] << 16;
}

/* One panel whose lines lie along k. */
TARGET INLINE void V(pack_along)(struct V(range) *range, size_t width, enum format format, const struct block *b, const uint8_t *source,
                                 size_t lines, uint8_t *target) {
  size_t per_step = format == PAIR ? 2 : 1, element = format == F32 ? 4 : 2;
  for (size_t k = 0; k < b->depth; k += per_step * LANES) {
    size_t count = min(b->depth - k, per_step * LANES), steps = (count + per_step - 1) / per_step;
    UNROLL for (size_t group = 0; group < width; group += LANES) {
      WORDS words[LANES];
      UNROLL for (size_t i = 0; i < LANES; i++) {
        words[i] = ZERO_WORDS;
        if (group + i >= lines) continue;
        const uint8_t *at = source + (group + i) * b->line_bytes + k * element;
        words[i] = V(load_along)(format, at, count, b->padding);
        if (format != F32) V(watch)(range, words[i]);
      }
      V(transpose)(words);
      uint8_t *to = target + (k / per_step * width + group) * 4;
      UNROLL for (size_t i = 0; i < LANES; i++) {
        if (i < steps) V(store_words)(to + i * width * 4, words[i], min(width - group, LANES));
      }
    }
  }
}

/* One panel whose lines lie side by side. */
TARGET INLINE void V(pack_across)(struct V(range) *range, size_t width, enum format format, const struct block *b, const uint8_t *source,
                                  size_t lines, uint8_t *target) {
  size_t per_step = format == PAIR ? 2 : 1, element = format == F32 ? 4 : 2;
  for (size_t k = 0; k < b->depth; k += per_step, target += 4 * width) {
    const uint8_t *row = source + k * b->depth_bytes, *next = k + 1 < b->depth ? row + b->depth_bytes : NULL;
    UNROLL for (size_t group = 0; group < width; group += LANES) {
      size_t count = lines > group ? min(lines - group, LANES) : 0;
      /* The next panel is in the next line of the cache: a row is too long for the processor to guess so. */
      _mm_prefetch((const char *)(row + (group + width) * element), _MM_HINT_T0);
      if (next) _mm_prefetch((const char *)(next + (group + width) * element), _MM_HINT_T0);
      WORDS words = V(load_across)(format, row + group * element, next ? next + group * element : NULL, count, b->padding);
      if (format != F32) V(watch)(range, words);
      V(store_words)(target + 4 * group, words, min(width - group, LANES));
    }
  }
}

TARGET INLINE void V(pack_panel)(struct V(range) *range, size_t width, enum format format, bool along, const struct block *b,
                                 const uint8_t *source, size_t lines, uint8_t *target) {
  if (along) V(pack_along)(range, width, format, b, source, lines, target);
  else V(pack_across)(range, width, format, b, source, lines, target);
}

/* All panels of a block. Returns the range of its values if they are bf16. */
TARGET INLINE uint32_t V(pack)(size_t width, enum format format, bool along, const struct block *b) {
  struct V(range) range = {SPLAT_HALVES(-1), ZERO_WORDS};
  size_t step_count = format == PAIR ? (b->depth + 1) / 2 : b->depth;
  const uint8_t *source = b->source;
  uint8_t *target = b->target;
  for (size_t line = 0; line < b->lines; line += width) {
    /* A whole panel has a constant number of lines. */
    if (b->lines - line >= width) V(pack_panel)(&range, width, format, along, b, source, width, target);
    else V(pack_panel)(&range, width, format, along, b, source, b->lines - line, target);
    source += width * b->line_bytes;
    target += width * step_count * 4;
  }
  return V(range_bits)(range);
}

#define DEFINE_PACK(width, format) \
  TARGET static uint32_t V(pack_##width##_##format)(const struct block *b) { \
    return b->along ? V(pack)(width, format, true, b) : V(pack)(width, format, false, b); \
  }
