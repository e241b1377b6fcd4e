// The entry points: programs, threads, memory.
#include "engine.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include "machine.h"
#include "step.h"

namespace portable { extern const Table table; }
#if defined(__x86_64__)
namespace avx2 { extern const Table table; }
namespace avx512 { extern const Table table; }
namespace avx512_bf16 { extern const Table table; }
#endif

namespace {

struct Isa {
  const char* name;
  const Table* table;
};

#if defined(__x86_64__)
const Isa isas[] = {{"portable", &portable::table}, {"avx2", &avx2::table}, {"avx512", &avx512::table},
                    {"avx512_bf16", &avx512_bf16::table}};
#elif defined(__aarch64__)
const Isa isas[] = {{"neon", &portable::table}};
#else
const Isa isas[] = {{"portable", &portable::table}};
#endif
constexpr int64_t ISAS = sizeof(isas) / sizeof(isas[0]);

// The host's thread pool, so that two pools do not spin against each other; none: one thread
void (*parallel)(void (*)(void*), void*, unsigned, unsigned) = nullptr;
int (*thread_number)() = nullptr;
int (*thread_count)() = nullptr;
bool poisoned = false;

// Numbers below the smallest normal one count as 0 while this lives: on the way back through time gradients get there,
// and computing with them takes a hundred times as long
class Flushed {
 public:
  Flushed() : before_(get()) { set(with(before_)); }
  ~Flushed() { set(before_); }
#if defined(__x86_64__)
  static uint64_t get() { return _mm_getcsr(); }
  static void set(uint64_t control) { _mm_setcsr(unsigned(control)); }
  static uint64_t with(uint64_t control) { return control | 0x8040; }
  static uint64_t without(uint64_t control) { return control & ~uint64_t(0x8040); }
#elif defined(__aarch64__)
  static uint64_t get() { uint64_t control; asm volatile("mrs %0, fpcr" : "=r"(control)); return control; }
  static void set(uint64_t control) { asm volatile("msr fpcr, %0" : : "r"(control)); }
  static uint64_t with(uint64_t control) { return control | uint64_t(1) << 24; }
  static uint64_t without(uint64_t control) { return control & ~(uint64_t(1) << 24); }
#else
  static uint64_t get() { return 0; }
  static void set(uint64_t) {}
  static uint64_t with(uint64_t control) { return control; }
  static uint64_t without(uint64_t control) { return control; }
#endif

 private:
  uint64_t before_;
};

struct Shared {
  const TtRun* runs;
  int64_t count;
  const Table* table;
  Memory memory;
  std::atomic<int64_t> arrived{0};
};

void work(void* data) {
  Shared& s = *static_cast<Shared*>(data);
  Flushed flushed;
  const bool alone = s.runs->threads == 1;
  const int thread = alone ? 0 : thread_number(), threads = alone ? 1 : thread_count();  // maybe fewer than were asked for
  Barrier barrier(s.arrived, threads);
  for (int64_t i = 0; i < s.count; i++) {
    TtRun run = s.runs[i];
    run.threads = threads;
    if (i) barrier.wait();  // a run reads what the one before it has written
    (run.is_double ? s.table->run_double : s.table->run_float)(run, thread, s.memory, barrier);
  }
}

void flush(void* data) { Flushed::set(*static_cast<int64_t*>(data) ? Flushed::with(Flushed::get()) : Flushed::without(Flushed::get())); }

void in_pool(int64_t threads, void (*function)(void*), void* data) {
  if (threads > 1) parallel(function, data, unsigned(threads), 0);
  else function(data);
}

// Grows and is kept: fresh pages cost more than what is written into them
class Scratch {
 public:
  ~Scratch() { free(memory_); }
  char* bytes(int64_t count) {
    if (count > size_) {
      free(memory_);
      memory_ = static_cast<char*>(aligned_alloc(64, size_t(count)));
      size_ = memory_ ? count : 0;
    }
    if (poisoned && memory_)
      for (int64_t i = 0; i < count / 4; i++) reinterpret_cast<uint32_t*>(memory_)[i] = 0x7fc12345;
    return memory_;
  }

