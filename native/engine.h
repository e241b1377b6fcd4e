// The engine's plain C interface. No Python, no torch: whoever can call C can run a cell through time.
//
// A *program* says what happens at a step: stages, each of which adds products (a packed weight times a row) to its sums
// and then runs pointwise operations over blocks of rows and units. Forward and backward programs are of one kind.
// A *run* gives it sizes, rows and memory, and takes it through all steps in one call.
//
// Sizes: `rows` sequences, `units` of a state, `inputs` features of x. `padded` is `units` rounded up to whole panels of
// 16; a part of a buffer is `padded` numbers wide, and what lies beyond `units` is finite and reaches no result.
//
// Rows are numbered by length, longest first, so that those still running at a step are the first `active[t]`.
// What has a value at every step is kept as `row offsets[t] + r * row_step` of its buffer: packed (row_step 1) where
// lengths differ, and in the user's own order (offsets[t] = t or T - 1 - t, row_step T) where they do not.
#pragma once
#include <cstdint>

#define TT_API extern "C" __attribute__((visibility("default")))

constexpr int64_t TT_VERSION = 2;
constexpr int TT_PANEL = 16;
constexpr int64_t whole_panels(int64_t units) { return (units + TT_PANEL - 1) / TT_PANEL * TT_PANEL; }

// Where the rows of a buffer lie at step t; the pitch is the distance between two rows, in numbers. Of each buffer a run
// is given four words: base, and, where its kind asks for them, `other`, row_stride and time_stride (in numbers).
enum TtKind : int32_t {
  TT_SPILL,       // base + r * pitch, in memory of the engine's own
  TT_STEP,        // base + (offsets[t] + r * row_step) * pitch
  TT_RING,        // base + ((t & 1) * rows + r) * pitch
  TT_OTHER_RING,  // the other half of it
  TT_USER,        // base + order[r] * row_stride + time * time_stride; time is t, or lengths[r] - 1 - t if reversed
  TT_NEXT,        // TT_STEP of t + 1, or where the row ends: other + order[r] * row_stride
  TT_NEXT_RING,   // TT_RING of t + 1, or where the row ends
  TT_STATE,       // TT_STEP; before the first step it is filled from other + order[r] * row_stride
  TT_STATE_RING,  // TT_RING, filled likewise; base may be null for a single step of rows in order, if units == padded
  TT_CARRIED,     // TT_RING; both halves are filled likewise, or with 0 where `other` is null. After the last step the
                  // half that was written last goes to `time_stride`, here an address, + order[r] * units
  TT_RECENT,      // TT_STEP; or, if the run says so, memory of the engine's own for the steps whose sweeps are still to come
  TT_KINDS
};

enum TtPlace : int32_t { TT_SLOT, TT_BUFFER, TT_VECTOR, TT_CONSTANT, TT_SCALAR, TT_PARTSUM, TT_NOWHERE, TT_PLACES };

// to = op(a, b), each pointwise unless said otherwise
enum TtOp : int32_t {
  TT_COPY,
  TT_ADD, TT_SUB, TT_MUL, TT_DIV, TT_NEG,
  TT_SIGMOID, TT_TANH, TT_RELU, TT_EXP, TT_SQRT,
  TT_DSIGMOID, TT_DTANH, TT_DRELU,  // a times the derivative where the squashing's value is b
  TT_ROWSUM, TT_ROWDOT,             // the sum over a row of a, of a b: into a scalar
  TT_PARTSUM_ADD, TT_PARTDOT_ADD,   // the sum over all rows and steps of a, of a b: into a partsum
  TT_MEAN, TT_RSTD,                 // of a scalar over the units, and 1 / sqrt(that + b): for each unit of the row
  TT_OPS
};

// A program in words:
//   TT_VERSION slots scalars  buffers vectors partsums maps constants stages
//   each buffer: kind parts width   (width of a user's row: 0 inputs, 1 units)
//   each stage: before groups ops, then
//     each operation (before, then ops): op, and place index part of to, a and b
//     each group: buffer part reads (0 inputs, 1 units, 2 parts * padded) sums parts, slots of the sums,
//                 and for each sum the maps of its parts
struct TtProgram;

