// Matrix products with Q4_0 and Q8_0 weights, which are laid out anew for that when a model is loaded.
#pragma once

#include "dots.h"

#include "ggml-cpu-impl.h"

#ifdef FORETOKEN_DOTS

extern "C" {

/** Whether weights of this type can be laid out for `foretoken_multiply`. */
bool foretoken_multiplies(int type);

/** Bytes of `rows` rows of `length` weights when they are laid out. */
size_t foretoken_packed_size(int type, int64_t rows, int64_t length);

/** Lays out `rows` rows of `length` weights. */
void foretoken_pack(int type, const void * from, int64_t rows, int64_t length, void * to);

/** Bytes of scratch memory, at `params->wdata`, for `columns` columns. */
size_t foretoken_work_size(int64_t columns, int64_t length);

/**
 * `m` rows of `k` packed weights times `n` columns of activations in F32, `ldb` floats apart. Outputs of a column lie
 * together, `ldc` floats from column to column. Called by all threads of `params`.
 */
void foretoken_multiply(const struct ggml_compute_params * params, int type, int64_t m, int64_t n, int64_t k,
                        const void * weights, const float * activations, int64_t ldb, float * out, int64_t ldc);
}

#endif
