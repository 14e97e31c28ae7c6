// A llama-architecture transformer in plain C over cblas: the shape, the weights and the activations.
// Weights are one flat array of floats, so that optimisers, checkpoints and exports can treat them alike.
#pragma once
#include <stddef.h>

typedef struct {
  int d, layers, heads, head_dim, ff, vocab;
  int exit;        // the early exit reads the residual stream after this many layers; 0: no exit
  int max_context; // length of the RoPE table
  float eps, theta;
} Shape;

// Offsets into the flat weights. Matrices are [out, in], row-major. There is one KV head.
typedef struct { size_t norm1, qkv, o, norm2, gate_up, down; } LayerAt;
size_t at_layer(const Shape *s, int layer, LayerAt *at);
size_t at_final_norm(const Shape *s);
size_t at_exit_norm(const Shape *s);
size_t weight_count(const Shape *s);

// What the forward pass keeps for the backward pass, for a micro-batch of `n` tokens.
typedef struct {
  float *h1, *q, *k, *v, *prob, *mix, *mid, *h2, *gate_up, *act;
} LayerActs;
typedef struct {
  int n, context;
  float *x;        // [layers + 1][n][d]: the residual stream before each layer, and after the last
  LayerActs *layer;
  float *dx, *dx_exit, *dh, *tmp, *dq, *dk, *dv, *dmix, *dprob, *dgu, *dact; // scratch
  float *logits, *logits2, *normed, *dnormed;                     // scratch of the heads, one chunk
  float *cos, *sin;
  void *memory;
} Acts;
#define HEAD_CHUNK 256

Acts *acts_new(const Shape *s, int n, int context);
void acts_free(Acts *a);
void forward(const Shape *s, const float *w, const int *tokens, int batch, int context, Acts *a);
// `a->dx` holds the gradient of the residual stream after layer `from`; walks down to layer `to`.
void backward_layers(const Shape *s, const float *w, float *g, int batch, int context, Acts *a, int from, int to);
void backward_embedding(const Shape *s, float *g, const int *tokens, int n, const float *dx);

// ops.c
void rope_table(const Shape *s, int context, float *cos, float *sin);
void rms_norm(const float *x, const float *gain, float *y, int n, int d, float eps);
void rms_norm_back(const float *x, const float *gain, const float *dy, float *dx_add, float *dgain, int n, int d, float eps);
void split_rope(const Shape *s, const float *qkv, float *q, float *k, float *v, int batch, int context, const Acts *a);
void merge_rope_back(const Shape *s, const float *dq, const float *dk, const float *dv, float *dqkv, int batch, int context, const Acts *a);
void rotate(float *row, const float *cos, const float *sin, int half, float sign);
void swiglu(const float *gate_up, float *act, int n, int ff);
void swiglu_back(const float *gate_up, const float *dact, float *dgate_up, int n, int ff);

// attention.c
void attention(const Shape *s, const float *q, const float *k, const float *v, float *prob, float *mix, int batch, int context);
void attention_back(const Shape *s, const LayerActs *l, const float *dmix, float *dq, float *dk, float *dv, float *dprob, int batch, int context);

// gemm.c: c = op(a) op(b) + add * c (add is 0 or 1); y = x w^T, dx = dy w, dw += dy^T x
void gemm(int ta, int tb, int m, int n, int k, const float *a, int lda, const float *b, int ldb, float add, float *c, int ldc);
void linear(const float *x, const float *w, float *y, int n, int out, int in, float add);
void linear_back_x(const float *dy, const float *w, float *dx, int n, int out, int in, float add);
void linear_back_w(const float *dy, const float *x, float *dw, int n, int out, int in);
