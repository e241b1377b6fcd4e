// Products over many steps at once: before the time loop, and along with it. For what fits into the second cache; larger
// ones are better left to a BLAS.
#pragma once
#include "machine.h"
#include "products.h"

namespace TT_NAME {

// c[r][v] += sum over n of a[n][r] w[n][v]
template <class T, int R, int V>
inline void outer_tile(const T* a, int64_t pitch, int64_t n, const T* __restrict w, T* c, int64_t row) {
  constexpr int M = V * PANEL / LANES<T>;
  vec<T> sums[R][M];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 32
    for (int m = 0; m < M; m++) sums[r][m] = load<T>(c + r * row + m * LANES<T>);
  for (int64_t i = 0; i < n; i++, a += pitch, w += V * PANEL) {
    vec<T> weight[M];
#pragma GCC unroll 32
    for (int m = 0; m < M; m++) weight[m] = load<T>(w + m * LANES<T>);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      vec<T> x = splat<T>(a[r]);
#pragma GCC unroll 32
      for (int m = 0; m < M; m++) sums[r][m] += x * weight[m];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 32
    for (int m = 0; m < M; m++) store<T>(c + r * row + m * LANES<T>, sums[r][m]);
}

template <class T, int V>
inline void outer_rows(int rows, const T* a, int64_t pitch, int64_t n, const T* w, T* c, int64_t row) {
  switch (rows) {
    case 1: return outer_tile<T, 1, V>(a, pitch, n, w, c, row);
    case 2: return outer_tile<T, 2, V>(a, pitch, n, w, c, row);
    case 3: return outer_tile<T, 3, V>(a, pitch, n, w, c, row);
    case 4: return outer_tile<T, 4, V>(a, pitch, n, w, c, row);
    case 5: return outer_tile<T, 5, V>(a, pitch, n, w, c, row);
    default: return outer_tile<T, 6, V>(a, pitch, n, w, c, row);
  }
}

// Which rows of a, and of what goes with it: those at the places, or, null, one after the other
struct Rows {
  const int64_t *a, *others;
};
inline int64_t place(const int64_t* places, int64_t n) { return places ? places[n] : n; }

// One thread's share of a sweep.
template <class T> class Sweeper {
 public:
  static constexpr int COLUMNS = TILE<T> * PANEL;  // of c that are treated at a time
  static constexpr int64_t DEEP = 24576 / (COLUMNS * sizeof(T));  // rows of b that are brought near
  static constexpr int64_t BY_ROWS = BLOCK_ROWS * COLUMNS, OUTER = DEEP * (COLUMNS + BLOCK_ROWS);
  static constexpr int64_t NEAR = BY_ROWS > OUTER ? BY_ROWS : OUTER;

  // `near`: NEAR numbers of this thread's own
  Sweeper(int thread, int threads, T* near) : thread_(thread), threads_(threads), near_(near) {}

  // Numbers of the sums of an outer product, and of the packed maps of one by rows
  static int64_t sums(const TtSweep& s) { return s.width * whole_panels(s.k); }
  static int64_t packed(const TtSweep& s) { return s.parts * s.k * whole_panels(s.width); }

  // This thread's part of the maps
  void pack_maps(const TtSweep& s, T* to) const {
    Group group{0, 0, s.transposed ? READS_PARTS : READS_UNITS, int32_t(s.parts), {0}, {}};
    for (int32_t q = 0; q < s.parts; q++) group.maps.push_back(q);
    const int panels = int(whole_panels(s.width) / PANEL), each = (panels + threads_ - 1) / threads_;
    const int step = (each + TILE<T> - 1) / TILE<T> * TILE<T>, first = step * thread_;
    if (first < panels)
      pack<T>(group, reinterpret_cast<const Map*>(s.maps), s.width, s.k, s.k, first, first + step < panels ? first + step : panels, TILE<T>, to);
  }

  // By rows from .. to
  void by_rows(const TtSweep& s, const T* packed, const Rows& at, int64_t from, int64_t to) const {
    for (int64_t n = from; n < to; n += BLOCK_ROWS) block_of_rows(s, packed, at, n, int(to - n < BLOCK_ROWS ? to - n : BLOCK_ROWS));
  }

  // The rows first .. last of c, from `count` rows of a and b, added to `sums`
  void outer(const TtSweep& s, const Rows& at, int64_t count, int64_t first, int64_t last, T* sums) const {
    const int64_t wide = whole_panels(s.k), pieces = (count + DEEP - 1) / DEEP;
    T *b = near_, *a = b + DEEP * COLUMNS;
    for (int64_t column = 0; column < s.k; column += COLUMNS) {
      const int64_t width = wide - column < COLUMNS ? wide - column : COLUMNS;
      const int64_t kept = s.k - column < width ? s.k - column : width;
      for (int64_t p = 0; p < pieces; p++) {
        const int64_t from = count * p / pieces, deep = count * (p + 1) / pieces - from;
        bring(static_cast<const T*>(s.b) + column, s.b_pitch, at.others, from, deep, kept, width, b);
        for (int64_t r = first; r < last; r += BLOCK_ROWS) {
          const int64_t some = last - r < BLOCK_ROWS ? last - r : BLOCK_ROWS;
          bring(static_cast<const T*>(s.a) + r, s.a_pitch, at.a, from, deep, some, BLOCK_ROWS, a);
          T* c = sums + (r - first) * wide + column;
          switch (width / PANEL) {
            case 1: outer_group<1>(int(some), a, deep, b, c, wide); break;
            case 2: outer_group<2>(int(some), a, deep, b, c, wide); break;
            case 3: outer_group<3>(int(some), a, deep, b, c, wide); break;
            default: outer_group<4>(int(some), a, deep, b, c, wide);
          }
        }
      }
    }
  }

  static void put(const TtSweep& s, int64_t row, int64_t column, const T* from, int64_t count) {
    T* to = static_cast<T*>(s.c) + row * s.c_pitch + column;
    if (s.adds)
      for (int64_t i = 0; i < count; i++) to[i] += from[i];
    else
      memcpy(to, from, count * sizeof(T));
  }

 private:
  const int thread_, threads_;
  T* near_;

  // Rows that lie far apart, side by side
  static void bring(const T* base, int64_t pitch, const int64_t* places, int64_t first, int64_t rows, int64_t kept, int64_t width, T* to) {
    const int64_t whole = kept / LANES<T> * LANES<T>;
    for (int64_t i = 0; i < rows; i++, to += width) {
      const T* from = base + place(places, first + i) * pitch;
      for (int64_t k = 0; k < whole; k += LANES<T>) store<T>(to + k, load<T>(from + k));
      for (int64_t k = whole; k < width; k++) to[k] = k < kept ? from[k] : T(0);
    }
  }

  template <int V> static void outer_group(int rows, const T* a, int64_t deep, const T* b, T* c, int64_t row) {
    if constexpr (V <= TILE<T>)
      for (int r = 0; r < rows; r += ROWS) outer_rows<T, V>(rows - r < ROWS ? rows - r : ROWS, a + r, BLOCK_ROWS, deep, b, c + r * row, row);
  }

  void block_of_rows(const TtSweep& s, const T* packed, const Rows& at, int64_t n, int rows) const {
    const int64_t wide = whole_panels(s.width), all = s.parts * s.k;
    T* sums = near_;
    for (int64_t column = 0; column < s.width; column += COLUMNS) {
      const int64_t width = wide - column < COLUMNS ? wide - column : COLUMNS;
      const int64_t kept = s.width - column < width ? s.width - column : width;
      for (int r = 0; r < rows; r++) {
        T* sum = sums + r * COLUMNS;
        memset(sum, 0, width * sizeof(T));
        if (s.b) memcpy(sum, static_cast<const T*>(s.b) + column, kept * sizeof(T));
      }
      for (int64_t q = 0; q < s.parts; q++) {
        const T* a[BLOCK_ROWS];
        for (int r = 0; r < rows; r++) a[r] = static_cast<const T*>(s.a) + place(at.a, n + r) * s.a_pitch + q * s.part_pitch;
        T* c[TILE<T>];
        for (int v = 0; v < TILE<T>; v++) c[v] = sums + v * PANEL;
        product<T>(rows, a, s.k, packed + column * all + q * s.k * width, c, int(width / PANEL), COLUMNS);
      }
      for (int r = 0; r < rows; r++) put(s, place(at.others, n + r), column, sums + r * COLUMNS, kept);
    }
  }
};

// The sweeps before the time loop: threads share the rows.
template <class T> void sweep_before(const TtRun& run, int thread, T* mine, T* shared, Barrier& barrier) {
  Sweeper<T> sweeper(thread, int(run.threads), mine);
  for (int64_t i = 0; i < run.before_count; i++) {
    const TtSweep& s = run.before[i];
    sweeper.pack_maps(s, shared);
    barrier.wait();
    sweeper.by_rows(s, shared, Rows{nullptr, nullptr}, s.n * thread / run.threads, s.n * (thread + 1) / run.threads);
    barrier.wait();  // the packed maps make room for the next
  }
}

// The sweeps along the time loop: as steps end their places are collected, and when there are enough of them their
// products are made, while what they need is near.
template <class T> class Along {
 public:
  static constexpr int64_t ENOUGH = 2 * Sweeper<T>::DEEP;

  // `begin` and `shared`: where its memory begins, of a thread and of all
  Along(const TtRun& run, int thread, const Memory& memory, int64_t begin, char* shared, Barrier& barrier)
      : run_(run), thread_(thread), barrier_(barrier), layout_(run), between_(memory.thread_size),
        mine_(memory.of_threads + thread * memory.thread_size + begin), shared_(shared),
        places_(reinterpret_cast<int64_t*>(mine_ + layout_.places)), sweeper_(thread, int(run.threads), at(layout_.near)) {}

  // Bytes
  static void measure(const TtRun& run, int64_t& thread, int64_t& shared) {
    Layout layout(run);
    thread = layout.size, shared = layout.shared;
  }

  void begin() {
    for (int64_t i = 0; i < run_.along_count; i++) {
      const TtSweep& s = run_.along[i];
      if (!s.is_outer) sweeper_.pack_maps(s, packed(s));
      else memset(sums(s), 0, (last(s) - first(s)) * whole_panels(s.k) * sizeof(T));
    }
  }

  // Where the rows of this step go that are TT_RECENT, each of this thread's after the other
  char* recent() const { return rows_of_recent() + count_ * layout_.pitch; }

  // `rows` places of a step that has ended
  void add(int64_t first, int64_t step, int64_t rows) {
    if (!run_.along_count) return;
    for (int64_t r = 0; r < rows; r++) places_[count_++] = first + r * step;
    if (count_ >= ENOUGH) make();
  }

  // After the last step
  void finish() {
    if (!run_.along_count) return;
    make();
    if (!run_.by_units) barrier_.wait();
    for (int64_t i = 0; i < run_.along_count; i++)
      if (run_.along[i].is_outer) write(run_.along[i]);
  }

 private:
  // Where everything lies, in bytes: the sums and the packed maps of all sweeps, one after the other
  struct Layout {
    int64_t places = 0, near = 0, sums = 0, recent = 0, size = 0, packed = 0, shared = 0, pitch = 0;

    explicit Layout(const TtRun& run) {
      if (!run.along_count) return;
      const int64_t room = (ENOUGH + run.rows + 7) / 8 * 8;
      near = places + room * int64_t(sizeof(int64_t));
      sums = size = near + Sweeper<T>::NEAR * int64_t(sizeof(T));
      for (int64_t i = 0; i < run.along_count; i++) {
        const TtSweep& s = run.along[i];
        if (s.is_outer) size += Sweeper<T>::sums(s) * int64_t(sizeof(T));
        else shared += Sweeper<T>::packed(s) * int64_t(sizeof(T));
      }
      if (!run.recent) return;
      const int64_t padded = whole_panels(run.units);
      for (const BufferKind& buffer : run.program->buffers)
        if (buffer.kind == TT_RECENT) pitch = buffer.parts * padded * int64_t(sizeof(T));
      int64_t& end = run.by_units ? shared : size;
      recent = end = (end + 63) / 64 * 64;
      end += room * pitch;
    }
  };

  const TtRun& run_;
  const int thread_;
  Barrier& barrier_;
  const Layout layout_;
  const int64_t between_;  // bytes from a thread's memory to the next
  char *mine_, *shared_;
  int64_t* places_;
  int64_t count_ = 0;
  Sweeper<T> sweeper_;

  T* at(int64_t bytes) const { return reinterpret_cast<T*>(mine_ + bytes); }
  char* rows_of_recent() const { return (run_.by_units ? shared_ : mine_) + layout_.recent; }

  T* sums(const TtSweep& s) const {
    T* found = at(layout_.sums);
    for (const TtSweep* before = run_.along; before < &s; before++)
      if (before->is_outer) found += Sweeper<T>::sums(*before);
    return found;
  }
  T* packed(const TtSweep& s) const {
    T* found = reinterpret_cast<T*>(shared_);
    for (const TtSweep* before = run_.along; before < &s; before++)
      if (!before->is_outer) found += Sweeper<T>::packed(*before);
    return found;
  }

  // The rows of c that this thread writes, and those that it sums: the same where all threads see all rows of the batch
  int64_t share(const TtSweep& s, int thread) const {
    const int64_t tiles = (s.width + ROWS - 1) / ROWS, row = (tiles + run_.threads - 1) / run_.threads * ROWS * thread;
    return row < s.width ? row : s.width;
  }
  int64_t first(const TtSweep& s) const { return run_.by_units ? share(s, thread_) : 0; }
  int64_t last(const TtSweep& s) const { return run_.by_units ? share(s, thread_ + 1) : s.width; }

  void make() {
    if (run_.by_units) barrier_.wait();  // what others have computed of the last step
    const int64_t from = run_.by_units ? count_ * thread_ / run_.threads : 0;
    const int64_t to = run_.by_units ? count_ * (thread_ + 1) / run_.threads : count_;
    for (int64_t i = 0; i < run_.along_count; i++) {
      const TtSweep& given = run_.along[i];
      TtSweep s = given;
      if (run_.recent) s.a = rows_of_recent() + reinterpret_cast<int64_t>(s.a);
      const Rows at{run_.recent ? nullptr : places_, places_};
      if (s.is_outer) sweeper_.outer(s, at, count_, first(s), last(s), sums(given));
      else sweeper_.by_rows(s, packed(given), at, from, to);
    }
    if (run_.by_units && run_.recent) barrier_.wait();  // the rows make room for those of the next steps
    count_ = 0;
  }

  // Threads add what each has summed, always in the same order
  void write(const TtSweep& s) const {
    const int64_t wide = whole_panels(s.k), between = between_ / int64_t(sizeof(T));
    const int others = run_.by_units ? 0 : int(run_.threads);
    for (int64_t r = share(s, thread_); r < share(s, thread_ + 1); r++) {
      T* row = sums(s) + (r - first(s)) * wide - (others ? between * thread_ : 0);  // of the first thread, or this one's
      for (int k = 1; k < others; k++)
        for (int64_t i = 0; i < s.k; i++) row[i] += row[between * k + i];
      Sweeper<T>::put(s, r, 0, row, s.k);
    }
  }
};
}  // namespace TT_NAME
