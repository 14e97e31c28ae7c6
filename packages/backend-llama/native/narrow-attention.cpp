// Attention for passes over few tokens, in the place of llama.cpp's flash attention.
//
// Query heads that share a head of keys and values are done together, for all tokens of the pass: to them the cache is
// what weights are to a matrix product, read once. Scores and sums stay F32. (llama.cpp goes through the cache once for
// each head and token, and sums values in F16.)
//
// A token's result is the same bits in a pass of any width: cells that a token must not see add zeros to its sums, and
// the sums go through the cells in their order.

#include "tiles.h"

#include "ggml-cpu-impl.h"
#include "ops.h"
#include "vec.h"

// llama.cpp's own, under another name: see compile.ts.
extern "C" void ggml_compute_forward_flash_attn_ext_original(const struct ggml_compute_params *, struct ggml_tensor *);

#ifdef FORETOKEN_VECTORS

namespace {

/** Columns, each a token's query in one head, that are done at a time. */
constexpr int mostColumns = 48;
/** Scores that are kept at a time: they should stay in the second level of cache. */
constexpr int64_t mostScores = 64 << 10;
/** Columns, and vectors of a value, that a tile of `addValues` has. */
constexpr int valueColumns = 6;
constexpr int valueVectors = tileRows * tileColumns / valueColumns;

template <typename T> const T * at(const ggml_tensor * tensor, int64_t i1, int64_t i2) {
    return (const T *) ((const char *) tensor->data + i1 * tensor->nb[1] + i2 * tensor->nb[2]);
}

/** `columns` sums over the cells of `vectors` vectors of values, each times a column's weight of the cell. */
template <int columns, int vectors>
void addValues(const half * values, int64_t stride, int64_t cells, const float * shares, int64_t sharesStride,
               const float * scale, float * const * out) {
    vec sums[columns][vectors];
#pragma GCC unroll 6
    for (int c = 0; c < columns; ++c)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) sums[c][v] = zero();
    for (int64_t i = 0; i < cells; ++i) {
        vec value[vectors];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) value[v] = load(values + i * stride + v * lanes);
#pragma GCC unroll 6
        for (int c = 0; c < columns; ++c) {
            vec share = all(shares[c * sharesStride + i]);
            keep(share);
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) sums[c][v] = fma(value[v], share, sums[c][v]);
        }
    }
#pragma GCC unroll 6
    for (int c = 0; c < columns; ++c)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) store(out[c] + v * lanes, fma(sums[c][v], all(scale[c]), zero()));
}

template <int vectors>
void addValues(int columns, const half * values, int64_t stride, int64_t cells, const float * shares,
               int64_t sharesStride, const float * scale, float * const * out) {
    switch (columns) {
        case 1: return addValues<1, vectors>(values, stride, cells, shares, sharesStride, scale, out);
        case 2: return addValues<2, vectors>(values, stride, cells, shares, sharesStride, scale, out);
        case 3: return addValues<3, vectors>(values, stride, cells, shares, sharesStride, scale, out);
        case 4: return addValues<4, vectors>(values, stride, cells, shares, sharesStride, scale, out);
        case 5: return addValues<5, vectors>(values, stride, cells, shares, sharesStride, scale, out);
        default: return addValues<6, vectors>(values, stride, cells, shares, sharesStride, scale, out);
    }
}

/** Scores, scaled and masked, to shares that are still to be divided. @returns Their sum. */
float toShares(float * scores, int64_t cells, float scale, const half * mask) {
    const vec factor = all(scale);
    vec most = all(-INFINITY);
    for (int64_t i = 0; i < cells; i += lanes) {
        const vec score = fma(load(scores + i), factor, mask == nullptr ? zero() : load(mask + i));
        store(scores + i, score);
        most = max(most, score);
    }
    float each[lanes];
    store(each, most);
    const float top = *std::max_element(each, each + lanes);
    if (top == -INFINITY) {
        std::fill(scores, scores + cells, 0.0f);
        return 0;
    }
    return (float) ggml_vec_soft_max_f32((int) cells, scores, scores, top);
}

/** One more than the last cell that one of the tokens sees, rounded up to whole vectors. */
int64_t cellsSeen(const ggml_tensor * mask, int64_t first, int64_t tokens, int64_t cells) {
    if (mask == nullptr) return cells;
    constexpr uint16_t hidden = 0xfc00; // -infinity
    int64_t seen = 0;
    for (int64_t t = first; t < first + tokens; ++t) {
        const half * row = at<half>(mask, t, 0);
        int64_t end = cells;
        while (end > seen && row[end - 1].bits == hidden) --end;
        seen = end;
    }
    return std::min(cells, (seen + 15) / 16 * 16);
}

struct Attention {
    const ggml_tensor * q;
    const ggml_tensor * k;
    const ggml_tensor * v;
    const ggml_tensor * mask;
    ggml_tensor * dst;
    float scale;

