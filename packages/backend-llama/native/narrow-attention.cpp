// Attention for passes over few tokens, in the place of llama.cpp's flash attention.
//
// Query heads that share a head of keys and values are done together, for all tokens of the pass: to them the cache is
// what weights are to a matrix product, read once. Scores and sums stay F32. (llama.cpp goes through the cache once for
// each head and token, and sums values in F16.)
//
// A token's result is the same bits in a pass of any width: cells that a token must not see add zeros to its sums, and
// the sums go through the cells in their order.
//
// Several texts share one cache. Tokens of different texts are done apart, each with the cells of its text only.

#include "tiles.h"

#include "ggml-cpu-impl.h"
#include "ops.h"
#include "vec.h"

#include <cmath>
#include <vector>

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
float toShares(float * scores, int64_t cells) {
    vec most = all(-INFINITY);
    for (int64_t i = 0; i < cells; i += lanes) most = max(most, load(scores + i));
    float each[lanes];
    store(each, most);
    const float top = *std::max_element(each, each + lanes);
    if (top == -INFINITY) {
        std::fill(scores, scores + cells, 0.0f);
        return 0;
    }
    return (float) ggml_vec_soft_max_f32((int) cells, scores, scores, top);
}

constexpr uint16_t hidden = 0xfc00; // -infinity
/** Cells whose shares are summed in one go by whatever processor. Those that nobody sees add nothing as a whole. */
constexpr int64_t blockCells = 16;

/** The cells that some tokens see, in their order. */
struct Seen {
    /** One more than the last of them, rounded up to whole blocks. */
    int64_t end;
    /** Whether they are so few of those before the end that the others should not be looked at. */
    bool sparse = false;
    /** Where it is sparse: the cells, and where each lies among the blocks that have any. */
    std::vector<int32_t> cells;
    std::vector<int32_t> slots;
    int64_t slotCount = 0;

    Seen(const ggml_tensor * mask, int64_t first, int64_t tokens, int64_t all) : end(all) {
        if (mask == nullptr) return;
        int64_t seen = 0;
        for (int64_t t = first; t < first + tokens; ++t) {
            const half * row = at<half>(mask, t, 0);
            int64_t last = all;
            while (last > seen && row[last - 1].bits == hidden) --last;
            seen = last;
        }
        end = std::min(all, (seen + blockCells - 1) / blockCells * blockCells);
        const half * newest = at<half>(mask, first + tokens - 1, 0);
        int64_t count = 0;
        for (int64_t i = 0; i < end; ++i) count += newest[i].bits != hidden;
        // The last token of a text sees what those before it do, but for what has left its window.
        sparse = count * 2 < end;
        if (sparse) list(mask, first, tokens);
    }

  private:
    void list(const ggml_tensor * mask, int64_t first, int64_t tokens) {
        for (int64_t block = 0; block < end; block += blockCells) {
            uint32_t some = 0;
            for (int64_t t = first; t < first + tokens; ++t) {
                const half * row = at<half>(mask, t, 0) + block;
                for (int64_t i = 0; i < blockCells; ++i) some |= (uint32_t) (row[i].bits != hidden) << i;
            }
            if (some == 0) continue;
            for (int64_t i = 0; i < blockCells; ++i) {
                if ((some >> i & 1) == 0) continue;
                cells.push_back((int32_t) (block + i));
                slots.push_back((int32_t) (slotCount + i));
            }
            slotCount += blockCells;
        }
    }
};

