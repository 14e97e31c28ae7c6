// A pool that lives as long as the process: threads keep their buffers from one call to the next.
#include "parallel.h"
#include <pthread.h>
#include <stdatomic.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t started = PTHREAD_COND_INITIALIZER, finished = PTHREAD_COND_INITIALIZER;
static int alive, wanted, busy; // helpers that exist, that the current call uses, and that have not finished it
static unsigned call;
static atomic_int next;
static int count;
static Task run;
static void *context;

static void take_tasks(int thread) {
  for (int task; (task = atomic_fetch_add(&next, 1)) < count;) run(context, task, thread);
}

static void *helper(void *p) {
  int thread = (int)(size_t)p;
  unsigned seen = 0;
  pthread_mutex_lock(&lock);
  for (;;) {
    while (seen == call || thread > wanted) {
      seen = call;
      pthread_cond_wait(&started, &lock);
    }
    seen = call;
    pthread_mutex_unlock(&lock);
    take_tasks(thread);
    pthread_mutex_lock(&lock);
    if (--busy == 0) pthread_cond_signal(&finished);
  }
}

void parallel(int threads, int tasks, Task task, void *with) {
  pthread_mutex_lock(&lock);
  run = task, context = with, count = tasks, next = 0;
  busy = wanted = threads - 1, call++;
  for (pthread_t id; alive < wanted;) pthread_create(&id, NULL, helper, (void *)(size_t)(++alive));
  pthread_cond_broadcast(&started);
  pthread_mutex_unlock(&lock);
  take_tasks(0);
  pthread_mutex_lock(&lock);
  while (busy) pthread_cond_wait(&finished, &lock);
  pthread_mutex_unlock(&lock);
}
