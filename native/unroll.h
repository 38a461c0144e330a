/* UNROLL before a loop with a constant number of rounds: arrays of vectors become registers when no index is left. */
#pragma once

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif
