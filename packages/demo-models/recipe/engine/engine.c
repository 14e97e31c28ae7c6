#include "engine.h"
#include <stdlib.h>

Engine *engine_new(const Shape *s, int threads, int tokens, int context) {
  Engine *e = calloc(1, sizeof *e);
  e->s = *s, e->threads = threads;
  e->acts = calloc(threads, sizeof *e->acts), e->grads = calloc(threads, sizeof *e->grads), e->scratch = calloc(threads, sizeof *e->scratch);
  for (int i = 0; i < threads; i++) {
    e->acts[i] = acts_new(s, tokens, context);
    e->grads[i] = calloc(weight_count(s), sizeof(float));
    e->scratch[i] = calloc((size_t)3 * s->ff * s->d + 4 * (size_t)s->ff * s->ff, sizeof(float));
  }
  return e;
}

void engine_free(Engine *e) {
  for (int i = 0; i < e->threads; i++) acts_free(e->acts[i]), free(e->grads[i]), free(e->scratch[i]);
  free(e->acts), free(e->grads), free(e->scratch), free(e);
}

size_t engine_weights(const Engine *e) { return weight_count(&e->s); }