/** Rows of a head of keys or values, one after the other. */
void gather(const ggml_tensor * cache, int64_t head, const std::vector<int32_t> & cells, half * to) {
    for (const int32_t cell : cells) {
        std::memcpy(to, at<half>(cache, cell, head), cache->ne[0] * sizeof(half));
        to += cache->ne[0];
    }
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
        const int64_t cacheHead = head / (q->ne[2] / k->ne[2]);
        const Seen seen(mask, first, tokens, k->ne[1]);
        // Where it is sparse, keys and values are put together first, and scores into their slots afterwards.
        const int64_t cells = seen.sparse ? (int64_t) seen.cells.size() : seen.end;
        const int64_t slots = seen.sparse ? seen.slotCount : 0;
        const Cut cut(columns);

        const int64_t gathered = seen.sparse ? padded((cells * (length + v->ne[0]) + 1) / 2) : 0;
        float * packed = buffer((size_t) (padded(length) * columns + cells * columns + slots + gathered));
        float * scores = packed + padded(length) * columns;
        float * slotted = scores + cells * columns;
        half * keys = (half *) (slotted + slots);
        half * values = keys + cells * length;
        if (seen.sparse) {
            gather(k, cacheHead, seen.cells, keys);
            gather(v, cacheHead, seen.cells, values);
        }
        const half * firstKey = seen.sparse ? keys : at<half>(k, 0, cacheHead);
        const half * firstValue = seen.sparse ? values : at<half>(v, 0, cacheHead);
        const int64_t keyStride = seen.sparse ? length : (int64_t) (k->nb[1] / sizeof(half));
        const int64_t valueStride = seen.sparse ? v->ne[0] : (int64_t) (v->nb[1] / sizeof(half));

        for (int t = 0; t < cut.tiles; ++t)
            for (int c = 0; c < cut.width(t); ++c) {
                const int column = cut.start(t) + c;
                pack(at<float>(q, first + column % tokens, head + column / tokens), length, c, cut.width(t),
                     packed + cut.start(t) * padded(length));
            }
        Ahead none{nullptr, 0};
        for (int64_t cell = 0; cell < cells; cell += panelRows)
            for (int t = 0; t < cut.tiles; ++t)
                panelFor<half>(cut.width(t))(firstKey + cell * keyStride, keyStride,
                                             std::min<int64_t>(panelRows, cells - cell),
                                             packed + cut.start(t) * padded(length), length,
                                             scores + cut.start(t) * cells + cell, cells, none);

        float scales[mostColumns];
        float * out[mostColumns];
        for (int column = 0; column < columns; ++column) {
            const int64_t token = first + column % tokens;
            const half * row = mask == nullptr ? nullptr : at<half>(mask, token, 0);
            float * own = scores + column * cells;
            const float sum = seen.sparse ? sharesOfSome(own, seen, row, slotted) : sharesOfAll(own, cells, row);
            scales[column] = sum == 0 ? 0 : 1 / sum;
            out[column] = (float *) ((char *) dst->data + (head + column / tokens + token * dst->ne[1]) * dst->nb[1]);
        }

        for (int64_t d = 0; d < v->ne[0];) {
            const bool whole = d + valueVectors * lanes <= v->ne[0];
            const auto add = whole ? addValues<valueVectors> : addValues<1>;
            for (int column = 0; column < columns; column += valueColumns) {
                float * to[valueColumns];
                const int count = std::min(valueColumns, columns - column);
                for (int c = 0; c < count; ++c) to[c] = out[column + c] + d;
                add(count, firstValue + d, valueStride, cells, scores + column * cells, cells, scales + column, to);
            }
            d += (whole ? valueVectors : 1) * lanes;
        }
    }

  private:
    float sharesOfAll(float * scores, int64_t cells, const half * row) const {
        const vec factor = all(scale);
        for (int64_t i = 0; i < cells; i += lanes)
            store(scores + i, fma(load(scores + i), factor, row == nullptr ? zero() : load(row + i)));
        return toShares(scores, cells);
    }

    /** The same bits: a share is summed with those of its block, in its place. */
    float sharesOfSome(float * scores, const Seen & seen, const half * row, float * slotted) const {
        std::fill(slotted, slotted + seen.slotCount, -INFINITY);
        for (size_t i = 0; i < seen.cells.size(); ++i) {
            float masked[lanes];
            store(masked, loadSome(row + seen.cells[i], 1));
            slotted[seen.slots[i]] = std::fma(scores[i], scale, masked[0]);
        }
        const float sum = toShares(slotted, seen.slotCount);
        for (size_t i = 0; i < seen.cells.size(); ++i) scores[i] = slotted[seen.slots[i]];
        return sum;
    }
};

/** More tokens than this are a prompt: where its text begins and ends matters little. */
constexpr int64_t fewTokens = 64;

/** Whether a token is of another text than the one before it, as it sees less than half of what that one does. */
bool startsText(const ggml_tensor * mask, int64_t token) {
    const half * before = at<half>(mask, token - 1, 0);
    const half * row = at<half>(mask, token, 0);
    int64_t seen = 0, both = 0;
    for (int64_t i = 0; i < mask->ne[0]; ++i) {
        seen += before[i].bits != hidden;
        both += before[i].bits != hidden && row[i].bits != hidden;
    }
    return both * 2 < seen;
}

/** Where the tokens of a pass are cut: at most `most` together, and those of one text only. */
std::vector<int64_t> cutTokens(const ggml_tensor * mask, int64_t tokens, int64_t most) {
    std::vector<int64_t> starts;
    for (int64_t t = 0; t < tokens; ++t) {
        const bool full = starts.empty() || t - starts.back() == most;
        if (full || (mask != nullptr && tokens <= fewTokens && startsText(mask, t))) starts.push_back(t);
    }
    starts.push_back(tokens);
    return starts;
}

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
    const std::vector<int64_t> starts = cutTokens(mask, tokens, perItem);
    const int64_t blocks = (int64_t) starts.size() - 1;
    const int64_t items = blocks * (q->ne[2] / heads);

    const Attention attention{q, k, v, mask, dst, scale};
    if (params->ith == 0) ggml_threadpool_chunk_set(params->threadpool, params->nth);
    ggml_barrier(params->threadpool);
    for (int64_t item = params->ith; item < items; item = ggml_threadpool_chunk_add(params->threadpool, 1)) {
        const int64_t block = item % blocks;
        const int64_t first = starts[block];
        attention.run(item / blocks * heads, heads, first, (int) (starts[block + 1] - first));
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
