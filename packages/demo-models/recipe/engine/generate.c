// Writes text: many rows at a time, one token a step, with a KV cache. Groups of rows are spread over the threads.
#include "engine.h"
#include "parallel.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  Engine *e;
  const float *w, *temperature;
  const int *prompt_length;
  int *tokens, group, length;
  uint64_t seed;
} Job;

static float uniform(uint64_t *state) { // splitmix64
  uint64_t z = (*state += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull, z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return (float)((z ^ (z >> 31)) >> 40) / 16777216.0f;
}

static int choose(float *logits, int n, float temperature, uint64_t *state) {
  int best = 0;
  for (int i = 1; i < n; i++)
    if (logits[i] > logits[best]) best = i;
  if (temperature <= 0) return best;
  float top = logits[best], sum = 0;
  for (int i = 0; i < n; i++) logits[i] = expf((logits[i] - top) / temperature);
  for (int i = 0; i < n; i++) sum += logits[i];
  float left = uniform(state) * sum;
  for (int i = 0; i < n; i++)
    if ((left -= logits[i]) <= 0) return i;
  return best;
}

static void attend(const Shape *s, const float *q, const float *keys, const float *values, int count, float *mix, float *score) {
  int hd = s->head_dim;
  float scale = 1 / sqrtf(hd);
  for (int h = 0; h < s->heads; h++, q += hd, mix += hd) {
    float top = -1e30f, sum = 0;
    for (int t = 0; t < count; t++) {
      float dot = 0;
      for (int i = 0; i < hd; i++) dot += q[i] * keys[t * hd + i];
      score[t] = dot * scale;
      top = score[t] > top ? score[t] : top;
    }
    for (int t = 0; t < count; t++) score[t] = expf(score[t] - top);
    for (int t = 0; t < count; t++) sum += score[t];
    memset(mix, 0, sizeof(float) * hd);
    for (int t = 0; t < count; t++) {
      float p = score[t] / sum;
      for (int i = 0; i < hd; i++) mix[i] += p * values[t * hd + i];
    }
  }
}

static void write_group(void *context, int task, int thread) {
  Job *j = context;
  const Shape *s = &j->e->s;
  const Acts *a = j->e->acts[thread];
  const float *w = j->w;
  int R = j->group, L = j->length, d = s->d, hd = s->head_dim, width = s->heads * hd, all = width + 2 * hd, ff = s->ff, V = s->vocab;
  int *tokens = j->tokens + (size_t)task * R * L, shortest = L;
  const int *prompt = j->prompt_length + task * R;
  const float *temperature = j->temperature + task * R;
  size_t cache = (size_t)s->layers * R * L * hd;
  float *memory = malloc(sizeof(float) * (2 * cache + (size_t)R * (2 * d + all + width + 3 * ff + V) + L));
  float *keys = memory, *values = keys + cache, *x = values + cache, *h = x + R * d, *qkv = h + R * d, *mix = qkv + R * all;
  float *gu = mix + R * width, *act = gu + 2 * R * ff, *logits = act + R * ff, *score = logits + (size_t)R * V;
  uint64_t state = j->seed * 1000003ull + task;
  for (int r = 0; r < R; r++) shortest = prompt[r] < shortest ? prompt[r] : shortest;
  for (int t = 0; t + 1 < L; t++) {
    for (int r = 0; r < R; r++) memcpy(x + r * d, w + (size_t)tokens[r * L + t] * d, sizeof(float) * d);
    for (int i = 0; i < s->layers; i++) {
      LayerAt at;
      at_layer(s, i, &at);
      rms_norm(x, w + at.norm1, h, R, d, s->eps);
      linear(h, w + at.qkv, qkv, R, all, d, 0);
      for (int r = 0; r < R; r++) {
        float *row = qkv + r * all, *k = keys + ((size_t)i * R + r) * L * hd, *v = values + ((size_t)i * R + r) * L * hd;
        for (int head = 0; head <= s->heads; head++) rotate(row + head * hd, a->cos + t * hd / 2, a->sin + t * hd / 2, hd / 2, 1);
        memcpy(k + t * hd, row + width, sizeof(float) * hd);
        memcpy(v + t * hd, row + width + hd, sizeof(float) * hd);
        attend(s, row, k, v, t + 1, mix + r * width, score);
      }
      linear(mix, w + at.o, x, R, d, width, 1);
      rms_norm(x, w + at.norm2, h, R, d, s->eps);
      linear(h, w + at.gate_up, gu, R, 2 * ff, d, 0);
      swiglu(gu, act, R, ff);
      linear(act, w + at.down, x, R, d, ff, 1);
    }
    if (t + 1 < shortest) continue;
    rms_norm(x, w + at_final_norm(s), h, R, d, s->eps);
    linear(h, w, logits, R, V, d, 0);
    for (int r = 0; r < R; r++)
      if (t + 1 >= prompt[r]) tokens[r * L + t + 1] = choose(logits + (size_t)r * V, V, temperature[r], &state);
  }
  free(memory);
}

// tokens: [groups][group][length], the prompts at the start of each row.
void generate(Engine *e, const float *w, int *tokens, const int *prompt_length, const float *temperature, int groups, int group, int length, int seed) {
  Job j = {e, w, temperature, prompt_length, tokens, group, length, (uint64_t)seed};
  parallel(e->threads, groups, write_group, &j);
}
