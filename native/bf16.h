// Products of numbers rounded to bfloat16, the first half of a float, with sums in float: weights are packed as pairs,
// two k of one unit side by side, and rows are rounded before their products.
//
// Where there is an instruction for pairs, a product of pairs is one. Else both numbers are brought back to floats: the
// weights take half of the memory, and the products are those of float.
#pragma once
#include "products.h"

namespace TT_NAME {

// Two numbers of a weight, and of a row
struct Pair {
  uint16_t first, second;
};
#ifdef __AVX512BF16__
typedef Pair RowPair;
#else
struct RowPair {
  float first, second;
};
#endif

constexpr int64_t depth(int64_t k, const Pair*) { return (k + 1) / 2; }

#ifndef __AVX512F__

template <class T> constexpr bool HAS_BF16 = false;

#else

template <class T> constexpr bool HAS_BF16 = sizeof(T) == sizeof(float);

// To the nearest, ties to even; NaN stays NaN. In the upper halves of what is returned
inline __m512i rounded(__m512 x) {
  const __m512i bits = _mm512_castps_si512(x), one = _mm512_set1_epi32(1);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), one);
  const __m512i sum = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  const __m512i kept = _mm512_mask_or_epi32(sum, nan, bits, _mm512_set1_epi32(0x400000));
  return _mm512_and_si512(kept, _mm512_set1_epi32(int(0xffff0000)));
}

// The k numbers of a row as pairs; where k is odd the last has a 0
inline void round_row(const float* from, int64_t k, RowPair* to) {
  for (int64_t i = 0; i < k; i += PANEL) {
    const int64_t some = k - i < PANEL ? k - i : PANEL;
    const __m512i x = rounded(_mm512_maskz_loadu_ps(__mmask16((1 << some) - 1), from + i));
#ifdef __AVX512BF16__
    _mm256_mask_storeu_epi32(to + i / 2, __mmask8((1 << (some + 1) / 2) - 1), _mm512_cvtepi32_epi16(_mm512_srli_epi32(x, 16)));
#else
    _mm512_mask_storeu_epi32(to + i / 2, __mmask16((1 << (some + 1) / 2 * 2) - 1), x);
#endif
  }
}

// As for floats, with `row` pairs from a pair of k to the next
inline void pack_panel(const Map& map, bool transposed, int64_t unit, int64_t units, int64_t k, int64_t padded_k, Pair* to, int64_t row) {
  constexpr int64_t SOME = 64;
  alignas(64) float numbers[SOME * PANEL];
  for (int64_t begin = 0; begin < padded_k; begin += SOME) {
    const int64_t some = depth(padded_k - begin < SOME ? padded_k - begin : SOME, to) * 2;
    const int64_t kept = k - begin < some ? k - begin : some;
    const Map here{static_cast<const float*>(map.from) + begin * (transposed ? map.pitch : 1), map.pitch};
    pack_panel<float>(here, transposed, unit, units, kept > 0 ? kept : 0, some, numbers, PANEL);
    for (int64_t i = 0; i < some; i += 2, to += row) {
      const __m512i first = _mm512_srli_epi32(rounded(_mm512_load_ps(numbers + i * PANEL)), 16);
      _mm512_storeu_si512(to, _mm512_or_si512(first, rounded(_mm512_load_ps(numbers + (i + 1) * PANEL))));
    }
  }
}

// sums[r][v] += both products of a pair
template <int R, int V> inline void multiply_add(vec<float> (&sums)[R][V], const RowPair* const* a, int64_t i, const Pair* w) {
  __m512i pairs[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; v++) pairs[v] = _mm512_loadu_si512(w + v * PANEL);
#ifdef __AVX512BF16__
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
    int32_t bits;
    memcpy(&bits, a[r] + i, 4);
    const __m512i x = _mm512_set1_epi32(bits);
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums[r][v] = (vec<float>)_mm512_dpbf16_ps((__m512)sums[r][v], (__m512bh)x, (__m512bh)pairs[v]);
  }
#else
  vec<float> weight[V];
#pragma GCC unroll 4
  for (int v = 0; v < V; v++) weight[v] = (vec<float>)_mm512_slli_epi32(pairs[v], 16);
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums[r][v] += splat<float>(a[r][i].first) * weight[v];
#pragma GCC unroll 4
  for (int v = 0; v < V; v++) weight[v] = (vec<float>)_mm512_and_si512(pairs[v], _mm512_set1_epi32(int(0xffff0000)));
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) sums[r][v] += splat<float>(a[r][i].second) * weight[v];
#endif
}

// c[v][r] += sum over pairs of a[r] w[v], for R rows and V panels; with few rows k is cut into S pieces, as in thin_tile
template <int R, int V, int S>
inline void pair_tile(const RowPair* const* a, int64_t k, const Pair* __restrict w, float* const* c, int64_t row) {
  const int64_t piece = k / S;
  vec<float> sums[S][R][V] = {};
  for (int64_t i = 0; i < piece; i++)
#pragma GCC unroll 4
    for (int s = 0; s < S; s++) multiply_add<R, V>(sums[s], a, s * piece + i, w + (s * piece + i) * V * PANEL);
  for (int64_t i = S * piece; i < k; i++) multiply_add<R, V>(sums[0], a, i, w + i * V * PANEL);
#pragma GCC unroll 8
  for (int r = 0; r < R; r++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) {
      vec<float> total = sums[0][r][v];
#pragma GCC unroll 4
      for (int s = 1; s < S; s++) total += sums[s][r][v];
      store<float>(c[v] + r * row, load<float>(c[v] + r * row) + total);
    }
}

template <class W, int V>
inline void tile_rows(int rows, const RowPair* const* a, int64_t k, const Pair* w, float* const* c, int64_t row) {
  switch (rows) {
    case 1: return pair_tile<1, V, 4>(a, k, w, c, row);
    case 2: return pair_tile<2, V, 2>(a, k, w, c, row);
    case 3: return pair_tile<3, V, 1>(a, k, w, c, row);
    case 4: return pair_tile<4, V, 1>(a, k, w, c, row);
    case 5: return pair_tile<5, V, 1>(a, k, w, c, row);
    default: return pair_tile<6, V, 1>(a, k, w, c, row);
  }
}

#endif
}  // namespace TT_NAME
