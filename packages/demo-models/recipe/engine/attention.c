// Causal attention with one KV head: the rows (token, head) of the queries form one matrix, taken in blocks of tokens
// so that the masked half is mostly skipped.
#include "model.h"
#include <math.h>
#include <string.h>

#define BLOCK 64

static int block_of(int context, int start) { return context - start < BLOCK ? context - start : BLOCK; }

static void softmax_row(float *p, int valid, int width, float scale) {
  float top = p[0], sum = 0;
  for (int i = 1; i < valid; i++) top = p[i] > top ? p[i] : top;
  for (int i = 0; i < valid; i++) p[i] = expf((p[i] - top) * scale);
  for (int i = 0; i < valid; i++) sum += p[i];
  float r = 1 / sum;
  for (int i = 0; i < valid; i++) p[i] *= r;
  memset(p + valid, 0, sizeof(float) * (width - valid));
}

void attention(const Shape *s, const float *q, const float *k, const float *v, float *prob, float *mix, int batch, int T) {
  int hd = s->head_dim, H = s->heads;
  float scale = 1 / sqrtf(hd);
  for (int b = 0; b < batch; b++, q += T * H * hd, mix += T * H * hd, k += T * hd, v += T * hd, prob += (size_t)T * H * T)
    for (int t0 = 0; t0 < T; t0 += BLOCK) {
      int size = block_of(T, t0), rows = size * H, keys = t0 + size;
      float *p = prob + (size_t)t0 * H * T;
      gemm(0, 1, rows, keys, hd, q + t0 * H * hd, hd, k, hd, 0, p, T);
      for (int r = 0; r < rows; r++) softmax_row(p + (size_t)r * T, t0 + r / H + 1, keys, scale);
      gemm(0, 0, rows, hd, keys, p, T, v, hd, 0, mix + t0 * H * hd, hd);
    }
}

void attention_back(const Shape *s, const LayerActs *l, const float *dmix, float *dq, float *dk, float *dv, float *dprob, int batch, int T) {
  int hd = s->head_dim, H = s->heads;
  float scale = 1 / sqrtf(hd);
  memset(dk, 0, sizeof(float) * batch * T * hd);
  memset(dv, 0, sizeof(float) * batch * T * hd);
  const float *q = l->q, *k = l->k, *v = l->v, *prob = l->prob, *mix = l->mix;
  for (int b = 0; b < batch; b++) {
    for (int t0 = 0; t0 < T; t0 += BLOCK) {
      int size = block_of(T, t0), rows = size * H, keys = t0 + size, at = t0 * H * hd;
      const float *p = prob + (size_t)t0 * H * T;
      gemm(0, 1, rows, keys, hd, dmix + at, hd, v, hd, 0, dprob, T);
      gemm(1, 0, keys, hd, rows, p, T, dmix + at, hd, 1, dv, hd);
      for (int r = 0; r < rows; r++) {
        const float *pr = p + (size_t)r * T, *dm = dmix + at + r * hd, *mx = mix + at + r * hd;
        float *dp = dprob + (size_t)r * T, dot = 0;
        for (int i = 0; i < hd; i++) dot += dm[i] * mx[i];
        for (int i = 0; i < keys; i++) dp[i] = pr[i] * (dp[i] - dot) * scale;
      }
      gemm(0, 0, rows, hd, keys, dprob, T, k, hd, 0, dq + at, hd);
      gemm(1, 0, keys, hd, rows, dprob, T, q + at, hd, 1, dk, hd);
    }
    q += T * H * hd, dq += T * H * hd, mix += T * H * hd, dmix += T * H * hd;
    k += T * hd, dk += T * hd, v += T * hd, dv += T * hd, prob += (size_t)T * H * T;
  }
}
