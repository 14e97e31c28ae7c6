// The losses. Logits are made, used and dropped for 256 tokens at a time, so that they stay in the cache.
// - training: cross-entropy of the last layer, and of the early exit against a mix of the true token and the last layer's
//   own probabilities;
// - distillation: a student against its teacher's probabilities.
#include "engine.h"
#include "parallel.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void softmax(float *row, int n) {
  float top = row[0], sum = 0;
  for (int i = 1; i < n; i++) top = row[i] > top ? row[i] : top;
  for (int i = 0; i < n; i++) row[i] = expf(row[i] - top);
  for (int i = 0; i < n; i++) sum += row[i];
  float r = 1 / sum;
  for (int i = 0; i < n; i++) row[i] *= r;
}

static int argmax(const float *row, int n) {
  int best = 0;
  for (int i = 1; i < n; i++)
    if (row[i] > row[best]) best = i;
  return best;
}

static void probabilities(const Shape *s, const float *w, size_t norm, const float *x, int n, float *normed, float *out) {
  rms_norm(x, w + norm, normed, n, s->d, s->eps);
  linear(normed, w, out, n, s->vocab, s->d, 0);
  for (int t = 0; t < n; t++) softmax(out + (size_t)t * s->vocab, s->vocab);
}

// `dlogits` goes back through the tied embedding and the norm, into dx.
static void head_back(const Shape *s, const float *w, float *g, size_t norm, const float *x, const float *dlogits, int n, Acts *a, float *dx) {
  linear_back_w(dlogits, a->normed, g, n, s->vocab, s->d);
  linear_back_x(dlogits, w, a->dnormed, n, s->vocab, s->d, 0);
  rms_norm_back(x, w + norm, a->dnormed, dx, g + norm, n, s->d, s->eps);
}

// Turns the student's probabilities q into the gradient of its loss against mix * true token + (1 - mix) * p.
static void student_loss(const float *p, float *q, int target, float mix, float weight, int V, Stats *st, float *agree, float *overlap) {
  float both = 0;
  for (int i = 0; i < V; i++) both += p[i] < q[i] ? p[i] : q[i];
  float same = argmax(p, V) == argmax(q, V);
  st->exit_tokens += 1, st->agree += same, st->overlap += both, st->exit_loss -= logf(q[target] + 1e-30f);
  if (agree) *agree = same, *overlap = both;
  for (int i = 0; i < V; i++) q[i] = (q[i] - (1 - mix) * p[i]) * weight;
  q[target] -= mix * weight;
}

typedef struct {
  Engine *e, *teacher;
  const float *w, *tw;
  const int *tokens;
  int batch, context;
  float weight, exit_weight, mix;
  int learn;
  float *agree, *overlap; // per token, when comparing
  Stats *stats;
  pthread_mutex_t lock;
} Job;

static void split_tokens(const Job *j, int task, int *in, int *target) {
  const int *rows = j->tokens + (size_t)task * j->batch * (j->context + 1);
  for (int b = 0; b < j->batch; b++, rows += j->context + 1) {
    memcpy(in + b * j->context, rows, sizeof(int) * j->context);
    memcpy(target + b * j->context, rows + 1, sizeof(int) * j->context);
  }
}

static void add_stats(Job *j, const Stats *st) {
  pthread_mutex_lock(&j->lock);
  double *to = (double *)j->stats;
  const double *from = (const double *)st;
  for (size_t i = 0; i < sizeof(Stats) / sizeof(double); i++) to[i] += from[i];
  pthread_mutex_unlock(&j->lock);
}

