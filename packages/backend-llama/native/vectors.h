// Vectors of floats, as wide as the processor has them, and the largest tile of sums that its registers hold beside what
// is added. `FORETOKEN_VECTORS` is defined where there are any.
#pragma once

#include <cstdint>

#if defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)) || \
    (defined(__ARM_NEON) && defined(__aarch64__))
#define FORETOKEN_VECTORS

#if defined(__ARM_NEON)
#include <arm_neon.h>
#else
#include <immintrin.h>
#endif

namespace {

struct half {
    uint16_t bits;
};

struct brain {
    uint16_t bits;
};

#if defined(__AVX512F__)

using vec = __m512;
constexpr int lanes = 16;
constexpr int tileRows = 4;
constexpr int tileColumns = 6;
inline vec zero() { return _mm512_setzero_ps(); }
inline vec fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
inline vec load(const float * x) { return _mm512_loadu_ps(x); }
inline vec load(const half * x) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *) x)); }
inline vec load(const brain * x) {
    const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *) x));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
inline vec all(float x) { return _mm512_set1_ps(x); }
inline vec max(vec a, vec b) { return _mm512_max_ps(a, b); }
inline void store(float * x, vec v) { _mm512_storeu_ps(x, v); }
inline __m128 quarter(vec v) {
    const __m512 high = _mm512_shuffle_f32x4(v, v, 0x4e);
    const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_castps512_ps256(high));
    return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}

#elif defined(__AVX2__)

using vec = __m256;
constexpr int lanes = 8;
constexpr int tileRows = 3;
constexpr int tileColumns = 4;
inline vec zero() { return _mm256_setzero_ps(); }
inline vec fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
inline vec load(const float * x) { return _mm256_loadu_ps(x); }
inline vec load(const half * x) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *) x)); }
inline vec load(const brain * x) {
    const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *) x));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
inline vec all(float x) { return _mm256_set1_ps(x); }
inline vec max(vec a, vec b) { return _mm256_max_ps(a, b); }
inline void store(float * x, vec v) { _mm256_storeu_ps(x, v); }
inline __m128 quarter(vec v) { return _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1)); }

#else

using vec = float32x4_t;
constexpr int lanes = 4;
constexpr int tileRows = 4;
constexpr int tileColumns = 6;
inline vec zero() { return vdupq_n_f32(0); }
inline vec fma(vec a, vec b, vec c) { return vfmaq_f32(c, a, b); }
inline vec load(const float * x) { return vld1q_f32(x); }
inline vec load(const half * x) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(&x->bits))); }
inline vec load(const brain * x) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(&x->bits), 16)); }
inline vec all(float x) { return vdupq_n_f32(x); }
inline vec max(vec a, vec b) { return vmaxq_f32(a, b); }
inline void store(float * x, vec v) { vst1q_f32(x, v); }

#endif

/** The sums of four vectors, each in the same order. */
#if defined(__ARM_NEON)
inline void sum4(vec a, vec b, vec c, vec d, float * out) {
    vst1q_f32(out, vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d)));
}
#else
inline void sum4(vec a, vec b, vec c, vec d, float * out) {
    const __m128 ab = _mm_hadd_ps(quarter(a), quarter(b));
    const __m128 cd = _mm_hadd_ps(quarter(c), quarter(d));
    _mm_storeu_ps(out, _mm_hadd_ps(ab, cd));
}
#endif

/** Keeps a vector in a register. Compilers would rather load it anew for each use, and loads are what there is least of. */
inline void keep(vec & v) {
#if defined(__ARM_NEON)
    asm("" : "+w"(v));
#else
    asm("" : "+v"(v));
#endif
}

} // namespace

#endif
