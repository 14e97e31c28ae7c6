// Two ways to do the same work, of which processors prefer one or the other: the quicker one here, found out on the work.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace {

/**
 * Tries both ways on the first pieces of work, and again after some thousands, as what else a machine does changes.
 *
 * Threads that share a piece call `start` before a barrier and `finish` after another, one of them each. Models that run at
 * the same time may mix up each other's times, which costs a wrong choice until the next trial, and no more.
 */
class TwoWays {
  public:
    /** Which way the next piece of work goes. */
    void start() {
        const int piece = pieces.fetch_add(1, std::memory_order_relaxed) % period;
        trying = piece < trials;
        // Halves that no repeating order of pieces falls into step with.
        if (trying) way.store(__builtin_parity((unsigned) piece), std::memory_order_relaxed);
        startedAt = std::chrono::steady_clock::now();
        if (piece == 0) tried[0] = tried[1] = 0;
    }

    /** Whether this piece goes the second way. */
    bool second() const { return way.load(std::memory_order_relaxed) != 0; }

    /** @param bytes What the piece was made of: times are compared for each byte. */
    void finish(int64_t bytes) {
        if (!trying) return;
        const std::chrono::duration<float, std::nano> took = std::chrono::steady_clock::now() - startedAt;
        const int which = second();
        const int at = tried[which].fetch_add(1, std::memory_order_relaxed);
        if (at < trials / 2) times[which][at] = took.count() / (float) bytes;
        if (tried[0] + tried[1] == trials) way.store(median(1) < median(0), std::memory_order_relaxed);
    }

  private:
    static constexpr int trials = 64;
    static constexpr int period = 8192;
    std::atomic<unsigned> pieces{0};
    std::atomic<int> way{0};
    bool trying = false;
    std::chrono::steady_clock::time_point startedAt;
    std::atomic<int> tried[2] = {};
    float times[2][trials / 2] = {};

    float median(int which) {
        std::nth_element(times[which], times[which] + trials / 4, times[which] + trials / 2);
        return times[which][trials / 4];
    }
};

} // namespace
