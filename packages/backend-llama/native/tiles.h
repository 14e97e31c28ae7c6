// Products of a few rows with a few columns: what matrix products and attention are put together from.
//
// The sums of a tile stay in registers over the whole length of its rows. The order of additions in an output depends on
// that length and on nothing else.
#pragma once

#include "vectors.h"

#ifdef FORETOKEN_VECTORS

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace {

constexpr int cacheLine = 64;
/** Rows that all columns are done for before the next rows: a multiple of a tile's. */
constexpr int panelRows = 12;
static_assert(panelRows % tileRows == 0 && tileRows <= 4);

template <typename T> inline vec loadSome(const T * x, int count) {
    T padded[lanes] = {};
    std::memcpy(padded, x, count * sizeof(T));
    return load(padded);
}

/** The memory that will be wanted next, and how many cache lines of it to ask for at each step. */
struct Ahead {
    const char * at;
    int lines;

    // Into the second level: it comes in faster there, and the first level holds what is being worked on.
    inline void ask() {
        for (int i = 0; i < lines; ++i, at += cacheLine) __builtin_prefetch(at, 0, 2);
    }
};

/**
 * `rows` x `columns` outputs.
 *
 * @param weights Rows of `k` elements, `stride` elements apart.
 * @param packed The columns, as `pack` lays them out.
 * @param out Columns of outputs, `outStride` apart.
 */
template <typename T, int rows, int columns>
void tile(const T * weights, int64_t stride, const float * packed, int64_t k, float * out, int64_t outStride,
          Ahead & wanted) {
    // A copy, which can live in registers.
    Ahead ahead = wanted;
    vec sums[columns][rows];
#pragma GCC unroll 8
    for (int c = 0; c < columns; ++c)
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) sums[c][r] = zero();

    const auto step = [&](const vec * w) __attribute__((always_inline)) {
#pragma GCC unroll 8
        for (int c = 0; c < columns; ++c) {
            vec x = load(packed + c * lanes);
            keep(x);
#pragma GCC unroll 4
            for (int r = 0; r < rows; ++r) sums[c][r] = fma(w[r], x, sums[c][r]);
        }
        packed += columns * lanes;
    };

    constexpr int perLine = cacheLine / sizeof(T);
    int64_t i = 0;
    for (; i + perLine <= k; i += perLine) {
        ahead.ask();
#pragma GCC unroll 8
        for (int part = 0; part < perLine; part += lanes) {
            vec w[rows];
#pragma GCC unroll 4
            for (int r = 0; r < rows; ++r) w[r] = load(weights + r * stride + i + part);
            step(w);
        }
    }
    for (; i < k; i += lanes) {
        vec w[rows];
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) w[r] = loadSome(weights + r * stride + i, (int) std::min<int64_t>(lanes, k - i));
        step(w);
    }

#pragma GCC unroll 8
    for (int c = 0; c < columns; ++c) {
        float four[4];
        const vec * sum = sums[c];
        const vec none = zero();
        sum4(sum[0], rows > 1 ? sum[1 % rows] : none, rows > 2 ? sum[2 % rows] : none, rows > 3 ? sum[3 % rows] : none,
             four);
        std::memcpy(out + c * outStride, four, rows * sizeof(float));
    }
    wanted.at = ahead.at;
}

/** Any number of rows, and `columns` of them. */
template <typename T, int columns>
void panel(const T * weights, int64_t stride, int64_t rows, const float * packed, int64_t k, float * out,
           int64_t outStride, Ahead & ahead) {
    int64_t row = 0;
    for (; row + tileRows <= rows; row += tileRows)
        tile<T, tileRows, columns>(weights + row * stride, stride, packed, k, out + row, outStride, ahead);
    for (; row < rows; ++row)
        tile<T, 1, columns>(weights + row * stride, stride, packed, k, out + row, outStride, ahead);
}

template <typename T>
using Panel = void (*)(const T *, int64_t, int64_t, const float *, int64_t, float *, int64_t, Ahead &);

template <typename T, int... i> Panel<T> panelOf(int columns, std::integer_sequence<int, i...>) {
    static constexpr Panel<T> panels[] = {panel<T, i + 1>...};
    return panels[columns - 1];
}

/** @param columns From 1 to `tileColumns`. */
template <typename T> Panel<T> panelFor(int columns) {
    return panelOf<T>(columns, std::make_integer_sequence<int, tileColumns>());
}

/** How a number of columns is cut into tiles: as few as there can be, as even as they can be. */
struct Cut {
    int tiles;
    int columns;

    explicit Cut(int columns) : tiles((columns + tileColumns - 1) / tileColumns), columns(columns) {}
    int start(int tile) const { return tile * columns / tiles; }
    int width(int tile) const { return start(tile + 1) - start(tile); }
};

inline int64_t padded(int64_t k) { return (k + lanes - 1) / lanes * lanes; }

/** Puts one of a tile's columns where `tile` reads it: step by step, and within a step column by column. */
inline void pack(const float * column, int64_t k, int index, int columns, float * to) {
    to += index * lanes;
    int64_t i = 0;
    for (; i + lanes <= k; i += lanes, to += columns * lanes) store(to, load(column + i));
    if (i < k) store(to, loadSome(column + i, (int) (k - i)));
}

/** This thread's memory, which grows and stays. What was in it is lost. */
inline float * buffer(size_t floats) {
    struct Memory {
        float * start = nullptr;
        size_t size = 0;
        ~Memory() { std::free(start); }
    };
    static thread_local Memory memory;
    if (memory.size < floats) {
        std::free(memory.start);
        const size_t bytes = (floats * sizeof(float) + cacheLine - 1) / cacheLine * cacheLine;
        memory.start = (float *) std::aligned_alloc(cacheLine, bytes);
        if (memory.start == nullptr) std::abort();
        memory.size = floats;
    }
    return memory.start;
}

} // namespace

#endif
