// Matrix products with Q4_0 and Q8_0 weights: what a pass over few tokens of a quantized model is made of.
//
// Activations are rounded as llama.cpp does it, each token by itself. Weights come from memory once, in the order in which
// they lie there, for all columns.
//
// Sums over a block are whole numbers, hence exact, and blocks are added in order. So a token's result is the same bits in
// a pass of any width.

#include "quantized-matmul.h"

#ifdef FORETOKEN_DOTS

#include "tiles.h"

#include "quants.h"
#include "simd-mappings.h"

namespace {

/** Weights, in bytes, that a thread takes at a time. They stay in the second level of the cache for all columns. */
constexpr int64_t chunkBytes = 128 << 10;
/** From here on rounding them is work to be shared. */
constexpr int64_t manyColumns = 64;
/** How far ahead weights are asked for, in bytes. */
constexpr int64_t aheadBytes = 4 << 10;

/** How a number of columns is cut into tiles: as few as there can be, as even as they can be. */
struct Tiles {
    int64_t count;
    int64_t columns;

    explicit Tiles(int64_t columns) : count((columns + dotColumns - 1) / dotColumns), columns(columns) {}
    int64_t start(int64_t tile) const { return tile * columns / count; }
    int width(int64_t tile) const { return (int) (start(tile + 1) - start(tile)); }
};

/** Rounds `length` blocks of a column from block `from` on, and puts them `width` apart. */
template <typename T> void round(const float * column, int64_t from, int64_t length, Column * to, int width) {
    constexpr int64_t atOnce = 16;
    block_q8_0 rounded[atOnce];
    for (int64_t b = from; b < from + length; ++b) {
        const int64_t index = (b - from) % atOnce;
        if (index == 0)
            quantize_row_q8_0(column + b * blockLength, rounded, std::min(atOnce, from + length - b) * blockLength);
        const block_q8_0 & block = rounded[index];
        Column & packed = to[b * width];
        int sum = 0;
        for (int i = 0; i < blockLength; ++i) sum += block.qs[i];
        std::memcpy(packed.values, block.qs, sizeof packed.values);
        packed.scale = GGML_CPU_FP16_TO_FP32(block.d);
        packed.start = -bias<T> * sum;
    }
}

/** A panel, `lanes` rows of which the first `rows` are wanted, times `columns` columns. */
template <typename T, int columns>
void dotTile(const Block<T> * weights, int64_t blocks, const Column * x, float * out, int64_t outStride, int64_t rows) {
    vec sums[columns];
#pragma GCC unroll 16
    for (int c = 0; c < columns; ++c) sums[c] = zero();
    for (int64_t b = 0; b < blocks; ++b, x += columns) {
        const char * ahead = (const char *) (weights + b) + aheadBytes;
        for (size_t i = 0; i < sizeof(Block<T>); i += cacheLine) __builtin_prefetch(ahead + i, 0, 2);
        const Weights<T> w(weights[b]);
        const vec scales = load(weights[b].scales);
#pragma GCC unroll 16
        for (int c = 0; c < columns; ++c) sums[c] = fma(w.dot(x[c]), scales * all(x[c].scale), sums[c]);
    }
#pragma GCC unroll 16
    for (int c = 0; c < columns; ++c) {
        float last[lanes];
        store(rows == lanes ? out + c * outStride : last, sums[c]);
        if (rows < lanes) std::memcpy(out + c * outStride, last, rows * sizeof(float));
    }
}

template <typename T> using DotTile = void (*)(const Block<T> *, int64_t, const Column *, float *, int64_t, int64_t);

int64_t panelsOf(int64_t rows) { return (rows + lanes - 1) / lanes; }

template <typename T, int... i> DotTile<T> dotTileOf(int columns, std::integer_sequence<int, i...>) {
    static constexpr DotTile<T> tiles[] = {dotTile<T, i + 1>...};
    return tiles[columns - 1];
}

template <typename T>
void multiply(const ggml_compute_params * params, int64_t m, int64_t n, int64_t k, const Block<T> * weights,
              const float * activations, int64_t ldb, float * out, int64_t ldc) {
    const int64_t blocks = k / blockLength;
    const int64_t panels = panelsOf(m);
    const int64_t panelBytes = blocks * (int64_t) sizeof(Block<T>);
    const int64_t threads = params->nth;
    // Small products are not worth waiting for each other: there every thread rounds all columns for itself.
    const bool shared = threads > 1 && (panels * panelBytes > 2 * chunkBytes || n >= manyColumns);
    const int64_t perChunk = shared
        ? std::max<int64_t>(1, std::min(chunkBytes / panelBytes, panels / (4 * threads)))
        : (panels + threads - 1) / threads;
    const int64_t chunks = (panels + perChunk - 1) / perChunk;

    const Tiles tiles(n);
    Column * packed = shared ? (Column *) params->wdata
                             : (Column *) buffer((size_t) (n * blocks) * sizeof(Column) / sizeof(float));
    const int64_t from = shared ? params->ith * blocks / threads : 0;
    const int64_t length = (shared ? (params->ith + 1) * blocks / threads : blocks) - from;
    for (int64_t t = 0; t < tiles.count; ++t)
        for (int c = 0; c < tiles.width(t); ++c)
            round<T>(activations + (tiles.start(t) + c) * ldb, from, length, packed + tiles.start(t) * blocks + c,
                     tiles.width(t));

    if (shared) {
        if (params->ith == 0) ggml_threadpool_chunk_set(params->threadpool, params->nth);
        ggml_barrier(params->threadpool);
    }
    for (int64_t chunk = params->ith; chunk < chunks;
         chunk = shared ? ggml_threadpool_chunk_add(params->threadpool, 1) : chunks) {
        const int64_t end = std::min(panels, (chunk + 1) * perChunk);
        for (int64_t t = 0; t < tiles.count; ++t) {
            const auto tile = dotTileOf<T>(tiles.width(t), std::make_integer_sequence<int, dotColumns>());
            for (int64_t panel = chunk * perChunk; panel < end; ++panel)
                tile(weights + panel * blocks, blocks, packed + tiles.start(t) * blocks,
                     out + tiles.start(t) * ldc + panel * lanes, ldc, std::min<int64_t>(lanes, m - panel * lanes));
        }
    }
}

template <typename T> void pack(const T * from, int64_t rows, int64_t blocks, Block<T> * to) {
    for (int64_t first = 0; first < rows; first += lanes)
        for (int64_t b = 0; b < blocks; ++b, ++to)
            for (int row = 0; row < lanes; ++row) {
                // What fills up the last panel is not used.
                const T & block = from[std::min(first + row, rows - 1) * blocks + b];
                to->scales[row].bits = block.d;
                for (size_t g = 0; g < sizeof block.qs / 4; ++g) {
                    uint32_t four;
                    std::memcpy(&four, (const char *) block.qs + 4 * g, sizeof four);
                    four ^= flip<T>;
                    std::memcpy(to->values + (g * lanes + row) * 4, &four, sizeof four);
                }
            }
}

} // namespace

