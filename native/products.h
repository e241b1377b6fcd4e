// Products of rows with packed weights, and the packing.
//
// A tile is a few rows by a few panels of 16 units; its sums stay in registers while its weights are read once, in one
// piece: for each k the numbers of all its panels side by side.
#pragma once
#include <cstring>
#include "functions.h"
#include "program.h"

namespace TT_NAME {

constexpr int PANEL = TT_PANEL;
constexpr int ROWS = 6;  // of a tile
constexpr int BLOCK_ROWS = 8 * ROWS;  // that are treated at a time: as many use a piece of the weights while it is near
// panels of a tile, so that 6 rows of sums, the weights and one number of a row fit into the registers
template <class T> constexpr int TILE = TT_TILE * 4 / sizeof(T) > 0 ? TT_TILE * 4 / sizeof(T) : 1;

// c[v][r] += sum over k of a[r][k] w[k][v], for R rows and V panels
template <class T, int R, int V>
inline void tile(const T* const* a, int64_t k, const T* __restrict w, T* const* c, int64_t row) {
  constexpr int N = PANEL / LANES<T>, M = V * N;
  vec<T> sums[R][M];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 32
    for (int m = 0; m < M; m++) sums[r][m] = load<T>(c[m / N] + r * row + m % N * LANES<T>);
  for (int64_t i = 0; i < k; i++, w += V * PANEL) {
    vec<T> weight[M];
#pragma GCC unroll 32
    for (int m = 0; m < M; m++) weight[m] = load<T>(w + m * LANES<T>);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      vec<T> x = splat<T>(a[r][i]);
#pragma GCC unroll 32
      for (int m = 0; m < M; m++) sums[r][m] += x * weight[m];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 32
    for (int m = 0; m < M; m++) store<T>(c[m / N] + r * row + m % N * LANES<T>, sums[r][m]);
}

// The same with few rows: so few sums would leave the units for multiplication waiting for each other, so that k is cut
// into S pieces that go side by side
template <class T, int R, int V, int S>
inline void thin_tile(const T* const* a, int64_t k, const T* __restrict w, T* const* c, int64_t row) {
  constexpr int N = PANEL / LANES<T>, M = V * N;
  const int64_t piece = k / S;
  vec<T> sums[S][R][M] = {};
  for (int64_t i = 0; i < piece; i++)
#pragma GCC unroll 4
    for (int s = 0; s < S; s++) {
      const T* from = w + (s * piece + i) * V * PANEL;
#pragma GCC unroll 2
      for (int r = 0; r < R; r++) {
        vec<T> x = splat<T>(a[r][s * piece + i]);
#pragma GCC unroll 32
        for (int m = 0; m < M; m++) sums[s][r][m] += x * load<T>(from + m * LANES<T>);
      }
    }
  for (int64_t i = S * piece; i < k; i++)
#pragma GCC unroll 2
    for (int r = 0; r < R; r++)
#pragma GCC unroll 32
      for (int m = 0; m < M; m++) sums[0][r][m] += splat<T>(a[r][i]) * load<T>(w + i * V * PANEL + m * LANES<T>);
#pragma GCC unroll 2
  for (int r = 0; r < R; r++)
#pragma GCC unroll 32
    for (int m = 0; m < M; m++) {
      vec<T> total = sums[0][r][m];
#pragma GCC unroll 4
      for (int s = 1; s < S; s++) total += sums[s][r][m];
      T* to = c[m / N] + r * row + m % N * LANES<T>;
      store<T>(to, load<T>(to) + total);
    }
}

template <class T, int V>
inline void tile_rows(int rows, const T* const* a, int64_t k, const T* w, T* const* c, int64_t row) {
  switch (rows) {
    case 1: return thin_tile<T, 1, V, 4>(a, k, w, c, row);
    case 2: return thin_tile<T, 2, V, 2>(a, k, w, c, row);
    case 3: return tile<T, 3, V>(a, k, w, c, row);
    case 4: return tile<T, 4, V>(a, k, w, c, row);
    case 5: return tile<T, 5, V>(a, k, w, c, row);
    default: return tile<T, 6, V>(a, k, w, c, row);
  }
}

// V panels for all rows: the weights of a piece of k come into the first cache once, and every tile of rows uses them
template <class W, int V, class A, class C>
inline void tiles(int rows, const A* const* a, int64_t k, const W* w, C* const* c, int64_t row) {
  constexpr int64_t PIECE = 32768 / (V * PANEL * sizeof(W));
  const int count = (rows + ROWS - 1) / ROWS;
  for (int64_t done = 0; done < k; done += PIECE, w += PIECE * V * PANEL) {
    const int64_t some = k - done < PIECE + PIECE / 4 ? k - done : PIECE;
    for (int q = 0; q < count; q++) {  // rows spread evenly over the tiles
      const int from = rows * q / count, to = rows * (q + 1) / count;
      const A* here[ROWS];
      C* sums[V];
      for (int r = from; r < to; r++) here[r - from] = a[r] + done;
      for (int v = 0; v < V; v++) sums[v] = c[v] + from * row;
      tile_rows<W, V>(to - from, here, some, w, sums, row);
    }
    if (some != PIECE) break;
  }
}

// All panels of a group: tiles of TILE panels, the last one narrower
template <class W, class A, class C>
void product(int rows, const A* const* a, int64_t k, const W* w, C* const* c, int columns, int64_t row) {
  constexpr int V = TILE<C>;
  int done = 0;
  for (; done + V <= columns; done += V, w += k * V * PANEL) tiles<W, V>(rows, a, k, w, c + done, row);
  switch (columns - done) {
    case 3: if constexpr (V > 3) tiles<W, 3>(rows, a, k, w, c + done, row); break;
    case 2: if constexpr (V > 2) tiles<W, 2>(rows, a, k, w, c + done, row); break;
    case 1: if constexpr (V > 1) tiles<W, 1>(rows, a, k, w, c + done, row); break;
  }
}

// A stored map (units, k): from + unit * pitch + k, or, transposed, from + k * pitch + unit.
struct Map {
  const void* from;
  int64_t pitch;
};

// k numbers of each unit of a panel, unit by unit, to the units of a panel for each k
template <class T> inline void turn(const T* from, int64_t pitch, int64_t units, int64_t k, T* to, int64_t row) {
  for (int64_t begin = 0; begin < k; begin += 64) {
    const int64_t end = begin + 64 < k ? begin + 64 : k;
    for (int64_t u = 0; u < units; u++)
      for (int64_t i = begin; i < end; i++) to[i * row + u] = from[u * pitch + i];
  }
}
#if defined(__AVX512F__) && TT_BYTES == 64
inline void turn(const float* from, int64_t pitch, int64_t units, int64_t k, float* to, int64_t row) {
  const __mmask16 kept = __mmask16((1 << units) - 1);
  const __m512i at = _mm512_mullo_epi32(_mm512_set1_epi32(int(pitch)), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  for (int64_t i = 0; i < k; i++) _mm512_storeu_ps(to + i * row, _mm512_mask_i32gather_ps(_mm512_setzero_ps(), kept, at, from + i, 4));
}
#endif

// `units` of a panel (the rest is 0), for `k` numbers of the operand, of which `padded_k` are packed: `row` apart in `to`
template <class T>
inline void pack_panel(const Map& map, bool transposed, int64_t unit, int64_t units, int64_t k, int64_t padded_k, T* to, int64_t row) {
  const T* from = static_cast<const T*>(map.from) + unit * (transposed ? 1 : map.pitch);
  if (units < 0) units = 0;
  if (units < PANEL)
    for (int64_t i = 0; i < k; i++) memset(to + i * row, 0, PANEL * sizeof(T));
  if (transposed) {
    for (int64_t i = 0; i < k; i++) memcpy(to + i * row, from + i * map.pitch, units * sizeof(T));
  } else {
    turn(from, map.pitch, units, k, to, row);
  }
  for (int64_t i = k; i < padded_k; i++) memset(to + i * row, 0, PANEL * sizeof(T));
}

template <class T> constexpr int64_t depth(int64_t k, const T*) { return k; }  // of weights that are packed for so many k

// The panels first .. last of a group in blocks of `block`, in the order in which `product` reads them. The panels of a
// block are, for each sum, those of its units.
template <class T, class W>
void pack(const Group& group, const Map* maps, int64_t units, int64_t k, int64_t padded_k, int first, int last, int block, W* packed) {
  constexpr int V = TILE<T>;
  const int64_t deep = depth(padded_k, packed);
  const int sums = int(group.sums.size());
  const bool transposed = group.transposed();
  for (int panel = first; panel < last; panel += block) {
    W* to = packed + int64_t(panel) * PANEL * group.parts * deep * sums;
    int wide = last - panel < block ? last - panel : block, columns = wide * sums;
    for (int c = 0; c < columns; c += V) {
      int v = columns - c < V ? columns - c : V;
      for (int q = 0; q < v; q++) {
        int sum = (c + q) / wide;
        int64_t unit = int64_t(panel + (c + q) % wide) * PANEL, kept = units - unit < PANEL ? units - unit : PANEL;
        for (int part = 0; part < group.parts; part++)
          pack_panel(maps[group.maps[sum * group.parts + part]], transposed, unit, kept, k, padded_k,
                     to + (part * deep * v + q) * PANEL, v * PANEL);
      }
      to += group.parts * deep * v * PANEL;
    }
  }
}
}  // namespace TT_NAME
