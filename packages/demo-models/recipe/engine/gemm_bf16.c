// Matrix product over VDPBF16PS. Both inputs are first rounded to bfloat16 and laid out as "units" of two neighbours along k:
// b in panels [n / 64][k / 2][64], a in panels of 6 rows; the kernel keeps a 6 x 64 tile of c in 24 registers.
#include "gemm_bf16.h"
#include <stddef.h>
#include <stdint.h>

static int enabled = 1;
void use_bf16(int on) { enabled = on; }

#ifndef __AVX512BF16__
int gemm_bf16(int ta, int tb, int m, int n, int k, const float *a, int lda, const float *b, int ldb, float add, float *c, int ldc) { return 0; }
#else
#include <immintrin.h>
#include <stdlib.h>

#define ROWS 6
#define COLS 64
#define DEPTH 128 // units along k a pass: a panel of b then fits the first-level cache

static __thread uint32_t *buffer_a, *buffer_b;
static __thread size_t room_a, room_b;

static uint32_t *reserve(uint32_t **buffer, size_t *room, size_t units) {
  if (*room < units) {
    free(*buffer);
    *buffer = aligned_alloc(64, (units * 4 + 4096) / 64 * 64);
    *room = units;
  }
  return *buffer;
}

// 16 columns of two rows -> 16 units
static inline __m512i interleave(const float *first, const float *second) {
  static const uint16_t order[32] __attribute__((aligned(64))) = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                                  8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  __m512bh both = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(second), _mm512_loadu_ps(first));
  return _mm512_permutexvar_epi16(_mm512_load_si512(order), (__m512i)both);
}

static void round_rows(const float *from, uint32_t *to, size_t count) {
  for (size_t i = 0; i < count; i += 32, to += 16)
    _mm512_store_si512(to, (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + i + 16), _mm512_loadu_ps(from + i)));
}

static void pack_b(int tb, const float *b, int ld, uint32_t *to, int n, int k) {
  int units = k / 2;
  for (int j = 0; j < n; j += COLS, to += (size_t)units * COLS)
    if (tb) {
      uint32_t row[16] __attribute__((aligned(64)));
      for (int c = 0; c < COLS; c++)
        for (int u = 0; u < units; u += 16) {
          round_rows(b + (size_t)(j + c) * ld + 2 * u, row, 32);
          for (int i = 0; i < 16; i++) to[(size_t)(u + i) * COLS + c] = row[i];
        }
    } else
      for (int u = 0; u < units; u++)
        for (int c = 0; c < COLS; c += 16) _mm512_store_si512(to + (size_t)u * COLS + c, interleave(b + (size_t)2 * u * ld + j + c, b + (size_t)(2 * u + 1) * ld + j + c));
}

// a as [k, m]: panels [m / 6][k / 2][6]
static void pack_a_transposed(const float *a, int ld, uint32_t *to, int m, int k) {
  int units = k / 2;
  uint32_t row[4096 + 32] __attribute__((aligned(64)));
  for (int u = 0; u < units; u++) {
    for (int i = 0; i < m; i += 16) _mm512_store_si512(row + i, interleave(a + (size_t)2 * u * ld + i, a + (size_t)(2 * u + 1) * ld + i));
    uint32_t *at = to + (size_t)u * ROWS;
    for (int i = 0; i < m; i += ROWS, at += (size_t)units * ROWS) _mm256_mask_storeu_epi32(at, 0x3f, _mm256_loadu_si256((void *)(row + i)));
  }
}

static inline __attribute__((always_inline)) void tile(const uint32_t *a, size_t row, size_t step, const uint32_t *b, int units, float *c, int ldc, int rows, int fresh) {
  __m512 t[ROWS][4];
  for (int r = 0; r < ROWS; r++)
    for (int j = 0; j < 4; j++) t[r][j] = _mm512_setzero_ps();
  for (int u = 0; u < units; u++, b += COLS, a += step) {
    __m512bh b0 = (__m512bh)_mm512_load_si512(b), b1 = (__m512bh)_mm512_load_si512(b + 16);
    __m512bh b2 = (__m512bh)_mm512_load_si512(b + 32), b3 = (__m512bh)_mm512_load_si512(b + 48);
#pragma GCC unroll 6
    for (int r = 0; r < ROWS; r++) {
      __m512bh x = (__m512bh)_mm512_set1_epi32(a[r * row]);
      t[r][0] = _mm512_dpbf16_ps(t[r][0], x, b0), t[r][1] = _mm512_dpbf16_ps(t[r][1], x, b1);
      t[r][2] = _mm512_dpbf16_ps(t[r][2], x, b2), t[r][3] = _mm512_dpbf16_ps(t[r][3], x, b3);
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < ROWS; r++)
    if (r < rows)
      for (int j = 0; j < 4; j++) {
        float *at = c + (size_t)r * ldc + 16 * j;
        _mm512_storeu_ps(at, fresh ? t[r][j] : _mm512_add_ps(_mm512_loadu_ps(at), t[r][j]));
      }
}

int gemm_bf16(int ta, int tb, int m, int n, int k, const float *a, int lda, const float *b, int ldb, float add, float *c, int ldc) {
  if (!enabled || n % COLS || k % 32 || (ta && (m % 16 || m > 4096)) || (add != 0 && add != 1)) return 0;
  int units = k / 2;
  uint32_t *pa = reserve(&buffer_a, &room_a, (size_t)(m + ROWS) * units + 64), *pb = reserve(&buffer_b, &room_b, (size_t)n * units);
  pack_b(tb, b, ldb, pb, n, k);
  if (ta) pack_a_transposed(a, lda, pa, m, k);
  else
    for (int i = 0; i < m; i++) round_rows(a + (size_t)i * lda, pa + (size_t)i * units, k);
  for (int u = 0; u < units; u += DEPTH) {
    int depth = units - u < DEPTH ? units - u : DEPTH, fresh = u == 0 && add == 0;
    for (int j = 0; j < n; j += COLS) {
      const uint32_t *panel = pb + (size_t)j * units + (size_t)u * COLS;
      for (int i = 0; i < m; i += ROWS) {
        int rows = m - i < ROWS ? m - i : ROWS;
        float *at = c + (size_t)i * ldc + j;
        if (ta) tile(pa + (size_t)i * units + (size_t)u * ROWS, 1, ROWS, panel, depth, at, ldc, rows, fresh);
        else tile(pa + (size_t)i * units + u, units, 1, panel, depth, at, ldc, rows, fresh);
      }
    }
  }
  return 1;
}
#endif