bool foretoken_multiplies(int type) { return type == GGML_TYPE_Q4_0 || type == GGML_TYPE_Q8_0; }

size_t foretoken_packed_size(int type, int64_t rows, int64_t length) {
    const size_t block = type == GGML_TYPE_Q4_0 ? sizeof(Block<block_q4_0>) : sizeof(Block<block_q8_0>);
    return (size_t) (panelsOf(rows) * (length / blockLength)) * block;
}

void foretoken_pack(int type, const void * from, int64_t rows, int64_t length, void * to) {
    const int64_t blocks = length / blockLength;
    if (type == GGML_TYPE_Q4_0) pack((const block_q4_0 *) from, rows, blocks, (Block<block_q4_0> *) to);
    else pack((const block_q8_0 *) from, rows, blocks, (Block<block_q8_0> *) to);
}

size_t foretoken_work_size(int64_t columns, int64_t length) {
    return (size_t) (columns * (length / blockLength)) * sizeof(Column);
}

void foretoken_multiply(const ggml_compute_params * params, int type, int64_t m, int64_t n, int64_t k,
                        const void * weights, const float * activations, int64_t ldb, float * out, int64_t ldc) {
    if (type == GGML_TYPE_Q4_0) {
        multiply(params, m, n, k, (const Block<block_q4_0> *) weights, activations, ldb, out, ldc);
    } else {
        multiply(params, m, n, k, (const Block<block_q8_0> *) weights, activations, ldb, out, ldc);
    }
}

#endif
