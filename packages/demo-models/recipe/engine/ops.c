// The element-wise parts: RMSNorm, RoPE (half-split layout) and SwiGLU, forward and backward.
#include "model.h"
#include <math.h>
#include <string.h>

void rope_table(const Shape *s, int context, float *cos_, float *sin_) {
  int half = s->head_dim / 2;
  for (int t = 0; t < context; t++)
    for (int i = 0; i < half; i++) {
      double angle = t * pow(s->theta, -2.0 * i / s->head_dim);
      cos_[t * half + i] = (float)cos(angle);
      sin_[t * half + i] = (float)sin(angle);
    }
}

void rms_norm(const float *x, const float *gain, float *y, int n, int d, float eps) {
  for (int t = 0; t < n; t++, x += d, y += d) {
    float sum = 0;
    for (int i = 0; i < d; i++) sum += x[i] * x[i];
    float r = 1 / sqrtf(sum / d + eps);
    for (int i = 0; i < d; i++) y[i] = x[i] * r * gain[i];
  }
}

// Adds to dx_add, as the residual stream's gradient flows past the norm too.
void rms_norm_back(const float *x, const float *gain, const float *dy, float *dx_add, float *dgain, int n, int d, float eps) {
  for (int t = 0; t < n; t++, x += d, dy += d, dx_add += d) {
    float sum = 0, dot = 0;
    for (int i = 0; i < d; i++) {
      sum += x[i] * x[i];
      dot += dy[i] * gain[i] * x[i];
    }
    float r = 1 / sqrtf(sum / d + eps), c = dot * r * r * r / d;
    for (int i = 0; i < d; i++) {
      dgain[i] += dy[i] * x[i] * r;
      dx_add[i] += dy[i] * gain[i] * r - x[i] * c;
    }
  }
}

// Turns pairs (i, i + half) by the angle (sign +1) or back (sign -1).
void rotate(float *row, const float *c, const float *s, int half, float sign) {
  for (int i = 0; i < half; i++) {
    float a = row[i], b = row[i + half], sn = sign * s[i];
    row[i] = a * c[i] - b * sn;
    row[i + half] = b * c[i] + a * sn;
  }
}

void split_rope(const Shape *s, const float *qkv, float *q, float *k, float *v, int batch, int context, const Acts *a) {
  int hd = s->head_dim, half = hd / 2, width = s->heads * hd;
  for (int b = 0; b < batch; b++)
    for (int t = 0; t < context; t++, qkv += width + 2 * hd, q += width, k += hd, v += hd) {
      memcpy(q, qkv, sizeof(float) * width);
      memcpy(k, qkv + width, sizeof(float) * hd);
      memcpy(v, qkv + width + hd, sizeof(float) * hd);
      const float *c = a->cos + t * half, *sn = a->sin + t * half;
      for (int h = 0; h < s->heads; h++) rotate(q + h * hd, c, sn, half, 1);
      rotate(k, c, sn, half, 1);
    }
}

void merge_rope_back(const Shape *s, const float *dq, const float *dk, const float *dv, float *dqkv, int batch, int context, const Acts *a) {
  int hd = s->head_dim, half = hd / 2, width = s->heads * hd;
  for (int b = 0; b < batch; b++)
    for (int t = 0; t < context; t++, dqkv += width + 2 * hd, dq += width, dk += hd, dv += hd) {
      memcpy(dqkv, dq, sizeof(float) * width);
      memcpy(dqkv + width, dk, sizeof(float) * hd);
      memcpy(dqkv + width + hd, dv, sizeof(float) * hd);
      const float *c = a->cos + t * half, *sn = a->sin + t * half;
      for (int h = 0; h <= s->heads; h++) rotate(dqkv + h * hd, c, sn, half, -1);
    }
}

void swiglu(const float *gate_up, float *act, int n, int ff) {
  for (int t = 0; t < n; t++, gate_up += 2 * ff, act += ff)
    for (int i = 0; i < ff; i++) act[i] = gate_up[i] / (1 + expf(-gate_up[i])) * gate_up[ff + i];
}

void swiglu_back(const float *gate_up, const float *dact, float *dgu, int n, int ff) {
  for (int t = 0; t < n; t++, gate_up += 2 * ff, dgu += 2 * ff, dact += ff)
    for (int i = 0; i < ff; i++) {
      float g = gate_up[i], u = gate_up[ff + i], sig = 1 / (1 + expf(-g));
      dgu[i] = dact[i] * u * sig * (1 + g * (1 - sig));
      dgu[ff + i] = dact[i] * g * sig;
    }
}
