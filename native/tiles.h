/*
 * The product of packed panels, c = or += left x right, tile by tile: the sums of ROWS rows and 2 vectors of columns stay in registers while k runs, each in one
 * lane of its own, in the order of k. Included once for each way to ADD_PRODUCT; the functions are called TILES(tile) and TILES(tiles).
 */
TARGET INLINE void TILES(tile)(const uint8_t *left, const uint8_t *right, uint8_t *c, size_t steps, size_t c_row, bool adds) {
  FLOATS sums[ROWS][2];
  UNROLL for (int i = 0; i < ROWS; i++) {
    UNROLL for (int j = 0; j < 2; j++) sums[i][j] = adds ? LOAD_FLOATS(c + i * c_row + j * sizeof(FLOATS)) : ZERO_FLOATS;
  }
  /* The next tile of c, which is seldom in a cache. */
  UNROLL for (int i = 0; i < ROWS; i++) {
    UNROLL for (int j = 0; j < 2; j++) _mm_prefetch((const char *)(c + (ROWS + i) * c_row + j * sizeof(FLOATS)), _MM_HINT_T0);
  }
  for (; steps > 0; steps--, left += 4 * ROWS, right += 2 * sizeof(FLOATS)) {
    FLOATS first = LOAD_FLOATS(right), second = LOAD_FLOATS(right + sizeof(FLOATS));
    UNROLL for (int i = 0; i < ROWS; i++) {
      FLOATS a = SPLAT(left + 4 * i);
      sums[i][0] = ADD_PRODUCT(sums[i][0], a, first);
      sums[i][1] = ADD_PRODUCT(sums[i][1], a, second);
    }
  }
  UNROLL for (int i = 0; i < ROWS; i++) {
    UNROLL for (int j = 0; j < 2; j++) STORE_FLOATS(c + i * c_row + j * sizeof(FLOATS), sums[i][j]);
  }
}

__attribute__((unused)) TARGET static void TILES(tiles)(const struct product *p) {
  const uint8_t *right = p->right;
  for (size_t column = 0; column < p->column_panels; column++, right += 2 * sizeof(FLOATS) * p->steps) {
    const uint8_t *left = p->left;
    uint8_t *c = p->c + column * 2 * sizeof(FLOATS);
    for (size_t row = 0; row < p->row_panels; row++, left += 4 * ROWS * p->steps, c += ROWS * p->c_row) {
#ifdef CAREFUL_TILE
      if (p->adds && holds_tiny(c, p->c_row)) {
        CAREFUL_TILE(left, right, c, p->steps, p->c_row, true);
        continue;
      }
#endif
      TILES(tile)(left, right, c, p->steps, p->c_row, p->adds);
    }
  }
}

#undef TILES
#undef ADD_PRODUCT
