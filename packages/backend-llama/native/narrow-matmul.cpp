// Matrix products for passes over few tokens: what judging a draft is made of.
//
// Such a pass should cost what reading the weights costs. So weights come from memory once, in the order in which they lie
// there, and are asked for one tile ahead; all columns are done for a few rows before the next rows are touched.
//
// The order of additions in an output depends neither on how many columns there are nor on how rows are shared among
// threads. A token's result is the same bits in a pass of any width.
//
// Activations stay F32. (llama.cpp rounds them to the type of the weights first.)

#include "tiles.h"
#include "two-ways.h"

#include "ggml-cpu-impl.h"
#include "llamafile/sgemm.h"

// llama.cpp's own, under another name: see compile.ts.
extern "C" bool llamafile_sgemm_original(const struct ggml_compute_params *, int64_t, int64_t, int64_t, const void *,
                                         int64_t, const void *, int64_t, void *, int64_t, int, int, int);

#ifdef FORETOKEN_VECTORS

namespace {

/** Columns that weights are read for at a time. Beyond these, reading them again costs nothing beside the arithmetic. */
constexpr int columnsAtOnce = 48;
/** Weights, in bytes, that a thread takes at a time. */
constexpr int64_t chunkBytes = 512 << 10;
/** Matrices, in bytes, that may still lie in a cache from the pass before. */
constexpr int64_t cachedBytes = 1 << 20;

/**
 * With one column there is nothing to do but to fetch weights. One row after the other is what some processors foresee by
 * themselves, and they fetch more at a time than they can be asked for (Zen 4: up to a tenth quicker); others have to be
 * asked (Emerald Rapids: a quarter quicker).
 */
TwoWays fetching;

/** A panel for one column, row by row. */
template <typename T>
void rowByRow(const T * weights, int64_t stride, int64_t rows, const float * packed, int64_t k, float * out,
              int64_t outStride, Ahead & ahead) {
    for (int64_t row = 0; row < rows; ++row)
        tile<T, 1, 1>(weights + row * stride, stride, packed, k, out + row, outStride, ahead);
}

template <typename T>
void multiply(const ggml_compute_params * params, int64_t m, int n, int64_t k, const T * weights, int64_t lda,
              const float * activations, int64_t ldb, float * out, int64_t ldc) {
    const Cut cut(n);
    float * packed = buffer((size_t) (padded(k) * n));
    for (int t = 0; t < cut.tiles; ++t)
        for (int c = 0; c < cut.width(t); ++c)
            pack(activations + (cut.start(t) + c) * ldb, k, c, cut.width(t), packed + cut.start(t) * padded(k));

    // Rows are given out in chunks, so that a thread that is held up does not hold up the others. Small products are not
    // worth that.
    const int64_t panels = (m + panelRows - 1) / panelRows;
    const int64_t panelBytes = panelRows * lda * (int64_t) sizeof(T);
    const bool shared = params->nth > 1 && panels * panelBytes > 2 * chunkBytes;
    const int64_t perChunk = shared
        ? std::max<int64_t>(1, std::min(chunkBytes / panelBytes, panels / (4 * params->nth)))
        : (panels + params->nth - 1) / params->nth;
    const int64_t chunks = (panels + perChunk - 1) / perChunk;
    const int64_t chunkRows = perChunk * panelRows;
    const bool fetched = n == 1 && panels * panelBytes > cachedBytes;

    if (fetched && params->ith == 0) fetching.start();
    if (shared) {
        if (params->ith == 0) ggml_threadpool_chunk_set(params->threadpool, params->nth);
        ggml_barrier(params->threadpool);
    }
    const bool foreseen = fetched && !fetching.second();
    for (int64_t chunk = params->ith, next; chunk < chunks; chunk = next) {
        // Known before it is needed, so that its start can be asked for while the end of this one is worked on.
        next = shared ? ggml_threadpool_chunk_add(params->threadpool, 1) : chunks;
        const int64_t end = std::min(m, (chunk + 1) * chunkRows);
        for (int64_t row = chunk * chunkRows; row < end; row += panelRows) {
            const int64_t rows = std::min<int64_t>(panelRows, end - row);
            const int64_t following = row + rows < end ? row + rows : next < chunks ? next * chunkRows : m;
            // As much as a step goes through, shared among the tiles that go over the same rows.
            const int lines = !foreseen && following < m ? (tileRows + cut.tiles - 1) / cut.tiles : 0;
            Ahead ahead{(const char *) (weights + following * lda), lines};
            for (int t = 0; t < cut.tiles; ++t)
                (foreseen ? rowByRow<T> : panelFor<T>(cut.width(t)))(weights + row * lda, lda, rows,
                                                                     packed + cut.start(t) * padded(k), k,
                                                                     out + cut.start(t) * ldc + row, ldc, ahead);
        }
    }
    // The next product may set the counter again.
    if (shared) ggml_barrier(params->threadpool);
    if (fetched && params->ith == 0) fetching.finish(m * lda * (int64_t) sizeof(T));
}

template <typename T>
bool multiplyAll(const ggml_compute_params * params, int64_t m, int64_t n, int64_t k, const void * weights, int64_t lda,
                 const void * activations, int64_t ldb, void * out, int64_t ldc) {
    for (int64_t done = 0; done < n; done += columnsAtOnce)
        multiply(params, m, (int) std::min<int64_t>(columnsAtOnce, n - done), k, (const T *) weights, lda,
                 (const float *) activations + done * ldb, ldb, (float *) out + done * ldc, ldc);
    return true;
}

} // namespace

#endif

extern "C" bool llamafile_sgemm(const struct ggml_compute_params * params, int64_t m, int64_t n, int64_t k,
                                const void * A, int64_t lda, const void * B, int64_t ldb, void * C, int64_t ldc,
                                int Atype, int Btype, int Ctype) {
#ifdef FORETOKEN_VECTORS
    if (Btype == GGML_TYPE_F32 && Ctype == GGML_TYPE_F32) {
        if (Atype == GGML_TYPE_F16) return multiplyAll<half>(params, m, n, k, A, lda, B, ldb, C, ldc);
        if (Atype == GGML_TYPE_BF16) return multiplyAll<brain>(params, m, n, k, A, lda, B, ldb, C, ldc);
        if (Atype == GGML_TYPE_F32) return multiplyAll<float>(params, m, n, k, A, lda, B, ldb, C, ldc);
    }
#endif
    return llamafile_sgemm_original(params, m, n, k, A, lda, B, ldb, C, ldc, Atype, Btype, Ctype);
}
