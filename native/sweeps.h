// Products over all steps at once. For what fits into the second cache; larger ones are better left to a BLAS.
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

// One thread's share of the sweeps of a run.
template <class T> class Sweeper {
 public:
  static constexpr int COLUMNS = TILE<T> * PANEL;  // of c that are treated at a time
  static constexpr int GROUP = 8 * ROWS;           // rows of c, or of a, that use what has been brought near
  static constexpr int64_t DEEP = 24576 / (COLUMNS * sizeof(T));  // rows of b that are brought near

  Sweeper(int thread, int threads, T* mine, T* shared, Barrier& barrier)
      : thread_(thread), threads_(threads), mine_(mine), shared_(shared), barrier_(barrier) {}

  // Numbers that a thread needs, should it be alone, and that all share
  static void measure(const TtSweep& s, int64_t& mine, int64_t& shared) {
    int64_t need = s.is_outer ? share(s.width, 1) * padded(s.k) + DEEP * (COLUMNS + GROUP) : int64_t(GROUP) * COLUMNS;
    int64_t pack = s.is_outer ? 0 : s.parts * s.k * padded(s.width);
    if (need > mine) mine = need;
    if (pack > shared) shared = pack;
  }

  void sweep(const TtSweep& s) { s.is_outer ? outer(s) : by_rows(s); }

 private:
  const int thread_, threads_;
  T *mine_, *shared_;
  Barrier& barrier_;

  static int64_t padded(int64_t width) { return (width + PANEL - 1) / PANEL * PANEL; }
  // of rows that go to each thread, in whole tiles
  static int64_t share(int64_t rows, int64_t threads) { return ((rows + ROWS - 1) / ROWS + threads - 1) / threads * ROWS; }

  void outer(const TtSweep& s) {
    const int64_t each = share(s.width, threads_), first = each * thread_, wide = padded(s.k);
    const int64_t rows = s.width - first < each ? s.width - first : each;
    if (rows <= 0) return;
    T* sums = mine_;
    memset(sums, 0, rows * wide * sizeof(T));
    for (int64_t n = 0; n < s.n; n += DEEP) {
      const int64_t deep = s.n - n < DEEP ? s.n - n : DEEP;
      for (int64_t column = 0; column < s.k; column += COLUMNS) {
        const int64_t width = wide - column < COLUMNS ? wide - column : COLUMNS;
        const int64_t kept = s.k - column < width ? s.k - column : width;
        T *b = mine_ + each * wide, *a = b + DEEP * COLUMNS;
        bring(static_cast<const T*>(s.b) + n * s.b_pitch + column, s.b_pitch, deep, kept, width, b);
        for (int64_t r = 0; r < rows; r += GROUP) {
          const int64_t some = rows - r < GROUP ? rows - r : GROUP;
          bring(static_cast<const T*>(s.a) + n * s.a_pitch + first + r, s.a_pitch, deep, some, GROUP, a);
          T* c = sums + r * wide + column;
          switch (width / PANEL) {
            case 1: outer_group<1>(int(some), a, deep, b, c, wide); break;
            case 2: outer_group<2>(int(some), a, deep, b, c, wide); break;
            case 3: outer_group<3>(int(some), a, deep, b, c, wide); break;
            default: outer_group<4>(int(some), a, deep, b, c, wide);
          }
        }
      }
    }
    for (int64_t r = 0; r < rows; r++) put(s, first + r, 0, sums + r * wide, s.k);
  }

  // Rows that lie far apart, side by side
  static void bring(const T* from, int64_t pitch, int64_t rows, int64_t kept, int64_t width, T* to) {
    const int64_t whole = kept / LANES<T> * LANES<T>;
    for (int64_t i = 0; i < rows; i++, from += pitch, to += width) {
      for (int64_t k = 0; k < whole; k += LANES<T>) store<T>(to + k, load<T>(from + k));
      for (int64_t k = whole; k < width; k++) to[k] = k < kept ? from[k] : T(0);
    }
  }

  template <int V> static void outer_group(int rows, const T* a, int64_t deep, const T* b, T* c, int64_t row) {
    if constexpr (V <= TILE<T>)
      for (int r = 0; r < rows; r += ROWS) outer_rows<T, V>(rows - r < ROWS ? rows - r : ROWS, a + r, GROUP, deep, b, c + r * row, row);
  }

  void by_rows(const TtSweep& s) {
    Group group{0, 0, s.transposed ? READS_PARTS : READS_UNITS, int32_t(s.parts), {0}, {}};
    for (int32_t q = 0; q < s.parts; q++) group.maps.push_back(q);
    const int panels = int(padded(s.width) / PANEL), each = (panels + threads_ - 1) / threads_;
    const int step = (each + TILE<T> - 1) / TILE<T> * TILE<T>, first = step * thread_;
    if (first < panels)
      pack<T>(group, reinterpret_cast<const Map*>(s.maps), s.width, s.k, s.k, first, first + step < panels ? first + step : panels, TILE<T>, shared_);
    barrier_.wait();
    const int64_t blocks = (s.n + GROUP - 1) / GROUP;
    for (int64_t i = blocks * thread_ / threads_; i < blocks * (thread_ + 1) / threads_; i++) {
      const int64_t n = i * GROUP;
      block_of_rows(s, n, int(s.n - n < GROUP ? s.n - n : GROUP));
    }
    barrier_.wait();  // the packed weights make room for the next
  }

  void block_of_rows(const TtSweep& s, int64_t n, int rows) {
    const int64_t wide = padded(s.width), all = s.parts * s.k;
    for (int64_t column = 0; column < s.width; column += COLUMNS) {
      const int64_t width = wide - column < COLUMNS ? wide - column : COLUMNS;
      const int64_t kept = s.width - column < width ? s.width - column : width;
      for (int r = 0; r < rows; r++) {
        T* sum = mine_ + r * COLUMNS;
        memset(sum, 0, width * sizeof(T));
        if (s.b) memcpy(sum, static_cast<const T*>(s.b) + column, kept * sizeof(T));
      }
      for (int64_t q = 0; q < s.parts; q++) {
        const T* a[GROUP];
        for (int r = 0; r < rows; r++) a[r] = static_cast<const T*>(s.a) + (n + r) * s.a_pitch + q * s.part_pitch;
        const T* w = shared_ + column * all + q * s.k * width;
        switch (width / PANEL) {
          case 1: row_group<1>(rows, a, s.k, w); break;
          case 2: row_group<2>(rows, a, s.k, w); break;
          case 3: row_group<3>(rows, a, s.k, w); break;
          default: row_group<4>(rows, a, s.k, w);
        }
      }
      for (int r = 0; r < rows; r++) put(s, n + r, column, mine_ + r * COLUMNS, kept);
    }
  }

  template <int V> void row_group(int rows, const T* const* a, int64_t k, const T* w) {
    if constexpr (V <= TILE<T>) {
      T* c[V];
      for (int v = 0; v < V; v++) c[v] = mine_ + v * PANEL;
      tiles<T, V>(rows, a, k, w, c, COLUMNS);
    }
  }

  void put(const TtSweep& s, int64_t row, int64_t column, const T* from, int64_t count) {
    T* to = static_cast<T*>(s.c) + row * s.c_pitch + column;
    if (s.adds)
      for (int64_t i = 0; i < count; i++) to[i] += from[i];
    else
      memcpy(to, from, count * sizeof(T));
  }
};
}  // namespace TT_NAME
