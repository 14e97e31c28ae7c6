// Matrix products: cblas in general; with AVX-512 BF16, our own kernel, which takes its inputs rounded to bfloat16, sums in
// float and is half again as fast.
#include "model.h"
#include "gemm_bf16.h"
#include <cblas.h>

void gemm(int ta, int tb, int m, int n, int k, const float *a, int lda, const float *b, int ldb, float add, float *c, int ldc) {
  if (gemm_bf16(ta, tb, m, n, k, a, lda, b, ldb, add, c, ldc)) return;
  cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans, tb ? CblasTrans : CblasNoTrans, m, n, k, 1, a, lda, b, ldb, add, c, ldc);
}
void linear(const float *x, const float *w, float *y, int n, int out, int in, float add) {
  gemm(0, 1, n, out, in, x, in, w, in, add, y, out);
}
void linear_back_x(const float *dy, const float *w, float *dx, int n, int out, int in, float add) {
  gemm(0, 0, n, in, out, dy, out, w, in, add, dx, in);
}
void linear_back_w(const float *dy, const float *x, float *dw, int n, int out, int in) {
  gemm(1, 0, out, in, n, dy, out, x, in, 1, dw, in);
}
