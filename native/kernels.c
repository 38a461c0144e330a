/*
 * Tile kernels in machine code, for those who have a C compiler: `npm run build:native`. What they do is written in src/kernels/tile-kernel.ts, and they give
 * the bits of every other path; src/cluster/native-tiles.ts loads and calls them. Nothing depends on them.
 *
 *   levels.h     the kernels of AVX2, AVX-512 and AVX-512 with bf16, and which of them this processor has
 *   packing.h, tiles.h, over avx2.h and avx512.h
 *                what a kernel consists of, written once for both widths of vectors
 *   peak.h       what a core can do at most, for the share of it that results name
 *
 * This file is the door: plain N-API, no state but constants, so every thread can load it. A kernel is opened over the bytes of a shared WebAssembly memory,
 * which never move; from then on all addresses are offsets, and none outside is touched. Rounding is left as it is, with subnormal numbers
 * (levels.h has the exception), and the compiler may not contract a product and a sum (-ffp-contract=off).
 */
#include <node_api.h>
#include <stdlib.h>
#include "levels.h"
#include "peak.h"

/* A kernel over a memory, which whoever opened it keeps alive: a reference from here would keep it until two collections later. */
struct opened {
  const struct kernel *kernel;
  uint8_t *bytes;
  double length;
};

static napi_value fail(napi_env env, const char *message) {
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) == napi_ok && !pending) napi_throw_error(env, NULL, message);
  return NULL;
}

/* Reads `count` arguments: a kernel, then numbers. Those that are none, or negative, or of more than 53 bits, fail. */
static struct opened *read_arguments(napi_env env, napi_callback_info info, size_t count, double *numbers) {
  napi_value values[10];
  size_t given = count;
  void *opened = NULL;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) != napi_ok || given < count) return NULL;
  if (napi_get_value_external(env, values[0], &opened) != napi_ok) return NULL;
  for (size_t i = 1; i < count; i++) {
    if (napi_get_value_double(env, values[i], &numbers[i - 1]) != napi_ok) return NULL;
    if (!(numbers[i - 1] >= 0 && numbers[i - 1] <= 9007199254740991.0)) return NULL;
  }
  return opened;
}

/* Whether `count` rows of `bytes` bytes, `stride` apart, lie in the memory. In doubles, where nothing wraps around. */
static bool holds(const struct opened *o, double offset, double count, double stride, double bytes) {
  return offset + (count - 1) * stride + bytes <= o->length;
}

static double ceil_to(double count, size_t step) {
  size_t steps = ((size_t)count + step - 1) / step;
  return (double)steps * (double)step;
}

/* pack(kernel, isRight, offset, lineBytes, depthBytes, isBf16, lines, depth, target): the range of what was packed */
static napi_value pack(napi_env env, napi_callback_info info) {
  double n[8];
  const struct opened *o = read_arguments(env, info, 9, n);
  if (!o) return fail(env, "pack: arguments of the wrong kind");
  const struct kernel *kernel = o->kernel;
  bool is_right = n[0] != 0, is_bf16 = n[4] != 0;
  double offset = n[1], line_bytes = n[2], depth_bytes = n[3], lines = n[5], depth = n[6], target = n[7], element = is_bf16 ? 2 : 4;
  pack_function *run = (is_right ? kernel->pack_right : kernel->pack_left)[is_bf16];
  if (!run) return fail(env, "pack: a kernel of pairs packs bf16 only");
  if (lines < 1 || depth < 1 || (line_bytes != element && depth_bytes != element)) return fail(env, "pack: no block of lines");
  size_t width = is_right ? kernel->columns : kernel->rows;
  double words = ceil_to(lines, width) * ceil_to(depth, kernel->step) / kernel->step;
  if (!holds(o, offset + (lines - 1) * line_bytes, depth, depth_bytes, element) || !holds(o, target, 1, 0, 4 * words)) {
    return fail(env, "pack: outside the memory");
  }
  struct block block = {
      .source = o->bytes + (size_t)offset,
      .line_bytes = (size_t)line_bytes,
      .depth_bytes = (size_t)depth_bytes,
      .lines = (size_t)lines,
      .depth = (size_t)depth,
      .along = depth_bytes == element,
      /* -0 on one side: a product of -0 changes no sum, not even one of -0. */
      .padding = is_right ? 0 : 0x8000,
      .target = o->bytes + (size_t)target,
  };
  napi_value range;
  return napi_create_uint32(env, run(&block), &range) == napi_ok ? range : fail(env, "pack: no number");
}

