// Runs `count` tasks on `threads` threads; each takes the next task from a shared counter, as cores may be busy elsewhere.
#pragma once
typedef void (*Task)(void *context, int task, int thread);
void parallel(int threads, int count, Task run, void *context);
