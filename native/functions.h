// exp, sigmoid, tanh and sqrt of vectors. Errors against the exact values: at most 3e-7 relative in float, an ulp or two
// of the C library's in double. NaN stays NaN.
#pragma once
#include <cmath>
#include <cstdint>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace TT_NAME {

template <class T> struct Vector { typedef T type __attribute__((vector_size(TT_BYTES), aligned(sizeof(T)), may_alias)); };
template <class T> using vec = typename Vector<T>::type;
template <class T> constexpr int LANES = TT_BYTES / sizeof(T);
template <class T> inline vec<T> load(const T* p) { return *reinterpret_cast<const vec<T>*>(p); }
template <class T> inline void store(T* p, vec<T> v) { *reinterpret_cast<vec<T>*>(p) = v; }
template <class T> inline vec<T> splat(T s) { return s - vec<T>{}; }

// The sum of all lanes: halves are added to halves
#if defined(__AVX512F__) && TT_BYTES == 64
inline float total(vec<float> v) { return _mm512_reduce_add_ps((__m512)v); }
inline double total(vec<double> v) { return _mm512_reduce_add_pd((__m512d)v); }
#else
template <class V> inline auto total(V v) {
  constexpr int N = sizeof(V) / sizeof(v[0]);
  for (int half = N / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) v[i] += v[i + half];
  return v[0];
}
#endif

template <class T> struct Functions;

template <> struct Functions<double> {
  typedef vec<double> v;
  template <class F> static v each(v x, F f) {
    for (int i = 0; i < LANES<double>; i++) x[i] = f(x[i]);
    return x;
  }
  static v exp(v x) { return each(x, [](double a) { return std::exp(a); }); }
  static v tanh(v x) { return each(x, [](double a) { return std::tanh(a); }); }
  static v sigmoid(v x) { return 1.0 / (1.0 + exp(-x)); }
  static v sqrt(v x) { return each(x, [](double a) { return std::sqrt(a); }); }
};

template <> struct Functions<float> {
  typedef vec<float> v;
  typedef int32_t whole __attribute__((vector_size(TT_BYTES), aligned(4), may_alias));

#if defined(__AVX512F__) && TT_BYTES == 64
  static v exp(v x) {  // 2^n e^r; scalef gives 0 and infinity where they belong
    // beyond these bounds r would lose its digits, and of infinity it is NaN; of two numbers, NaN among them, min and
    // max give the second
    __m512 kept = _mm512_max_ps(_mm512_set1_ps(-105.0f), _mm512_min_ps(_mm512_set1_ps(90.0f), (__m512)x));
    __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(kept, _mm512_set1_ps(1.44269504f)), 8);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), kept);
    r = _mm512_fmadd_ps(n, _mm512_set1_ps(2.12194440e-4f), r);
    return (v)_mm512_scalef_ps((__m512)series((v)r), n);
  }
  // 1 / d for d of ordinary size: 14 bits and one step of Newton, a third of the time of a division
  static v reciprocal(v d) {
    __m512 r = _mm512_rcp14_ps((__m512)d);
    __m512 e = _mm512_fnmadd_ps((__m512)d, r, _mm512_set1_ps(1.0f));
    return (v)_mm512_fmadd_ps(r, e, r);
  }
  static v sigmoid(v x) {
    // below -87 the sum is beyond what Newton's step bears, and 1 / it below what float holds with all its bits
    v low = splat<float>(-87.0f);
    return reciprocal(1.0f + exp(-(x < low ? low : x)));
  }
  static v sqrt(v x) { return (v)_mm512_sqrt_ps((__m512)x); }
#else
  static v exp(v x) {
    const v low = splat<float>(-87.33654f), high = splat<float>(88.72283f);
    const v kept = x;
    x = x < low ? low : x;
    x = x > high ? high : x;
    const float magic = 12582912.f;  // 1.5 * 2^23: adding it rounds to a whole number
    v n = x * 1.44269504f + magic;
    n = n - magic;
    v r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    // 2^n in two halves, neither of which overflows
    whole i = __builtin_convertvector(n, whole), half = i >> 1, rest = i - half;
    v y = series(r) * (v)((half + 127) << 23) * (v)((rest + 127) << 23);
    return kept > high ? splat<float>(__builtin_inff()) : y;
  }
  static v reciprocal(v d) { return 1.0f / d; }
  static v sigmoid(v x) { return 1.0f / (1.0f + exp(-x)); }
  static v sqrt(v x) {
    for (int i = 0; i < LANES<float>; i++) x[i] = __builtin_sqrtf(x[i]);
    return x;
  }
#endif

  static v series(v r) {  // e^r for |r| <= ln 2 / 2 (Cephes)
    v p = splat<float>(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return p * (r * r) + r + 1.0f;
  }

  // a rational function of x, clamped where tanh is 1 in float (the coefficients are Eigen's)
  static v tanh(v x) {
    const v bound = splat<float>(7.90531110763549805f);
    v c = x > bound ? bound : x;
    c = c < -bound ? -bound : c;
    v q = c * c;
    v p = splat<float>(-2.76076847742355e-16f);
    p = p * q + 2.00018790482477e-13f;
    p = p * q + -8.60467152213735e-11f;
    p = p * q + 5.12229709037114e-08f;
    p = p * q + 1.48572235717979e-05f;
    p = p * q + 6.37261928875436e-04f;
    p = p * q + 4.89352455891786e-03f;
    p = p * c;
    v d = splat<float>(1.19825839466702e-06f);
    d = d * q + 1.18534705686654e-04f;
    d = d * q + 2.26843463243900e-03f;
    d = d * q + 4.89352518554385e-03f;
    return p * reciprocal(d);
  }
};
}  // namespace TT_NAME
