#include "parallel.h"
#include <pthread.h>
#include <stdatomic.h>

typedef struct { atomic_int next; int count; Task run; void *context; } Shared;
typedef struct { Shared *shared; int thread; } Worker;

static void *work(void *p) {
  Worker *w = p;
  for (int task; (task = atomic_fetch_add(&w->shared->next, 1)) < w->shared->count;)
    w->shared->run(w->shared->context, task, w->thread);
  return NULL;
}

void parallel(int threads, int count, Task run, void *context) {
  Shared shared = {0, count, run, context};
  pthread_t id[64];
  Worker worker[64];
  for (int i = 0; i < threads; i++) worker[i] = (Worker){&shared, i};
  for (int i = 1; i < threads; i++) pthread_create(id + i, NULL, work, worker + i);
  work(worker);
  for (int i = 1; i < threads; i++) pthread_join(id[i], NULL);
}
