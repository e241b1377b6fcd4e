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

// One thread's share of a sweep, for rows at `places` (null: all in order).
template <class T> class Sweeper {
 public:
  static constexpr int COLUMNS = TILE<T> * PANEL;  // of c that are treated at a time
  static constexpr int GROUP = 8 * ROWS;           // rows of c, or of a, that use what has been brought near
  static constexpr int64_t DEEP = 24576 / (COLUMNS * sizeof(T));  // rows of b that are brought near
  static constexpr int64_t BY_ROWS = GROUP * COLUMNS, OUTER = DEEP * (COLUMNS + GROUP);
  static constexpr int64_t NEAR = BY_ROWS > OUTER ? BY_ROWS : OUTER;

  // `near`: NEAR numbers of this thread's own
  Sweeper(int thread, int threads, T* near) : thread_(thread), threads_(threads), near_(near) {}

  // Numbers of the sums of an outer product, and of the packed maps of one by rows
  static int64_t sums(const TtSweep& s) { return s.width * padded(s.k); }
  static int64_t packed(const TtSweep& s) { return s.parts * s.k * padded(s.width); }

  // This thread's part of the maps
  void pack_maps(const TtSweep& s, T* to) const {
    Group group{0, 0, s.transposed ? READS_PARTS : READS_UNITS, int32_t(s.parts), {0}, {}};
    for (int32_t q = 0; q < s.parts; q++) group.maps.push_back(q);
    const int panels = int(padded(s.width) / PANEL), each = (panels + threads_ - 1) / threads_;
    const int step = (each + TILE<T> - 1) / TILE<T> * TILE<T>, first = step * thread_;
    if (first < panels)
      pack<T>(group, reinterpret_cast<const Map*>(s.maps), s.width, s.k, s.k, first, first + step < panels ? first + step : panels, TILE<T>, to);
  }

  // By rows from .. to
  void by_rows(const TtSweep& s, const T* packed, const int64_t* places, int64_t from, int64_t to) const {
    for (int64_t n = from; n < to; n += GROUP) block_of_rows(s, packed, places, n, int(to - n < GROUP ? to - n : GROUP));
  }

  // The rows first .. last of c, from `count` rows of a and b, added to `sums`
  void outer(const TtSweep& s, const int64_t* places, int64_t count, int64_t first, int64_t last, T* sums) const {
    const int64_t wide = padded(s.k), pieces = (count + DEEP - 1) / DEEP;
    T *b = near_, *a = b + DEEP * COLUMNS;
    for (int64_t column = 0; column < s.k; column += COLUMNS) {
      const int64_t width = wide - column < COLUMNS ? wide - column : COLUMNS;
      const int64_t kept = s.k - column < width ? s.k - column : width;
      for (int64_t p = 0; p < pieces; p++) {
        const int64_t from = count * p / pieces, deep = count * (p + 1) / pieces - from;
        bring(static_cast<const T*>(s.b) + column, s.b_pitch, places + from, deep, kept, width, b);
        for (int64_t r = first; r < last; r += GROUP) {
          const int64_t some = last - r < GROUP ? last - r : GROUP;
          bring(static_cast<const T*>(s.a) + r, s.a_pitch, places + from, deep, some, GROUP, a);
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

  static int64_t padded(int64_t width) { return (width + PANEL - 1) / PANEL * PANEL; }

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
  static void bring(const T* base, int64_t pitch, const int64_t* places, int64_t rows, int64_t kept, int64_t width, T* to) {
    const int64_t whole = kept / LANES<T> * LANES<T>;
    for (int64_t i = 0; i < rows; i++, to += width) {
      const T* from = base + places[i] * pitch;
      for (int64_t k = 0; k < whole; k += LANES<T>) store<T>(to + k, load<T>(from + k));
      for (int64_t k = whole; k < width; k++) to[k] = k < kept ? from[k] : T(0);
    }
  }

  template <int V> static void outer_group(int rows, const T* a, int64_t deep, const T* b, T* c, int64_t row) {
    if constexpr (V <= TILE<T>)
      for (int r = 0; r < rows; r += ROWS) outer_rows<T, V>(rows - r < ROWS ? rows - r : ROWS, a + r, GROUP, deep, b, c + r * row, row);
  }

  void block_of_rows(const TtSweep& s, const T* packed, const int64_t* places, int64_t n, int rows) const {
    const int64_t wide = padded(s.width), all = s.parts * s.k;
    int64_t place[GROUP];
    T* sums = near_;
    for (int r = 0; r < rows; r++) place[r] = places ? places[n + r] : n + r;
    for (int64_t column = 0; column < s.width; column += COLUMNS) {
      const int64_t width = wide - column < COLUMNS ? wide - column : COLUMNS;
      const int64_t kept = s.width - column < width ? s.width - column : width;
      for (int r = 0; r < rows; r++) {
        T* sum = sums + r * COLUMNS;
        memset(sum, 0, width * sizeof(T));
        if (s.b) memcpy(sum, static_cast<const T*>(s.b) + column, kept * sizeof(T));
      }
      for (int64_t q = 0; q < s.parts; q++) {
        const T* a[GROUP];
        for (int r = 0; r < rows; r++) a[r] = static_cast<const T*>(s.a) + place[r] * s.a_pitch + q * s.part_pitch;
        T* c[TILE<T>];
        for (int v = 0; v < TILE<T>; v++) c[v] = sums + v * PANEL;
        product<T>(rows, a, s.k, packed + column * all + q * s.k * width, c, int(width / PANEL), COLUMNS);
      }
      for (int r = 0; r < rows; r++) put(s, place[r], column, sums + r * COLUMNS, kept);
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
    sweeper.by_rows(s, shared, nullptr, s.n * thread / run.threads, s.n * (thread + 1) / run.threads);
    barrier.wait();  // the packed maps make room for the next
  }
}

// The sweeps along the time loop: as steps end their places are collected, and when there are enough of them their
// products are made, while what they need is near.
template <class T> class Along {
 public:
  static constexpr int64_t ENOUGH = 2 * Sweeper<T>::DEEP;

  Along(const TtRun& run, int thread, const Memory& memory, int64_t begin, T* shared, Barrier& barrier)
      : run_(run), thread_(thread), all_(memory), begin_(begin), shared_(shared), barrier_(barrier),
        places_(reinterpret_cast<int64_t*>(memory.of_threads + thread * memory.thread_size + begin)),
        sweeper_(thread, int(run.threads), sums_of(thread) - Sweeper<T>::NEAR) {
    if (!run.along_count) return;
    T *sums = sums_of(thread), *packed = shared_;
    for (int64_t i = 0; i < run.along_count; i++) {
      const TtSweep& s = run.along[i];
      if (!s.is_outer) {
        sweeper_.pack_maps(s, packed);
        packed += Sweeper<T>::packed(s);
        continue;
      }
      int64_t first, last;
      share(s, first, last);
      memset(sums, 0, (last - first) * Sweeper<T>::padded(s.k) * sizeof(T));
      sums += Sweeper<T>::sums(s);
    }
  }

  // Bytes of a thread, and numbers that all share
  static void measure(const TtRun& run, int64_t& thread, int64_t& shared) {
    thread = shared = 0;
    if (!run.along_count) return;
    thread = room(run) * int64_t(sizeof(int64_t)) + Sweeper<T>::NEAR * int64_t(sizeof(T));
    for (int64_t i = 0; i < run.along_count; i++)
      if (run.along[i].is_outer) thread += Sweeper<T>::sums(run.along[i]) * int64_t(sizeof(T));
      else shared += Sweeper<T>::packed(run.along[i]);
  }

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
    T* sums = sums_of(0);
    for (int64_t i = 0; i < run_.along_count; i++) {
      const TtSweep& s = run_.along[i];
      if (!s.is_outer) continue;
      write(s, sums);
      sums += Sweeper<T>::sums(s);
    }
  }

 private:
  const TtRun& run_;
  const int thread_;
  const Memory all_;
  const int64_t begin_;
  T* shared_;
  Barrier& barrier_;
  int64_t* places_;
  int64_t count_ = 0;
  Sweeper<T> sweeper_;

  static int64_t room(const TtRun& run) { return (ENOUGH + run.rows + 7) / 8 * 8; }
  T* sums_of(int thread) const {
    return reinterpret_cast<T*>(all_.of_threads + thread * all_.thread_size + begin_ + room(run_) * int64_t(sizeof(int64_t))) + Sweeper<T>::NEAR;
  }

  // The rows of c that this thread sums: its own where all threads see all rows of the batch
  void share(const TtSweep& s, int64_t& first, int64_t& last) const {
    first = 0, last = s.width;
    if (run_.by_units) part(s, first, last);
  }
  void part(const TtSweep& s, int64_t& first, int64_t& last) const {
    const int64_t tiles = (s.width + ROWS - 1) / ROWS, each = (tiles + run_.threads - 1) / run_.threads * ROWS;
    first = each * thread_ < s.width ? each * thread_ : s.width;
    last = first + each < s.width ? first + each : s.width;
  }

  void make() {
    if (run_.by_units) barrier_.wait();  // what others have computed of the last step
    T *sums = sums_of(thread_), *packed = shared_;
    for (int64_t i = 0; i < run_.along_count; i++) {
      const TtSweep& s = run_.along[i];
      if (s.is_outer) {
        int64_t first, last;
        share(s, first, last);
        sweeper_.outer(s, places_, count_, first, last, sums);
        sums += Sweeper<T>::sums(s);
        continue;
      }
      if (run_.by_units) sweeper_.by_rows(s, packed, places_, count_ * thread_ / run_.threads, count_ * (thread_ + 1) / run_.threads);
      else sweeper_.by_rows(s, packed, places_, 0, count_);
      packed += Sweeper<T>::packed(s);
    }
    count_ = 0;
  }

  // Threads add what each has summed, always in the same order
  void write(const TtSweep& s, T* sums) const {
    int64_t first, last;
    part(s, first, last);
    const int64_t wide = Sweeper<T>::padded(s.k), between = all_.thread_size / int64_t(sizeof(T));
    if (run_.by_units) {
      for (int64_t r = first; r < last; r++) Sweeper<T>::put(s, r, 0, sums + between * thread_ + (r - first) * wide, s.k);
      return;
    }
    for (int64_t r = first; r < last; r++) {
      T* row = sums + r * wide;
      for (int k = 1; k < run_.threads; k++)
        for (int64_t i = 0; i < s.k; i++) row[i] += row[between * k + i];
      Sweeper<T>::put(s, r, 0, row, s.k);
    }
  }
};
}  // namespace TT_NAME
