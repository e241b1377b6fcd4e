// What the parts compiled for each instruction set share with the rest.
#pragma once
#include <atomic>
#include <thread>
#include "program.h"

#if defined(__x86_64__)
#include <immintrin.h>
inline void pause_a_moment() { _mm_pause(); }
#elif defined(__aarch64__)
inline void pause_a_moment() { asm volatile("yield"); }
#else
inline void pause_a_moment() {}
#endif

// Threads wait for each other by spinning: a step takes microseconds. Who has waited for long gives way, for another may
// have lost its core to another program. Each counts for itself how often it has waited.
class Barrier {
 public:
  explicit Barrier(std::atomic<int64_t>& arrived, int threads) : arrived_(arrived), threads_(threads) {}
  void wait() {
    if (threads_ == 1) return;
    due_ += threads_;
    arrived_.fetch_add(1, std::memory_order_acq_rel);
    for (int spins = 0; arrived_.load(std::memory_order_acquire) < due_; spins++)
      if (spins < PATIENCE) pause_a_moment();
      else std::this_thread::yield();
  }

 private:
  static constexpr int PATIENCE = 2000;
  std::atomic<int64_t>& arrived_;
  const int threads_;
  int64_t due_ = 0;
};

// Memory of a run: one piece for each thread, and one that all share.
struct Memory {
  char* of_threads;
  int64_t thread_size;
  char* shared;
};

// What is compiled once for each instruction set
struct Table {
  void (*run_float)(const TtRun&, int thread, const Memory&, Barrier&);
  void (*run_double)(const TtRun&, int thread, const Memory&, Barrier&);
  void (*measure_float)(const TtRun&, int64_t& thread, int64_t& shared);  // bytes
  void (*measure_double)(const TtRun&, int64_t& thread, int64_t& shared);
  bool has_bf16;
};
