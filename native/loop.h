// The time loop, compiled once for each instruction set: TT_NAME names it, TT_BYTES is the width of its vectors, TT_TILE
// how many panels of 16 floats a tile holds in registers beside 6 rows.
#include <cstring>
#include "bf16.h"
#include "engine.h"
#include "machine.h"
#include "products.h"
#include "sweeps.h"

namespace TT_NAME {

constexpr int MOST_COLUMNS = 512;     // panels of all sums of a group in a block

struct Where {
  char* base;
  int64_t pitch;  // bytes from a row to the next; 0: all rows have the same
};

template <class T> inline T* at(Where w, int64_t r) { return reinterpret_cast<T*>(w.base + r * w.pitch); }

template <class T, class F> inline void unary(Where to, Where a, int rows, int width, F f) {
  for (int r = 0; r < rows; r++) {
    T* d = at<T>(to, r);
    const T* x = at<T>(a, r);
    for (int i = 0; i < width; i += LANES<T>) store<T>(d + i, f(load<T>(x + i)));
  }
}

template <class T, class F> inline void binary(Where to, Where a, Where b, int rows, int width, F f) {
  for (int r = 0; r < rows; r++) {
    T* d = at<T>(to, r);
    const T *x = at<T>(a, r), *y = at<T>(b, r);
    for (int i = 0; i < width; i += LANES<T>) store<T>(d + i, f(load<T>(x + i), load<T>(y + i)));
  }
}

// One thread's share of a run.
template <class T> class Runner {
 public:
  Runner(const TtRun& run, int thread, const Memory& memory, Barrier& barrier)
      : run_(run), program_(*run.program), barrier_(barrier), thread_(thread), all_(memory),
        padded_(whole_panels(run.units)), width_(run.block * PANEL), layout_(run),
        along_(run, thread, memory, layout_.size, memory.shared + layout_.shared, barrier) {
    const int threads = int(run.threads), panels = int(padded_ / PANEL), block = int(run.block);
    char* mine = memory.of_threads + thread * memory.thread_size;
    slots_ = reinterpret_cast<T*>(mine + layout_.slots);
    constants_ = reinterpret_cast<T*>(mine + layout_.constants);
    vectors_ = reinterpret_cast<T*>(mine + layout_.vectors);
    partsums_ = reinterpret_cast<T*>(mine + layout_.partsums);
    scalars_ = reinterpret_cast<T*>(mine + layout_.scalars);
    rounded_ = mine + layout_.rounded;
    where_ = reinterpret_cast<Where*>(mine + layout_.where);
    apart_ = reinterpret_cast<char**>(mine + layout_.apart);
    // the panels that this thread packs, and, in a division by units, computes
    first_panel_ = panels * thread / threads, last_panel_ = panels * (thread + 1) / threads;
    if (!run.by_units) first_panel_ = (first_panel_ + block - 1) / block * block, last_panel_ = (last_panel_ + block - 1) / block * block;
    if (last_panel_ > panels || thread == threads - 1) last_panel_ = panels;
    first_row_ = run.by_units ? 0 : thread, stride_ = run.by_units ? 1 : threads;
    for (int i = 0; i < program_.constants; i++)
      for (int64_t k = 0; k < width_; k++) constants_[i * width_ + k] = T(run.constants[i]);
    for (int i = 0; i < program_.vectors; i++) {
      memcpy(vectors_ + i * padded_, run.vectors[i], run.units * sizeof(T));
      memset(vectors_ + i * padded_ + run.units, 0, (padded_ - run.units) * sizeof(T));
    }
    memset(partsums_, 0, program_.partsums * padded_ * sizeof(T));
  }

  static void measure(const TtRun& run, int64_t& thread, int64_t& shared) {
    Layout layout(run);
    Along<T>::measure(run, thread, shared);
    thread += layout.size, shared += layout.shared;
  }

  void go() {
    pack_weights();
    if (!run_.by_units) first_panel_ = 0, last_panel_ = int(padded_ / PANEL);
    along_.begin();
    if (fill() || !run_.is_packed || run_.along_count) barrier_.wait();
    for (int64_t i = 0; i < run_.steps; i++) {
      t_ = run_.backward ? run_.steps - 1 - i : i;
      begin_step();
      const T* weights = static_cast<const T*>(run_.packed);
      for (const Stage& stage : program_.stages) {
        if (run_.is_bf16) round_operands(stage);
        for (int panel = first_panel_; panel < last_panel_; panel += int(run_.block)) {
          int wide = last_panel_ - panel < run_.block ? last_panel_ - panel : int(run_.block);
          int64_t blocks = (rows_ + BLOCK_ROWS - 1) / BLOCK_ROWS;
          for (int64_t k = 0; k < blocks; k++) {
            int64_t from = rows_ * k / blocks, to = rows_ * (k + 1) / blocks;
            block(stage, weights, from, int(to - from), panel, wide);
          }
        }
        for (const Group& group : stage.groups) weights += packed_size(group);
        const bool is_end = i + 1 == run_.steps && &stage == &program_.stages.back();
        if (run_.by_units && stage.waits && !is_end) barrier_.wait();
      }
      along_.add(run_.offsets[t_] + first_row_ * run_.row_step, stride_ * run_.row_step, rows_);
    }
    along_.finish();
    hand_out();
    write_partsums();
  }

 private:
  // Where everything lies in the memory of a thread, in bytes
  struct Layout {
    int64_t slots, constants, vectors, partsums, scalars, rounded, where, apart, size, shared;

    explicit Layout(const TtRun& run) {
      const TtProgram& p = *run.program;
      const int64_t padded = whole_panels(run.units), width = run.block * PANEL, buffers = int64_t(p.buffers.size());
      size = 0;
      slots = take(p.slots * BLOCK_ROWS * width * sizeof(T));
      constants = take(p.constants * width * sizeof(T));
      vectors = take(p.vectors * padded * sizeof(T));
      partsums = take(p.partsums * padded * sizeof(T));
      scalars = take(p.scalars * run.rows * sizeof(T));
      rounded = take(run.is_bf16 ? rounded_size(run, padded) : 0);
      where = take(buffers * sizeof(Where));
      apart = take(buffers * run.rows * sizeof(char*));
      shared = 0;
      for (const BufferKind& buffer : p.buffers)
        if (buffer.kind == TT_SPILL) shared += run.rows * buffer.parts * padded * int64_t(sizeof(T));
    }
    int64_t take(int64_t bytes) {
      int64_t begin = size;
      size += (bytes + 63) / 64 * 64;
      return begin;
    }
  };

  const TtRun& run_;
  const TtProgram& program_;
  Barrier& barrier_;
  const int thread_;
  const Memory all_;
  const int64_t padded_, width_;  // of a state, and of a row of a slot
  const Layout layout_;
  Along<T> along_;
  T *slots_, *constants_, *vectors_, *partsums_, *scalars_;
  char* rounded_;  // for products of bf16 the operands of a stage: for each of its groups, this thread's rows
  Where* where_;   // of each buffer at this step: the first row of this thread, and the way to its next
  char** apart_;   // (buffers, rows): the rows of those whose where_ has pitch APART
  int64_t first_row_, stride_, t_ = 0, rows_ = 0;  // this thread's rows are first_row_, first_row_ + stride_, ...
  int first_panel_, last_panel_;
  static constexpr int64_t APART = INT64_MIN;

  void pack_weights() {
    if (run_.is_packed) return;
    if constexpr (HAS_BF16<T>)
      if (run_.is_bf16) return pack_weights(static_cast<Pair*>(run_.packed));
    pack_weights(static_cast<T*>(run_.packed));
  }

  template <class W> void pack_weights(W* to) {
    const Map* maps = reinterpret_cast<const Map*>(run_.maps);
    for (const Stage& stage : program_.stages)
      for (const Group& group : stage.groups) {
        bool transposed = group.transposed();
        int64_t reads = group_reads(group, padded_, run_.units, run_.inputs);
        pack<T>(group, maps, run_.units, transposed ? run_.units : reads, transposed ? padded_ : reads, first_panel_,
                last_panel_, int(run_.block), to);
        to += packed_size(group);
      }
  }

  // How many weights of a unit a group has: numbers, or pairs
  static int64_t deep(const TtRun& run, const Group& group, int64_t padded) {
    const int64_t reads = group_reads(group, padded, run.units, run.inputs);
    return run.is_bf16 ? (reads + 1) / 2 : reads;
  }

  int64_t packed_size(const Group& group) const { return deep(run_, group, padded_) * int64_t(group.sums.size()) * padded_; }

  static int64_t rounded_size(const TtRun& run, int64_t padded) {
    int64_t most = 0;
    for (const Stage& stage : run.program->stages) {
      int64_t all = 0;
      for (const Group& group : stage.groups) all += deep(run, group, padded);
      if (all > most) most = all;
    }
    return most * run.rows * int64_t(sizeof(RowPair));
  }

  // The operands of a stage's products, for all its blocks of units
  void round_operands(const Stage& stage) {
    if constexpr (HAS_BF16<T>) {
      RowPair* to = reinterpret_cast<RowPair*>(rounded_);
      for (const Group& group : stage.groups) {
        const int64_t reads = group_reads(group, padded_, run_.units, run_.inputs), k = deep(run_, group, padded_);
        for (int64_t j = 0; j < rows_; j++) round_row(operand(group, j), reads, to + j * k);
        to += run_.rows * k;
      }
    }
  }

  const T* operand(const Group& group, int64_t j) const {
    return reinterpret_cast<const T*>(row_of(group.buffer, j)) + group.part * padded_;
  }

  void begin_step() {
    int64_t active = run_.active[t_];
    rows_ = active > first_row_ ? (active - first_row_ + stride_ - 1) / stride_ : 0;
    char* spill = all_.shared;
    for (size_t b = 0; b < program_.buffers.size(); b++) {
      const BufferKind& buffer = program_.buffers[b];
      const int64_t* given = run_.buffers + 4 * b;
      char* base = reinterpret_cast<char*>(given[0]);
      int64_t pitch = buffer.parts * (buffer.width == INPUTS ? run_.inputs : padded_) * int64_t(sizeof(T));
      switch (buffer.kind) {
        case TT_SPILL: affine(b, spill, pitch); spill += run_.rows * pitch; break;
        case TT_RECENT:
          if (run_.recent) {
            where_[b] = {along_.recent(), pitch};
            break;
          }
          [[fallthrough]];
        case TT_STEP: case TT_STATE: affine(b, base + run_.offsets[t_] * pitch, pitch * run_.row_step); break;
        case TT_STATE_RING:
          if (!base) {  // a single step reads the user's own
            affine(b, reinterpret_cast<char*>(given[1]), given[2] * int64_t(sizeof(T)));
            break;
          }
          [[fallthrough]];
        case TT_RING: case TT_CARRIED: affine(b, base + (t_ & 1) * run_.rows * pitch, pitch); break;
        case TT_OTHER_RING: affine(b, base + ((t_ + 1) & 1) * run_.rows * pitch, pitch); break;
        case TT_USER: user(b, base, given[2] * int64_t(sizeof(T)), given[3] * int64_t(sizeof(T))); break;
        default: {
          char* next = buffer.kind == TT_NEXT ? base + run_.offsets[t_ + 1] * pitch : base + ((t_ + 1) & 1) * run_.rows * pitch;
          after(b, next, buffer.kind == TT_NEXT ? pitch * run_.row_step : pitch, reinterpret_cast<char*>(given[1]),
                given[2] * int64_t(sizeof(T)));
        }
      }
    }
    if (program_.scalars) memset(scalars_, 0, program_.scalars * run_.rows * sizeof(T));
  }

  void affine(size_t b, char* base, int64_t pitch) { where_[b] = {base + first_row_ * pitch, pitch * stride_}; }

  void user(size_t b, char* base, int64_t row_stride, int64_t time_stride) {
    const int64_t time = t_ + run_.first_step;
    if (!run_.order) return affine(b, base + (run_.reversed ? run_.lengths[0] - 1 - time : time) * time_stride, row_stride);
    where_[b].pitch = APART;
    for (int64_t j = 0, r = first_row_; j < rows_; j++, r += stride_)
      apart_[b * run_.rows + j] =
          base + run_.order[r] * row_stride + (run_.reversed ? run_.lengths[r] - 1 - time : time) * time_stride;
  }

  // Rows that go on have a place at the next step; the others have ended
  void after(size_t b, char* next, int64_t next_pitch, char* end, int64_t end_pitch) {
    const int64_t on = run_.active[t_ + 1];
    if (on >= run_.active[t_]) return affine(b, next, next_pitch);
    if (!run_.order) return affine(b, end, end_pitch);
    where_[b].pitch = APART;
    for (int64_t j = 0, r = first_row_; j < rows_; j++, r += stride_)
      apart_[b * run_.rows + j] = r < on ? next + r * next_pitch : end + run_.order[r] * end_pitch;
  }

  // States before the first step, and what is carried back from after the last: of this thread's units of its rows.
  // Whether there is something to fill, in all threads the same
  bool fill() {
    bool any = false;
    const int64_t from = first_panel_ * PANEL, to = last_panel_ * PANEL, kept = (to < run_.units ? to : run_.units) - from;
    for (size_t b = 0; b < program_.buffers.size(); b++) {
      const int32_t kind = program_.buffers[b].kind;
      if (kind != TT_STATE && kind != TT_STATE_RING && kind != TT_CARRIED) continue;
      const int64_t* given = run_.buffers + 4 * b;
      T* base = reinterpret_cast<T*>(given[0]) + from;
      const T* other = reinterpret_cast<const T*>(given[1]);
      if (!given[0] || (!other && kind != TT_CARRIED)) continue;  // it is there already
      any = true;
      const int64_t rows = kind == TT_CARRIED ? run_.rows : run_.active[0];
      for (int64_t r = first_row_; r < rows; r += stride_) {
        T* row = base + (kind == TT_STATE ? run_.offsets[0] + r * run_.row_step : r) * padded_;
        if (other) memcpy(row, other + (run_.order ? run_.order[r] : r) * given[2] + from, kept * sizeof(T));
        else memset(row, 0, kept * sizeof(T));
        memset(row + kept, 0, (to - from - kept) * sizeof(T));
        if (kind == TT_CARRIED) memcpy(row + run_.rows * padded_, row, (to - from) * sizeof(T));
      }
    }
    return any;
  }

  void hand_out() {
    const int64_t from = first_panel_ * PANEL, to = last_panel_ * PANEL, kept = (to < run_.units ? to : run_.units) - from;
    for (size_t b = 0; b < program_.buffers.size(); b++) {
      if (program_.buffers[b].kind != TT_CARRIED) continue;
      const T* base = reinterpret_cast<const T*>(run_.buffers[4 * b]) + run_.rows * padded_ + from;
      T* out = reinterpret_cast<T*>(run_.buffers[4 * b + 3]) + from;
      for (int64_t r = first_row_; r < run_.rows; r += stride_)
        memcpy(out + (run_.order ? run_.order[r] : r) * run_.units, base + r * padded_, kept * sizeof(T));
    }
  }

  char* row_of(int64_t buffer, int64_t j) const {
    Where w = where_[buffer];
    return w.pitch == APART ? apart_[buffer * run_.rows + j] : w.base + j * w.pitch;
  }

  T* slot(int64_t index) const { return slots_ + index * BLOCK_ROWS * width_; }

  // Of an operand whose rows are evenly spaced
  Where where(const Operand& o, int64_t j, int64_t unit) const {
    constexpr int64_t S = sizeof(T);
    switch (o.place) {
      case TT_SLOT: return {reinterpret_cast<char*>(slot(o.index)), width_ * S};
      case TT_BUFFER: {
        Where w = where_[o.index];
        return {w.base + j * w.pitch + (o.part * padded_ + unit) * S, w.pitch};
      }
      case TT_VECTOR: return {reinterpret_cast<char*>(vectors_ + o.index * padded_ + unit), 0};
      default: return {reinterpret_cast<char*>(constants_ + o.index * width_), 0};
    }
  }

  bool is_user(const Operand& o) const { return o.place == TT_BUFFER && program_.buffers[o.index].kind == TT_USER; }
  bool is_apart(const Operand& o) const { return o.place == TT_BUFFER && where_[o.index].pitch == APART; }
  int64_t user_width(const Operand& o) const { return program_.buffers[o.index].width == INPUTS ? run_.inputs : run_.units; }

  bool is_next(const Operand& o) const {
    return o.place == TT_BUFFER && (program_.buffers[o.index].kind == TT_NEXT || program_.buffers[o.index].kind == TT_NEXT_RING);
  }
  bool ends(int64_t j) const { return first_row_ + j * stride_ >= run_.active[t_ + 1]; }  // with this step

  // The user's rows may lie anywhere and have no padding; so it is where rows end
  void copy(const Operand& to, const Operand& a, int64_t j, int rows, int64_t unit, int n) {
    int64_t kept = n;
    for (const Operand* o : {&to, &a})
      if (is_user(*o) && user_width(*o) - unit < kept) kept = user_width(*o) - unit;
      else if (is_next(*o) && run_.units - unit < kept) kept = run_.units - unit;
    if (kept == n && !is_apart(to) && !is_apart(a))
      return unary<T>(where(to, j, unit), where(a, j, unit), rows, n, [](vec<T> x) { return x; });
    if (kept < 0) kept = 0;
    for (int r = 0; r < rows; r++) {
      T* d = row(to, j, r, unit);
      memcpy(d, row(a, j, r, unit), kept * sizeof(T));
      if (!is_user(to) && !(is_next(to) && ends(j + r))) memset(d + kept, 0, (n - kept) * sizeof(T));
    }
  }

  T* row(const Operand& o, int64_t j, int r, int64_t unit) const {
    if (o.place != TT_BUFFER) return at<T>(where(o, j, unit), r);
    return reinterpret_cast<T*>(row_of(o.index, j + r)) + o.part * padded_ + unit;
  }

  void row_sums(const Operation& op, int64_t j, int rows, int64_t unit, int n) {
    const bool dot = op.op == TT_ROWDOT;
    Where a = where(op.a, j, unit), b = dot ? where(op.b, j, unit) : a;
    int64_t kept = run_.units - unit < n ? run_.units - unit : n;
    for (int r = 0; r < rows; r++) {
      const T *x = at<T>(a, r), *y = at<T>(b, r);
      vec<T> sum = {};
      int64_t i = 0;
      for (; i + LANES<T> <= kept; i += LANES<T>) sum += dot ? load<T>(x + i) * load<T>(y + i) : load<T>(x + i);
      T all = total(sum);
      for (; i < kept; i++) all += dot ? x[i] * y[i] : x[i];
      scalars_[op.to.index * run_.rows + j + r] += all;
    }
  }

  void part_sums(const Operation& op, int64_t j, int rows, int64_t unit, int n) {
    const bool dot = op.op == TT_PARTDOT_ADD;
    Where a = where(op.a, j, unit), b = dot ? where(op.b, j, unit) : a;
    T* d = partsums_ + op.to.index * padded_ + unit;
    for (int i = 0; i < n; i += LANES<T>) {
      vec<T> sum = {};
      if (dot)
        for (int r = 0; r < rows; r++) sum += load<T>(at<T>(a, r) + i) * load<T>(at<T>(b, r) + i);
      else
        for (int r = 0; r < rows; r++) sum += load<T>(at<T>(a, r) + i);
      store<T>(d + i, load<T>(d + i) + sum);
    }
  }

  // What follows from the sums of whole rows: each thread has summed its units of them
  void spread(const Operation& op, int64_t j, int rows, int64_t unit, int n) {
    const Where d = where(op.to, j, unit);
    for (int r = 0; r < rows; r++) {
      T total = 0;
      if (run_.by_units)
        for (int k = 0; k < run_.threads; k++) total += of_thread(k, layout_.scalars)[op.a.index * run_.rows + j + r];
      else
        total = scalars_[op.a.index * run_.rows + j + r];
      total /= T(run_.units);
      if (op.op == TT_RSTD) total = 1 / std::sqrt(total + constants_[op.b.index * width_]);
      vec<T> s = splat<T>(total);
      for (int i = 0; i < n; i += LANES<T>) store<T>(at<T>(d, r) + i, s);
    }
  }

  T* of_thread(int thread, int64_t begin) const {
    return reinterpret_cast<T*>(all_.of_threads + thread * all_.thread_size + begin);
  }

  // The padding of a buffer is 0: products over whole panels read it
  void operate(const Operation& op, int64_t j, int rows, int64_t unit, int n) {
    compute(op, j, rows, unit, n);
    if (unit + n > run_.units && op.to.place == TT_BUFFER && !is_user(op.to) && !is_next(op.to)) {
      const int64_t kept = run_.units > unit ? run_.units - unit : 0;
      for (int r = 0; r < rows; r++) memset(row(op.to, j, r, unit) + kept, 0, (n - kept) * sizeof(T));
    }
  }

  void compute(const Operation& op, int64_t j, int rows, int64_t unit, int n) {
    typedef vec<T> v;
    typedef Functions<T> f;
    switch (op.op) {
      case TT_ROWSUM: case TT_ROWDOT: return row_sums(op, j, rows, unit, n);
      case TT_PARTSUM_ADD: case TT_PARTDOT_ADD: return part_sums(op, j, rows, unit, n);
      case TT_MEAN: case TT_RSTD: return spread(op, j, rows, unit, n);
      case TT_COPY: return copy(op.to, op.a, j, rows, unit, n);
    }
    Where d = where(op.to, j, unit), a = where(op.a, j, unit);
    switch (op.op) {
      case TT_NEG: return unary<T>(d, a, rows, n, [](v x) { return -x; });
      case TT_SIGMOID: return unary<T>(d, a, rows, n, f::sigmoid);
      case TT_TANH: return unary<T>(d, a, rows, n, f::tanh);
      case TT_RELU: return unary<T>(d, a, rows, n, [](v x) { return x < T(0) ? v{} : x; });
      case TT_EXP: return unary<T>(d, a, rows, n, f::exp);
      case TT_SQRT: return unary<T>(d, a, rows, n, f::sqrt);
    }
    Where b = where(op.b, j, unit);
    switch (op.op) {
      case TT_ADD: return binary<T>(d, a, b, rows, n, [](v x, v y) { return x + y; });
      case TT_SUB: return binary<T>(d, a, b, rows, n, [](v x, v y) { return x - y; });
      case TT_MUL: return binary<T>(d, a, b, rows, n, [](v x, v y) { return x * y; });
      case TT_DIV: return binary<T>(d, a, b, rows, n, [](v x, v y) { return x / y; });
      case TT_DSIGMOID: return binary<T>(d, a, b, rows, n, [](v g, v y) { return g * (y - y * y); });
      case TT_DTANH: return binary<T>(d, a, b, rows, n, [](v g, v y) { return g - g * (y * y); });
      case TT_DRELU: return binary<T>(d, a, b, rows, n, [](v g, v y) { return y > T(0) ? g : v{}; });
    }
  }

  // One stage for some rows and some units: sums begin, products are added, the rest follows
  void block(const Stage& stage, const T* weights, int64_t j, int rows, int panel, int wide) {
    const int64_t unit = int64_t(panel) * PANEL;
    const int n = wide * PANEL;
    for (const Operation& op : stage.before) operate(op, j, rows, unit, n);
    const char* rounded = rounded_;
    for (const Group& group : stage.groups) {
      const int64_t k = deep(run_, group, padded_);
      const int sums = int(group.sums.size());
      T* c[MOST_COLUMNS];
      for (int s = 0; s < sums; s++)
        for (int p = 0; p < wide; p++) c[s * wide + p] = slot(group.sums[s]) + p * PANEL;
      if constexpr (HAS_BF16<T>)
        if (run_.is_bf16) {
          const RowPair* a[BLOCK_ROWS];
          for (int r = 0; r < rows; r++) a[r] = reinterpret_cast<const RowPair*>(rounded) + (j + r) * k;
          product(rows, a, k, reinterpret_cast<const Pair*>(weights + k * sums * unit), c, sums * wide, width_);
          rounded += run_.rows * k * sizeof(RowPair);
        }
      if (!run_.is_bf16) {
        const T* a[BLOCK_ROWS];
        for (int r = 0; r < rows; r++) a[r] = operand(group, j + r);
        product(rows, a, k, weights + k * sums * unit, c, sums * wide, width_);
      }
      weights += k * sums * padded_;
    }
    for (const Operation& op : stage.ops) operate(op, j, rows, unit, n);
  }

  // Threads add what each has summed, always in the same order
  void write_partsums() {
    if (run_.by_units) {
      int64_t from = first_panel_ * PANEL, to = last_panel_ * PANEL < run_.units ? last_panel_ * PANEL : run_.units;
      for (int i = 0; i < program_.partsums; i++)
        if (to > from)
          memcpy(static_cast<T*>(run_.partsums[i]) + from, partsums_ + i * padded_ + from, (to - from) * sizeof(T));
      return;
    }
    barrier_.wait();
    if (thread_ != 0) return;
    for (int i = 0; i < program_.partsums; i++) {
      T* to = static_cast<T*>(run_.partsums[i]);
      for (int64_t u = 0; u < run_.units; u++) {
        T total = 0;
        for (int k = 0; k < run_.threads; k++) total += of_thread(k, layout_.partsums)[i * padded_ + u];
        to[u] = total;
      }
    }
  }
};

template <class T> void run(const TtRun& run, int thread, const Memory& memory, Barrier& barrier) {
  T* mine = reinterpret_cast<T*>(memory.of_threads + thread * memory.thread_size);
  sweep_before<T>(run, thread, mine, reinterpret_cast<T*>(memory.shared), barrier);
  Runner<T>(run, thread, memory, barrier).go();
}

template <class T> void measure(const TtRun& run, int64_t& thread, int64_t& shared) {
  Runner<T>::measure(run, thread, shared);
  for (int64_t i = 0; i < run.before_count; i++) {
    const int64_t packed = Sweeper<T>::packed(run.before[i]) * int64_t(sizeof(T)), near = Sweeper<T>::NEAR * int64_t(sizeof(T));
    if (packed > shared) shared = packed;
    if (near > thread) thread = near;
  }
}

extern const Table table;
const Table table = {run<float>, run<double>, measure<float>, measure<double>, HAS_BF16<float>};
}  // namespace TT_NAME