static void train_task(void *context, int task, int thread) {
  Job *j = context;
  const Shape *s = &j->e->s;
  Acts *a = j->e->acts[thread];
  float *g = j->e->grads[thread];
  int n = j->batch * j->context, d = s->d, V = s->vocab;
  int *in = malloc(sizeof(int) * n), *target = malloc(sizeof(int) * n);
  split_tokens(j, task, in, target);
  forward(s, j->w, in, j->batch, j->context, a);
  Stats st = {0};
  memset(a->dx, 0, sizeof(float) * n * d);
  memset(a->dx_exit, 0, sizeof(float) * n * d);
  const float *last = a->x + (size_t)s->layers * a->n * d, *early = a->x + (size_t)s->exit * a->n * d;
  for (int t0 = 0; t0 < n; t0 += HEAD_CHUNK) {
    int c = n - t0 < HEAD_CHUNK ? n - t0 : HEAD_CHUNK;
    size_t at = (size_t)t0 * d;
    probabilities(s, j->w, at_final_norm(s), last + at, c, a->normed, a->logits);
    if (s->exit && (t0 / HEAD_CHUNK + task) % 2 == 0) { // half of the chunks are enough
      probabilities(s, j->w, at_exit_norm(s), early + at, c, a->normed, a->logits2);
      for (int t = 0; t < c; t++)
        student_loss(a->logits + (size_t)t * V, a->logits2 + (size_t)t * V, target[t0 + t], j->mix, j->exit_weight * 2, V, &st, NULL, NULL);
      if (j->learn) {
        head_back(s, j->w, g, at_exit_norm(s), early + at, a->logits2, c, a, a->dx_exit + at);
        rms_norm(last + at, j->w + at_final_norm(s), a->normed, c, d, s->eps);
      }
    }
    for (int t = 0; t < c; t++) {
      float *p = a->logits + (size_t)t * V;
      st.tokens += 1, st.loss -= logf(p[target[t0 + t]] + 1e-30f);
      p[target[t0 + t]] -= 1;
      for (int i = 0; i < V; i++) p[i] *= j->weight;
    }
    if (j->learn) head_back(s, j->w, g, at_final_norm(s), last + at, a->logits, c, a, a->dx + at);
  }
  if (j->learn) {
    backward_layers(s, j->w, g, j->batch, j->context, a, s->layers, s->exit);
    if (s->exit) {
      for (int i = 0; i < n * d; i++) a->dx[i] += a->dx_exit[i];
      backward_layers(s, j->w, g, j->batch, j->context, a, s->exit, 0);
    }
    backward_embedding(s, g, in, n, a->dx);
  }
  add_stats(j, &st);
  free(in), free(target);
}

static void distill_task(void *context, int task, int thread) {
  Job *j = context;
  const Shape *s = &j->e->s, *ts = &j->teacher->s;
  Acts *a = j->e->acts[thread], *ta = j->teacher->acts[thread];
  float *g = j->e->grads[thread];
  int n = j->batch * j->context, d = s->d, V = s->vocab;
  int *in = malloc(sizeof(int) * n), *target = malloc(sizeof(int) * n);
  split_tokens(j, task, in, target);
  forward(ts, j->tw, in, j->batch, j->context, ta);
  forward(s, j->w, in, j->batch, j->context, a);
  Stats st = {0};
  memset(a->dx, 0, sizeof(float) * n * d);
  const float *tlast = ta->x + (size_t)ts->layers * ta->n * ts->d, *last = a->x + (size_t)s->layers * a->n * d;
  for (int t0 = 0; t0 < n; t0 += HEAD_CHUNK) {
    int c = n - t0 < HEAD_CHUNK ? n - t0 : HEAD_CHUNK;
    size_t at = (size_t)t0 * d;
    probabilities(ts, j->tw, at_final_norm(ts), tlast + (size_t)t0 * ts->d, c, ta->normed, a->logits);
    probabilities(s, j->w, at_final_norm(s), last + at, c, a->normed, a->logits2);
    for (int t = 0; t < c; t++) {
      size_t token = (size_t)task * n + t0 + t;
      const float *p = a->logits + (size_t)t * V;
      st.tokens += 1, st.loss -= logf(p[target[t0 + t]] + 1e-30f);
      student_loss(p, a->logits2 + (size_t)t * V, target[t0 + t], j->mix, j->weight, V, &st,
                   j->agree ? j->agree + token : NULL, j->agree ? j->overlap + token : NULL);
    }
    if (j->learn) head_back(s, j->w, g, at_final_norm(s), last + at, a->logits2, c, a, a->dx + at);
  }
  if (j->learn) {
    backward_layers(s, j->w, g, j->batch, j->context, a, s->layers, 0);
    backward_embedding(s, g, in, n, a->dx);
  }
  add_stats(j, &st);
  free(in), free(target);
}

// tokens: [micros][batch][context + 1]. The gradients stay with the threads until `optimise` takes them.
void train_batch(Engine *e, const float *w, const int *tokens, int micros, int batch, int context, float exit_weight, float mix, int learn, Stats *stats) {
  float weight = 1.0f / ((float)micros * batch * context);
  Job j = {.e = e, .w = w, .tokens = tokens, .batch = batch, .context = context, .weight = weight, .exit_weight = exit_weight * weight,
           .mix = mix, .learn = learn, .stats = stats, .lock = PTHREAD_MUTEX_INITIALIZER};
  parallel(e->threads, micros, train_task, &j);
}

void distill_batch(Engine *student, Engine *teacher, const float *w, const float *tw, const int *tokens, int micros, int batch, int context, float mix,
                   int learn, float *agree, float *overlap, Stats *stats) {
  Job j = {.e = student, .teacher = teacher, .w = w, .tw = tw, .tokens = tokens, .batch = batch, .context = context,
           .weight = 1.0f / ((float)micros * batch * context), .mix = mix, .learn = learn, .agree = agree, .overlap = overlap, .stats = stats,
           .lock = PTHREAD_MUTEX_INITIALIZER};
  parallel(student->threads, micros, distill_task, &j);
}
