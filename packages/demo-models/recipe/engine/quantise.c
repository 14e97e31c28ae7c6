// What the weights are after a round trip through ggml's block formats: Q4_0 for the layers' matrices, Q8_0 for the embedding.
#include "model.h"
#include <math.h>
#include <string.h>

static float half(float x) { return (float)(_Float16)x; }

static void q4_0(const float *x, float *y) {
  float top = 0, most = 0;
  for (int i = 0; i < 32; i++)
    if (fabsf(x[i]) > most) most = fabsf(x[i]), top = x[i];
  float d = top / -8, inverse = d ? 1 / d : 0;
  for (int i = 0; i < 32; i++) {
    int q = (int)(x[i] * inverse + 8.5f);
    y[i] = ((q > 15 ? 15 : q) - 8) * half(d);
  }
}

static void q8_0(const float *x, float *y) {
  float most = 0;
  for (int i = 0; i < 32; i++) most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
  float d = most / 127, inverse = d ? 1 / d : 0;
  for (int i = 0; i < 32; i++) y[i] = roundf(x[i] * inverse) * half(d);
}

void fake_quantise(const Shape *s, const float *w, float *out) {
  size_t count = weight_count(s), embedding = (size_t)s->vocab * s->d, all = s->heads * s->head_dim + 2 * s->head_dim;
  memcpy(out, w, sizeof(float) * count);
  for (size_t i = 0; i < embedding; i += 32) q8_0(w + i, out + i);
  for (int layer = 0; layer < s->layers; layer++) {
    LayerAt at;
    at_layer(s, layer, &at);
    for (size_t i = at.qkv; i < at.qkv + all * s->d; i += 32) q4_0(w + i, out + i);
    for (size_t i = at.o; i < at.norm2; i += 32) q4_0(w + i, out + i);
    for (size_t i = at.gate_up; i < at.down + (size_t)s->d * s->ff; i += 32) q4_0(w + i, out + i);
  }
}
