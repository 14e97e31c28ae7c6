// The transformer itself: where the weights lie, the forward pass and the backward pass.
#include "model.h"
#include <stdlib.h>
#include <string.h>

size_t at_layer(const Shape *s, int layer, LayerAt *at) {
  size_t d = s->d, width = s->heads * s->head_dim, p = (size_t)s->vocab * d;
  size_t one = d + (width + 2 * s->head_dim) * d + d * width + d + 2 * s->ff * d + d * s->ff;
  p += one * layer;
  if (at) {
    at->norm1 = p, p += d;
    at->qkv = p, p += (width + 2 * s->head_dim) * d;
    at->o = p, p += d * width;
    at->norm2 = p, p += d;
    at->gate_up = p, p += (size_t)2 * s->ff * d;
    at->down = p, p += (size_t)d * s->ff;
  }
  return p;
}
size_t at_final_norm(const Shape *s) { return at_layer(s, s->layers, NULL); }
size_t at_exit_norm(const Shape *s) { return at_final_norm(s) + s->d; }
size_t weight_count(const Shape *s) { return at_exit_norm(s) + (s->exit ? s->d : 0); }

static float *take(char **p, size_t floats) {
  float *at = (float *)*p;
  *p += (floats * sizeof(float) + 63) / 64 * 64;
  return at;
}

Acts *acts_new(const Shape *s, int n, int context) {
  size_t d = s->d, hd = s->head_dim, width = s->heads * hd, ff = s->ff, N = n;
  size_t per_layer = N * (d * 3 + width * 2 + 2 * hd + 3 * ff) + N * s->heads * context + 256;
  size_t scratch = N * (d * 4 + width * 4 + 8 * hd + 3 * ff) + (size_t)64 * s->heads * context + (size_t)HEAD_CHUNK * (2 * s->vocab + 2 * d);
  size_t table = (size_t)s->max_context * hd;
  size_t bytes = sizeof(float) * ((s->layers + 1) * N * d + s->layers * per_layer + scratch + table + 4096);
  Acts *a = calloc(1, sizeof *a);
  a->n = n, a->context = context, a->layer = calloc(s->layers, sizeof(LayerActs));
  a->memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  memset(a->memory, 0, bytes);
  char *p = a->memory;
  a->x = take(&p, (s->layers + 1) * N * d);
  for (int i = 0; i < s->layers; i++) {
    LayerActs *l = a->layer + i;
    l->h1 = take(&p, N * d), l->q = take(&p, N * width), l->k = take(&p, N * hd), l->v = take(&p, N * hd);
    l->prob = take(&p, N * s->heads * context), l->mix = take(&p, N * width), l->mid = take(&p, N * d);
    l->h2 = take(&p, N * d), l->gate_up = take(&p, N * 2 * ff), l->act = take(&p, N * ff);
  }
  a->dx = take(&p, N * d), a->dx_exit = take(&p, N * d), a->dh = take(&p, N * d), a->tmp = take(&p, N * (width + 2 * hd));
  a->dq = take(&p, N * width), a->dk = take(&p, N * hd), a->dv = take(&p, N * hd), a->dmix = take(&p, N * width);
  a->dprob = take(&p, (size_t)64 * s->heads * context), a->dgu = take(&p, N * 2 * ff), a->dact = take(&p, N * ff);
  a->logits = take(&p, (size_t)HEAD_CHUNK * s->vocab), a->logits2 = take(&p, (size_t)HEAD_CHUNK * s->vocab);
  a->normed = take(&p, HEAD_CHUNK * d), a->dnormed = take(&p, HEAD_CHUNK * d);
  a->cos = take(&p, table / 2), a->sin = take(&p, table / 2);
  rope_table(s, s->max_context, a->cos, a->sin);
  return a;
}
void acts_free(Acts *a) { free(a->memory), free(a->layer), free(a); }

void forward(const Shape *s, const float *w, const int *tokens, int batch, int T, Acts *a) {
  int n = batch * T, d = s->d, width = s->heads * s->head_dim, all = width + 2 * s->head_dim;
  for (int t = 0; t < n; t++) memcpy(a->x + (size_t)t * d, w + (size_t)tokens[t] * d, sizeof(float) * d);
  for (int i = 0; i < s->layers; i++) {
    LayerAt at;
    at_layer(s, i, &at);
    LayerActs *l = a->layer + i;
    float *x = a->x + (size_t)i * a->n * d, *y = x + (size_t)a->n * d;
    rms_norm(x, w + at.norm1, l->h1, n, d, s->eps);
    linear(l->h1, w + at.qkv, a->tmp, n, all, d, 0);
    split_rope(s, a->tmp, l->q, l->k, l->v, batch, T, a);
    attention(s, l->q, l->k, l->v, l->prob, l->mix, batch, T);
    memcpy(l->mid, x, sizeof(float) * n * d);
    linear(l->mix, w + at.o, l->mid, n, d, width, 1);
    rms_norm(l->mid, w + at.norm2, l->h2, n, d, s->eps);
    linear(l->h2, w + at.gate_up, l->gate_up, n, 2 * s->ff, d, 0);
    swiglu(l->gate_up, l->act, n, s->ff);
    memcpy(y, l->mid, sizeof(float) * n * d);
    linear(l->act, w + at.down, y, n, d, s->ff, 1);
  }
}

void backward_layers(const Shape *s, const float *w, float *g, int batch, int T, Acts *a, int from, int to) {
  int n = batch * T, d = s->d, width = s->heads * s->head_dim, all = width + 2 * s->head_dim;
  for (int i = from - 1; i >= to; i--) {
    LayerAt at;
    at_layer(s, i, &at);
    LayerActs *l = a->layer + i;
    float *x = a->x + (size_t)i * a->n * d;
    linear_back_w(a->dx, l->act, g + at.down, n, d, s->ff);
    linear_back_x(a->dx, w + at.down, a->dact, n, d, s->ff, 0);
    swiglu_back(l->gate_up, a->dact, a->dgu, n, s->ff);
    linear_back_w(a->dgu, l->h2, g + at.gate_up, n, 2 * s->ff, d);
    linear_back_x(a->dgu, w + at.gate_up, a->dh, n, 2 * s->ff, d, 0);
    rms_norm_back(l->mid, w + at.norm2, a->dh, a->dx, g + at.norm2, n, d, s->eps);
    linear_back_w(a->dx, l->mix, g + at.o, n, d, width);
    linear_back_x(a->dx, w + at.o, a->dmix, n, d, width, 0);
    attention_back(s, l, a->dmix, a->dq, a->dk, a->dv, a->dprob, batch, T);
    merge_rope_back(s, a->dq, a->dk, a->dv, a->tmp, batch, T, a);
    linear_back_w(a->tmp, l->h1, g + at.qkv, n, all, d);
    linear_back_x(a->tmp, w + at.qkv, a->dh, n, all, d, 0);
    rms_norm_back(x, w + at.norm1, a->dh, a->dx, g + at.norm1, n, d, s->eps);
  }
}

void backward_embedding(const Shape *s, float *g, const int *tokens, int n, const float *dx) {
  for (int t = 0; t < n; t++) {
    float *row = g + (size_t)tokens[t] * s->d;
    for (int i = 0; i < s->d; i++) row[i] += dx[(size_t)t * s->d + i];
  }
}
