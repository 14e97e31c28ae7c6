#pragma once
// c[m, n] = op(a) op(b) + add * c, rows `lda`, `ldb`, `ldc` floats apart; `ta`: a is [k, m]; `tb`: b is [n, k]. Returns 0 where it cannot
// (no AVX-512 BF16, an odd shape, or bfloat16 switched off): then nothing was done.
int gemm_bf16(int ta, int tb, int m, int n, int k, const float *a, int lda, const float *b, int ldb, float add, float *c, int ldc);
void use_bf16(int on);