 private:
  char* memory_ = nullptr;
  int64_t size_ = 0;
};

int64_t rounded(int64_t bytes) { return (bytes + 63) / 64 * 64; }

bool fits(const TtRun& r) {
  return r.steps >= 0 && r.rows >= 0 && r.units >= 1 && r.inputs >= 0 && r.isa >= 0 && r.isa < ISAS && r.threads >= 1 &&
         r.block >= 1 && r.block <= 32 && (!r.recent || r.along_count > 0) &&
         !(r.is_bf16 && (r.is_double || !isas[r.isa].table->has_bf16));
}

// Runs of one type, isa and number of threads, one after the other
int64_t run_all(const TtRun* runs, int64_t count) {
  const Table* table = isas[runs->isa].table;
  int64_t thread_size = 0, shared_size = 0;
  for (int64_t i = 0; i < count; i++) {
    int64_t of_thread, shared;
    (runs[i].is_double ? table->measure_double : table->measure_float)(runs[i], of_thread, shared);
    if (of_thread > thread_size) thread_size = of_thread;
    if (shared > shared_size) shared_size = shared;
  }
  thread_size = rounded(thread_size);
  static thread_local Scratch scratch;
  char* memory = scratch.bytes(thread_size * runs->threads + rounded(shared_size) + 64);
  if (!memory) return 3;
  Shared shared{runs, count, table, {memory, thread_size, memory + thread_size * runs->threads}};
  in_pool(runs->threads, work, &shared);
  return 0;
}

}  // namespace

TT_API TtProgram* tt_program(const int32_t* words, int64_t count, char* problem, int64_t size) {
  try {
    return new TtProgram(parse_program(words, count));
  } catch (const std::exception& error) {
    snprintf(problem, size_t(size), "%s", error.what());
    return nullptr;
  }
}

TT_API void tt_program_free(TtProgram* program) { delete program; }

TT_API int64_t tt_packed_size(const TtProgram* program, int64_t units, int64_t inputs) {
  int64_t padded = whole_panels(units), total = 0;
  for (const Stage& stage : program->stages)
    for (const Group& group : stage.groups) total += group_weights(group, padded, units, inputs);
  return total;
}

TT_API int64_t tt_run(const TtRun* given) {
  if (given->words != sizeof(TtRun) / 8) return 1;
  if (!fits(*given)) return 2;
  TtRun run = *given;
  if (!parallel) run.threads = 1;
  return run_all(&run, 1);
}

TT_API int64_t tt_step(const TtStep* given, void* const* addresses) {
  if (given->words != sizeof(TtStep) / 8) return 1;
  const StepRuns made(*given);
  if (!made.fit(addresses)) return 2;
  for (int64_t i = 0; i < given->layers; i++)
    if (!fits(*given->runs[i])) return 2;
  static thread_local Scratch scratch;
  char* memory = scratch.bytes(made.bytes());
  if (!memory) return 3;
  TtRun* runs = made.place(memory, addresses);
  if (!parallel)
    for (int64_t i = 0; i < given->layers; i++) runs[i].threads = 1;
  return run_all(runs, given->layers);
}

TT_API int64_t tt_isa_runs(int64_t isa) {
#if defined(__x86_64__)
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
  switch (isa) {
    case 1: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case 2: return avx512;
#if defined(__clang__) || __GNUC__ >= 11
    case 3: return avx512 && __builtin_cpu_supports("avx512bf16");
#endif
  }
#endif
  return isa == 0;
}

TT_API int64_t tt_best_isa(void) {
#if defined(__x86_64__)
  // On Intel's cores a product of pairs takes as long as four of floats, and does the work of two
  if (tt_isa_runs(3) && !__builtin_cpu_is("intel")) return 3;
  for (int64_t isa = 2; isa > 0; isa--)
    if (tt_isa_runs(isa)) return isa;
#endif
  return 0;
}

TT_API int64_t tt_isa_has_bf16(int64_t isa) { return isa >= 0 && isa < ISAS && isas[isa].table->has_bf16; }

TT_API const char* tt_isa_name(int64_t isa) { return isa >= 0 && isa < ISAS ? isas[isa].name : ""; }

TT_API void tt_set_pool(void* gomp_parallel, void* omp_get_thread_num, void* omp_get_num_threads) {
  parallel = reinterpret_cast<void (*)(void (*)(void*), void*, unsigned, unsigned)>(gomp_parallel);
  thread_number = reinterpret_cast<int (*)()>(omp_get_thread_num);
  thread_count = reinterpret_cast<int (*)()>(omp_get_num_threads);
}

TT_API void tt_flush(int64_t threads, int64_t on) { in_pool(parallel ? threads : 1, flush, &on); }

TT_API void tt_poison(int64_t on) { poisoned = on != 0; }
