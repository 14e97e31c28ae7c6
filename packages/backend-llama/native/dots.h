// Products of whole numbers: rows of quantized weights, as many as a vector has lanes, with a quantized column.
//
// Every lane is a row. A group is four neighbouring elements of each row; a block is eight groups, and has a scale for each
// row. So a sum over a block needs no shuffling, and the products of a block are added up before they become floats.
//
// `FORETOKEN_DOTS` is defined where there are instructions for that and llama.cpp has none that are better for prompts
// (AMX and Arm's matrix instructions are).
#pragma once

#include "vectors.h"

#if (defined(__AVX512VNNI__) && defined(__AVX512BW__)) || (defined(__AVX2__) && !defined(__AVX512F__)) || \
    (defined(__ARM_FEATURE_DOTPROD) && !defined(__ARM_FEATURE_MATMUL_INT8))
#if defined(FORETOKEN_VECTORS) && !defined(__AMX_INT8__)
#define FORETOKEN_DOTS
#endif
#endif

#ifdef FORETOKEN_DOTS

#define GGML_COMMON_DECL_CPP
#include "ggml-common.h"

#include <cstring>

namespace {

constexpr int blockLength = 32;
constexpr int groups = 8;
static_assert(QK4_0 == blockLength && QK8_0 == blockLength);

/** A block of one column of activations. */
struct Column {
    int8_t values[blockLength];
    float scale;
    /** Undoes that weights are stored `bias` too high. */
    int32_t start;

    int32_t group(int index) const {
        int32_t four;
        std::memcpy(&four, values + 4 * index, sizeof four);
        return four;
    }
};

/** A block of `lanes` rows. Q4_0: group `g` is in the low halves of group `g`'s bytes, or the high halves of `g - 4`'s. */
template <typename T> struct Block {
    half scales[lanes];
    uint8_t values[sizeof(T::qs) * lanes];
};
static_assert(sizeof(Block<block_q4_0>) == sizeof(block_q4_0) * lanes);
static_assert(sizeof(Block<block_q8_0>) == sizeof(block_q8_0) * lanes);

template <typename T> constexpr int bias = 0;
template <> constexpr int bias<block_q4_0> = 8;
/** What makes four weights of a group into what is stored. */
template <typename T> constexpr uint32_t flip = 0;

#if defined(__AVX512VNNI__)

constexpr int dotColumns = 12;

// Multiplies unsigned bytes with signed ones.
template <> constexpr int bias<block_q8_0> = 128;
template <> constexpr uint32_t flip<block_q8_0> = 0x80808080;

template <typename T> struct Weights {
    __m512i group[groups];

    explicit Weights(const Block<T> & block) {
        constexpr int loads = sizeof(block.values) / sizeof(__m512i);
        const __m512i low = _mm512_set1_epi8(15);
#pragma GCC unroll 8
        for (int g = 0; g < loads; ++g) {
            const __m512i bytes = _mm512_loadu_si512(block.values + g * sizeof(__m512i));
            if constexpr (loads == groups) {
                group[g] = bytes;
            } else {
                group[g] = _mm512_and_si512(bytes, low);
                group[g + 4] = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), low);
            }
        }
    }

    vec dot(const Column & x) const {
        // Two sums: the next one need not wait for the one before.
        __m512i even = _mm512_set1_epi32(x.start);
        __m512i odd = _mm512_setzero_si512();
#pragma GCC unroll 4
        for (int g = 0; g < groups; g += 2) {
            even = _mm512_dpbusd_epi32(even, group[g], _mm512_set1_epi32(x.group(g)));
            odd = _mm512_dpbusd_epi32(odd, group[g + 1], _mm512_set1_epi32(x.group(g + 1)));
        }
        return _mm512_cvtepi32_ps(_mm512_add_epi32(even, odd));
    }
};

#elif defined(__AVX2__)

constexpr int dotColumns = 4;

template <typename T> struct Weights {
    __m256i group[groups];

    explicit Weights(const Block<T> & block) {
        constexpr int loads = sizeof(block.values) / sizeof(__m256i);
        const __m256i low = _mm256_set1_epi8(15);
#pragma GCC unroll 8
        for (int g = 0; g < loads; ++g) {
            const __m256i bytes = _mm256_loadu_si256((const __m256i *) block.values + g);
            if constexpr (loads == groups) {
                group[g] = bytes;
            } else {
                group[g] = _mm256_and_si256(bytes, low);
                group[g + 4] = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), low);
            }
        }
    }

    vec dot(const Column & x) const {
        const __m256i ones = _mm256_set1_epi16(1);
        __m256i sum = _mm256_set1_epi32(x.start);
        if constexpr (bias<T> == 8) {
            // At most 8 times 2 times 15 times 127: that fits into 16 bits.
            __m256i pairs = _mm256_setzero_si256();
#pragma GCC unroll 8
            for (int g = 0; g < groups; ++g)
                pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(group[g], _mm256_set1_epi32(x.group(g))));
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
        } else {
#pragma GCC unroll 8
            for (int g = 0; g < groups; ++g) {
                // The first factor is taken as unsigned: its sign goes to the second.
                const __m256i signedX = _mm256_sign_epi8(_mm256_set1_epi32(x.group(g)), group[g]);
                const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(group[g]), signedX);
                sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
            }
        }
        return _mm256_cvtepi32_ps(sum);
    }
};

#else

constexpr int dotColumns = 8;

template <typename T> struct Weights {
    int8x16_t group[groups];

    explicit Weights(const Block<T> & block) {
        constexpr int loads = sizeof(block.values) / sizeof(int8x16_t);
#pragma GCC unroll 8
        for (int g = 0; g < loads; ++g) {
            const uint8x16_t bytes = vld1q_u8(block.values + g * sizeof(int8x16_t));
            if constexpr (loads == groups) {
                group[g] = vreinterpretq_s8_u8(bytes);
            } else {
                group[g] = vreinterpretq_s8_u8(vandq_u8(bytes, vdupq_n_u8(15)));
                group[g + 4] = vreinterpretq_s8_u8(vshrq_n_u8(bytes, 4));
            }
        }
    }

    vec dot(const Column & x) const {
        const int8x16_t first = vld1q_s8(x.values);
        const int8x16_t second = vld1q_s8(x.values + 16);
        int32x4_t sum = vdupq_n_s32(x.start);
        sum = vdotq_laneq_s32(sum, group[0], first, 0);
        sum = vdotq_laneq_s32(sum, group[1], first, 1);
        sum = vdotq_laneq_s32(sum, group[2], first, 2);
        sum = vdotq_laneq_s32(sum, group[3], first, 3);
        sum = vdotq_laneq_s32(sum, group[4], second, 0);
        sum = vdotq_laneq_s32(sum, group[5], second, 1);
        sum = vdotq_laneq_s32(sum, group[6], second, 2);
        sum = vdotq_laneq_s32(sum, group[7], second, 3);
        return vcvtq_f32_s32(sum);
    }
};

#endif

} // namespace

#endif
