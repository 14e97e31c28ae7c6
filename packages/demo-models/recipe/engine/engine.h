// A model at work: its shape and, for every thread, activations, gradients and scratch.
#pragma once
#include "model.h"

typedef struct {
  Shape s;
  int threads;
  Acts **acts;
  float **grads;
  float **scratch;
} Engine;

// Sums over tokens; divide by `tokens` (or `exit_tokens`).
typedef struct { double tokens, loss, exit_tokens, exit_loss, agree, overlap; } Stats;