/* tiles(kernel, left, right, c, depth, cRowBytes, rowPanels, columnPanels, addsToTarget) */
static napi_value tiles(napi_env env, napi_callback_info info) {
  double n[8];
  const struct opened *o = read_arguments(env, info, 9, n);
  if (!o) return fail(env, "tiles: arguments of the wrong kind");
  const struct kernel *kernel = o->kernel;
  double left = n[0], right = n[1], c = n[2], depth = n[3], c_row = n[4], row_panels = n[5], column_panels = n[6];
  double steps = depth / (double)kernel->step, rows = row_panels * (double)kernel->rows, columns = column_panels * (double)kernel->columns;
  if (steps < 1 || steps != (double)(size_t)steps || row_panels < 1 || column_panels < 1) return fail(env, "tiles: no whole panels");
  if (!holds(o, left, rows, 4 * steps, 4 * steps) || !holds(o, right, columns, 4 * steps, 4 * steps) ||
      !holds(o, c, rows, c_row, 4 * columns)) {
    return fail(env, "tiles: outside the memory");
  }
  kernel->tiles(&(struct product){
      .left = o->bytes + (size_t)left,
      .right = o->bytes + (size_t)right,
      .c = o->bytes + (size_t)c,
      .steps = (size_t)steps,
      .c_row = (size_t)c_row,
      .row_panels = (size_t)row_panels,
      .column_panels = (size_t)column_panels,
      .adds = n[7] != 0,
  });
  return NULL;
}

static void close_kernel(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

static const struct kernel *find_kernel(const char *name, bool fused) {
  for (int i = 0; i < LEVEL_COUNT; i++) {
    if (strcmp(LEVELS[i].name, name) == 0) return !has_level(&LEVELS[i]) ? NULL : fused ? LEVELS[i].fused : LEVELS[i].plain;
  }
  return NULL;
}

static bool set_number(napi_env env, napi_value object, const char *name, size_t number) {
  napi_value value;
  return napi_create_uint32(env, (uint32_t)number, &value) == napi_ok && napi_set_named_property(env, object, name, value) == napi_ok;
}

/* open(memory, level, fused): { kernel, rows, columns, depthStep, elementBytes } over a Uint8Array of all the memory. */
static napi_value open_kernel(napi_env env, napi_callback_info info) {
  napi_value values[3], result, external;
  size_t given = 3, length;
  char name[32];
  bool fused;
  napi_typedarray_type type;
  void *bytes;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) != napi_ok || given < 3 ||
      napi_get_typedarray_info(env, values[0], &type, &length, &bytes, NULL, NULL) != napi_ok || type != napi_uint8_array ||
      napi_get_value_string_utf8(env, values[1], name, sizeof name, NULL) != napi_ok ||
      napi_get_value_bool(env, values[2], &fused) != napi_ok) {
    return fail(env, "open: arguments of the wrong kind");
  }
  const struct kernel *kernel = find_kernel(name, fused);
  if (!kernel) return fail(env, "open: this processor does not have that level");
  struct opened *opened = malloc(sizeof *opened);
  if (!opened) return fail(env, "open: no memory");
  *opened = (struct opened){.kernel = kernel, .bytes = bytes, .length = (double)length};
  if (napi_create_external(env, opened, close_kernel, NULL, &external) != napi_ok) {
    close_kernel(env, opened, NULL);
    return fail(env, "open: no kernel");
  }
  bool complete = napi_create_object(env, &result) == napi_ok && napi_set_named_property(env, result, "kernel", external) == napi_ok &&
                  set_number(env, result, "rows", kernel->rows) && set_number(env, result, "columns", kernel->columns) &&
                  set_number(env, result, "depthStep", kernel->step) && set_number(env, result, "elementBytes", 4 / kernel->step);
  return complete ? result : fail(env, "open: no object");
}

/* levels(): the names of those that this processor has. */
static napi_value list_levels(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value names, name;
  if (napi_create_array(env, &names) != napi_ok) return fail(env, "levels: no array");
  uint32_t count = 0;
  for (int i = 0; i < LEVEL_COUNT; i++) {
    if (!has_level(&LEVELS[i])) continue;
    if (napi_create_string_utf8(env, LEVELS[i].name, NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_set_element(env, names, count++, name) != napi_ok) {
      return fail(env, "levels: no name");
    }
  }
  return names;
}

/* peak(kind, milliseconds): GFLOP/s, or 0 if this processor does not have the kind. */
static napi_value measure_peak(napi_env env, napi_callback_info info) {
  napi_value values[2], result;
  size_t given = 2;
  char kind[32];
  double milliseconds;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) != napi_ok || given < 2 ||
      napi_get_value_string_utf8(env, values[0], kind, sizeof kind, NULL) != napi_ok ||
      napi_get_value_double(env, values[1], &milliseconds) != napi_ok) {
    return fail(env, "peak: arguments of the wrong kind");
  }
  double rate = peak(kind, milliseconds);
  if (rate < 0) return fail(env, "peak: no such kind");
  return napi_create_double(env, rate, &result) == napi_ok ? result : fail(env, "peak: no number");
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {{"levels", list_levels}, {"open", open_kernel}, {"pack", pack}, {"tiles", tiles}, {"peak", measure_peak}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, function) != napi_ok) {
      return fail(env, "no exports");
    }
  }
  return exports;
}