    /** Heads `head` to `head + heads`, which share keys and values, of tokens `first` to `first + tokens`. */
    void run(int64_t head, int heads, int64_t first, int tokens) const {
        const int columns = heads * tokens;
        const int64_t length = k->ne[0];
        const int64_t cells = cellsSeen(mask, first, tokens, k->ne[1]);
        const int64_t cacheHead = head / (q->ne[2] / k->ne[2]);
        const Cut cut(columns);

        float * packed = buffer((size_t) (padded(length) * columns + cells * columns));
        float * scores = packed + padded(length) * columns;
        for (int t = 0; t < cut.tiles; ++t)
            for (int c = 0; c < cut.width(t); ++c) {
                const int column = cut.start(t) + c;
                pack(at<float>(q, first + column % tokens, head + column / tokens), length, c, cut.width(t),
                     packed + cut.start(t) * padded(length));
            }
        const int64_t keyStride = (int64_t) (k->nb[1] / sizeof(half));
        Ahead none{nullptr, 0};
        for (int64_t cell = 0; cell < cells; cell += panelRows)
            for (int t = 0; t < cut.tiles; ++t)
                panelFor<half>(cut.width(t))(at<half>(k, cell, cacheHead), keyStride,
                                             std::min<int64_t>(panelRows, cells - cell),
                                             packed + cut.start(t) * padded(length), length,
                                             scores + cut.start(t) * cells + cell, cells, none);

        float scales[mostColumns];
        float * out[mostColumns];
        for (int column = 0; column < columns; ++column) {
            const int64_t token = first + column % tokens;
            const float sum = toShares(scores + column * cells, cells, scale,
                                       mask == nullptr ? nullptr : at<half>(mask, token, 0));
            scales[column] = sum == 0 ? 0 : 1 / sum;
            out[column] = (float *) ((char *) dst->data + (head + column / tokens + token * dst->ne[1]) * dst->nb[1]);
        }

        const int64_t valueStride = (int64_t) (v->nb[1] / sizeof(half));
        for (int64_t d = 0; d < v->ne[0];) {
            const bool whole = d + valueVectors * lanes <= v->ne[0];
            const auto add = whole ? addValues<valueVectors> : addValues<1>;
            for (int column = 0; column < columns; column += valueColumns) {
                float * to[valueColumns];
                const int count = std::min(valueColumns, columns - column);
                for (int c = 0; c < count; ++c) to[c] = out[column + c] + d;
                add(count, at<half>(v, 0, cacheHead) + d, valueStride, cells, scores + column * cells, cells,
                    scales + column, to);
            }
            d += (whole ? valueVectors : 1) * lanes;
        }
    }
};

bool attend(const ggml_compute_params * params, ggml_tensor * dst) {
    const ggml_tensor * q = dst->src[0];
    const ggml_tensor * k = dst->src[1];
    const ggml_tensor * v = dst->src[2];
    const ggml_tensor * mask = dst->src[3];
    float scale, bias, cap;
    std::memcpy(&scale, dst->op_params + 0, sizeof(float));
    std::memcpy(&bias, dst->op_params + 1, sizeof(float));
    std::memcpy(&cap, dst->op_params + 2, sizeof(float));

    if (params->use_ref || bias != 0 || cap != 0 || dst->src[4] != nullptr) return false;
    if (q->type != GGML_TYPE_F32 || k->type != GGML_TYPE_F16 || v->type != GGML_TYPE_F16) return false;
    if (q->ne[3] != 1 || k->ne[2] != v->ne[2] || k->ne[1] % 16 != 0 || v->ne[0] % lanes != 0) return false;
    if (mask != nullptr && (mask->ne[2] != 1 || mask->ne[3] != 1)) return false;

    // How the work is cut has no part in what comes out. Where there are more threads than heads of keys, a few heads of
    // queries for each will do.
    const int64_t tokens = q->ne[1];
    int heads = (int) (q->ne[2] / k->ne[2]);
    while (heads > 1 && (heads % 2 == 0) && q->ne[2] / heads < params->nth) heads /= 2;
    if (heads > mostColumns) return false;
    const int64_t columns = std::clamp<int64_t>(mostScores / k->ne[1], valueColumns, mostColumns);
    const int64_t perItem = std::max<int64_t>(1, std::min(tokens, columns / heads));
    const int64_t blocks = (tokens + perItem - 1) / perItem;
    const int64_t items = blocks * (q->ne[2] / heads);

    const Attention attention{q, k, v, mask, dst, scale};
    if (params->ith == 0) ggml_threadpool_chunk_set(params->threadpool, params->nth);
    ggml_barrier(params->threadpool);
    for (int64_t item = params->ith; item < items; item = ggml_threadpool_chunk_add(params->threadpool, 1)) {
        const int64_t first = item % blocks * perItem;
        attention.run(item / blocks * heads, heads, first, (int) std::min(perItem, tokens - first));
    }
    return true;
}

} // namespace

#endif

extern "C" void ggml_compute_forward_flash_attn_ext(const struct ggml_compute_params * params,
                                                    struct ggml_tensor * dst) {
#ifdef FORETOKEN_VECTORS
    if (attend(params, dst)) return;
#endif
    ggml_compute_forward_flash_attn_ext_original(params, dst);
}