// A product over all steps at once, before the time loop, or along with it: then its row n is row n of a TT_STEP, and if
// the run is `recent` a is a part of the TT_RECENT, `a` the bytes from the beginning of its rows.
// By rows: c[n] = bias + the sum over parts q of map q applied to part q of a[n]; the maps are (width, k) as stored, or
// (k, width) and applied transposed. Outer: c[r] = the sum over n of a[n][r] b[n].
struct TtSweep {
  int64_t is_outer;
  int64_t n;                  // rows of a
  int64_t k;                  // by rows: numbers of a part; outer: numbers of a row of b
  int64_t width;              // by rows: numbers of a row of c; outer: rows of c
  const void* a;
  int64_t a_pitch;            // numbers from a row to the next
  const void* b;              // by rows: the bias, or null
  int64_t b_pitch;
  void* c;
  int64_t c_pitch;
  int64_t adds;               // to what stands in c
  int64_t parts, part_pitch;  // by rows
  int64_t transposed;
  const int64_t* maps;        // for each part: base, numbers from a row to the next
};

// What a run is given, in words of 64 bits. Arrays lie where their pointers say.
struct TtRun {
  int64_t words;  // sizeof(TtRun) / 8, checked
  const TtProgram* program;
  int64_t steps, rows, units, inputs;
  int64_t first_step;  // of these steps in the user's time
  int64_t row_step;
  const int32_t* active;   // (steps + 1); the last is 0
  const int64_t* offsets;  // (steps + 1)
  const int64_t* lengths;  // (rows), longest first, counted in the user's time
  const int64_t* order;    // (rows), or null: the user's row of each
  int64_t reversed;        // time runs backwards in the user's rows
  int64_t backward;        // from the last step to the first
  int64_t is_double, isa;
  int64_t is_bf16;         // what goes into a product is rounded to bfloat16; sums, states and all else stay float
  int64_t threads, by_units;  // each takes some units of all rows, or all units of some rows
  int64_t block;           // panels that a stage treats at a time
  int64_t is_packed;       // `packed` holds the weights already, from a run with the same sizes, isa, block and division
  void* packed;            // tt_packed_size numbers, which is enough for pairs of bf16
  const double* constants;
  const int64_t* buffers;  // four words for each
  const int64_t* maps;     // for each: base, numbers from a row to the next; rows are units of the result
  void* const* vectors;    // (units) each
  void* const* partsums;   // (units) each, written
  const TtSweep* before;  // by rows
  int64_t before_count;
  const TtSweep* along;
  int64_t along_count;
  int64_t recent;          // what is TT_RECENT serves only the sweeps along the loop
};

// One step of a stream through all layers, of which each reads the output of the one before it: for each layer a run of
// one step of the same rows, units, type, isa and threads, with its weights packed, forwards, all rows in order. The
// addresses of a step are not theirs: they come with each call, so that nothing given is written and any number of
// threads may step at once.
struct TtStep {
  int64_t words;  // sizeof(TtStep) / 8, checked
  int64_t layers, states;
  const TtRun* const* runs;  // (layers)
  // (layers, 2 + 2 * states): which buffers are x, y, the states before and the states after the step, or -1 for what a
  // layer does not read. A program has no others but spills.
  const int64_t* buffers;
};

TT_API TtProgram* tt_program(const int32_t* words, int64_t count, char* problem, int64_t size);  // null: see problem
TT_API void tt_program_free(TtProgram*);
TT_API int64_t tt_packed_size(const TtProgram*, int64_t units, int64_t inputs);
TT_API int64_t tt_run(const TtRun*);  // 0; 1: made for another version; 2: sizes that do not fit; 3: no memory
// As tt_run. `addresses` are x (rows, inputs), y (rows, units), and (layers, rows, units) each the states before and after.
TT_API int64_t tt_step(const TtStep*, void* const* addresses);
TT_API int64_t tt_best_isa(void);
TT_API const char* tt_isa_name(int64_t isa);  // "" from the first that this build has not
TT_API int64_t tt_isa_runs(int64_t isa);      // on this machine
TT_API int64_t tt_isa_has_bf16(int64_t isa);
TT_API void tt_set_pool(void* gomp_parallel, void* omp_get_thread_num, void* omp_get_num_threads);
TT_API void tt_flush(int64_t threads, int64_t on);  // numbers below the smallest normal one count as 0 in the pool
TT_API void tt_poison(int64_t on);  // fill the engine's own memory with NaN before each run
