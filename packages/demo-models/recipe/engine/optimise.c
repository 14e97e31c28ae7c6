// Muon for the matrices of the layers, AdamW for the embedding and the norms.
// Every task first sums its part of the threads' gradients and clears them.
#include "engine.h"
#include "parallel.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct { size_t at; int rows, cols; } Part; // cols 0: `rows` numbers for AdamW
typedef struct {
  Engine *e;
  float *w, *m, *v, muon_rate, adam_rate, decay;
  int step;
  Part *part;
} Job;

static const float MOMENTUM = 0.95f, BETA1 = 0.9f, BETA2 = 0.95f;

// Five Newton-Schulz steps towards the nearest orthogonal matrix: X <- aX + (bA + cA^2)X, A = XX^T on the shorter side.
static void orthogonalise(float *x, int rows, int cols, float *scratch) {
  const float a = 3.4445f, b = -4.7750f, c = 2.0315f;
  int side = rows < cols ? rows : cols, size = rows * cols, wide = rows <= cols;
  float *A = scratch, *B = A + side * side, *y = B + side * side, sum = 0;
  for (int i = 0; i < size; i++) sum += x[i] * x[i];
  float r = 1 / (sqrtf(sum) + 1e-7f);
  for (int i = 0; i < size; i++) x[i] *= r;
  for (int step = 0; step < 5; step++) {
    gemm(!wide, wide, side, side, wide ? cols : rows, x, cols, x, cols, 0, A, side);
    gemm(0, 0, side, side, side, A, side, A, side, 0, B, side);
    for (int i = 0; i < side * side; i++) B[i] = b * A[i] + c * B[i];
    if (wide) gemm(0, 0, rows, cols, rows, B, side, x, cols, 0, y, cols);
    else gemm(0, 0, rows, cols, cols, x, cols, B, side, 0, y, cols);
    for (int i = 0; i < size; i++) x[i] = a * x[i] + y[i];
  }
}

static void update(void *context, int task, int thread) {
  Job *j = context;
  Part part = j->part[task];
  int size = part.cols ? part.rows * part.cols : part.rows;
  float *g = j->e->grads[0] + part.at, *w = j->w + part.at, *m = j->m + part.at, *v = j->v + part.at;
  for (int t = 1; t < j->e->threads; t++) {
    float *other = j->e->grads[t] + part.at;
    for (int i = 0; i < size; i++) g[i] += other[i];
    memset(other, 0, sizeof(float) * size);
  }
  if (part.cols) {
    float *x = j->e->scratch[thread];
    for (int i = 0; i < size; i++) {
      m[i] = MOMENTUM * m[i] + g[i];
      x[i] = g[i] + MOMENTUM * m[i];
    }
    orthogonalise(x, part.rows, part.cols, x + size);
    float rate = j->muon_rate * sqrtf(part.rows > part.cols ? (float)part.rows / part.cols : 1), keep = 1 - j->muon_rate * j->decay;
    for (int i = 0; i < size; i++) w[i] = w[i] * keep - rate * x[i];
  } else {
    float c1 = 1 - powf(BETA1, j->step), c2 = 1 - powf(BETA2, j->step);
    for (int i = 0; i < size; i++) {
      m[i] = BETA1 * m[i] + (1 - BETA1) * g[i];
      v[i] = BETA2 * v[i] + (1 - BETA2) * g[i] * g[i];
      w[i] -= j->adam_rate * (m[i] / c1) / (sqrtf(v[i] / c2) + 1e-10f);
    }
  }
  memset(g, 0, sizeof(float) * size);
}

void optimise(Engine *e, float *w, float *m, float *v, int step, float muon_rate, float adam_rate, float decay) {
  const Shape *s = &e->s;
  int d = s->d, width = s->heads * s->head_dim, hd = s->head_dim, pieces = 16, n = 0;
  Part *part = malloc(sizeof(Part) * (s->layers * 9 + pieces + 2));
  for (int i = 0; i < s->layers; i++) {
    LayerAt at;
    at_layer(s, i, &at);
    part[n++] = (Part){at.gate_up, s->ff, d};
    part[n++] = (Part){at.gate_up + (size_t)s->ff * d, s->ff, d};
    part[n++] = (Part){at.down, d, s->ff};
    part[n++] = (Part){at.qkv, width, d};
    part[n++] = (Part){at.qkv + (size_t)width * d, hd, d};
    part[n++] = (Part){at.qkv + (size_t)(width + hd) * d, hd, d};
    part[n++] = (Part){at.o, d, width};
    part[n++] = (Part){at.norm1, d, 0};
    part[n++] = (Part){at.norm2, d, 0};
  }
  for (int i = 0; i < pieces; i++) part[n++] = (Part){(size_t)s->vocab / pieces * i * d, s->vocab / pieces * d, 0};
  part[n++] = (Part){at_final_norm(s), s->exit ? 2 * d : d, 0};
  Job j = {e, w, m, v, muon_rate, adam_rate, decay, step, part};
  parallel(e->threads, n, update, &j);
  free(part);
}
