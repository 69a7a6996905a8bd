#include "ckernels.h"

#include <string.h>

static inline uint64_t word(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void unpack_plain(const uint8_t *at, size_t groups, unsigned width, uint64_t *values) {
    const uint64_t mask = ~(uint64_t)0 >> (64 - width);
    for (; groups > 0; groups--, at += width, values += 8) {
        for (unsigned i = 0; i < 8; i++) values[i] = word(at + (i * width >> 3)) >> (i * width & 7) & mask;
    }
}

static void integrate_plain(int64_t *values, size_t count, int64_t base, int64_t start) {
    uint64_t sum = (uint64_t)start;
    for (size_t i = 0; i < count; i++) {
        sum += (uint64_t)values[i] + (uint64_t)base;
        values[i] = (int64_t)sum;
    }
}

static void decimals_plain(void *values, size_t count, double divisor) {
    uint8_t *at = values;
    for (size_t i = 0; i < count; i++, at += 8) {
        int64_t mantissa;
        memcpy(&mantissa, at, 8);
        const double value = (double)mantissa / divisor;
        memcpy(at, &value, 8);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

static bool has_avx2(void) {
    static int known;  // 0 not asked yet, 1 no, 2 yes; a race writes the same answer
    int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (answer == 0) {
        answer = __builtin_cpu_supports("avx2") ? 2 : 1;
        __atomic_store_n(&known, answer, __ATOMIC_RELAXED);
    }
    return answer == 2;
}

// Two neighbouring values lie within 16 bytes. The first byte of each pair is known for the whole run, so one shuffle
// brings the eight bytes of each value into its lane, and one shift by the lane's own distance aligns it.
AVX2 static void unpack_avx2(const uint8_t *at, size_t groups, unsigned width, uint64_t *values) {
    unsigned offset[4];
    uint8_t shuffle[2][32];
    uint64_t shift[8];
    for (unsigned i = 0; i < 8; i++) {
        const unsigned pair = i / 2;
        if (i % 2 == 0) offset[pair] = i * width >> 3;
        const unsigned first = (i * width >> 3) - offset[pair];
        for (unsigned b = 0; b < 8; b++) shuffle[pair / 2][pair % 2 * 16 + i % 2 * 8 + b] = (uint8_t)(first + b);
        shift[i] = i * width & 7;
    }
    const __m256i mask = _mm256_set1_epi64x((long long)(~(uint64_t)0 >> (64 - width)));
    const __m256i shuffle0 = _mm256_loadu_si256((const __m256i *)shuffle[0]);
    const __m256i shuffle1 = _mm256_loadu_si256((const __m256i *)shuffle[1]);
    const __m256i shift0 = _mm256_loadu_si256((const __m256i *)shift);
    const __m256i shift1 = _mm256_loadu_si256((const __m256i *)(shift + 4));
    for (; groups > 0; groups--, at += width, values += 8) {
        __m256i low = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(at + offset[0])));
        __m256i high = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(at + offset[2])));
        low = _mm256_inserti128_si256(low, _mm_loadu_si128((const __m128i *)(at + offset[1])), 1);
        high = _mm256_inserti128_si256(high, _mm_loadu_si128((const __m128i *)(at + offset[3])), 1);
        low = _mm256_and_si256(_mm256_srlv_epi64(_mm256_shuffle_epi8(low, shuffle0), shift0), mask);
        high = _mm256_and_si256(_mm256_srlv_epi64(_mm256_shuffle_epi8(high, shuffle1), shift1), mask);
        _mm256_storeu_si256((__m256i *)values, low);
        _mm256_storeu_si256((__m256i *)(values + 4), high);
    }
}

// Sums within four lanes first; only one addition depends on the four before.
AVX2 static void integrate_avx2(int64_t *values, size_t count, int64_t base, int64_t start) {
    const __m256i bases = _mm256_set1_epi64x(base);
    __m256i carry = _mm256_set1_epi64x(start);
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        __m256i sums = _mm256_add_epi64(_mm256_loadu_si256((const __m256i *)(values + i)), bases);
        sums = _mm256_add_epi64(sums, _mm256_slli_si256(sums, 8));
        const __m256i lower = _mm256_permute4x64_epi64(sums, 0x55);
        sums = _mm256_add_epi64(sums, _mm256_blend_epi32(_mm256_setzero_si256(), lower, 0xf0));
        const __m256i total = _mm256_permute4x64_epi64(sums, 0xff);
        _mm256_storeu_si256((__m256i *)(values + i), _mm256_add_epi64(sums, carry));
        carry = _mm256_add_epi64(carry, total);
    }
    integrate_plain(values + i, count - i, base, _mm256_extract_epi64(carry, 0));
}

// A 64-bit integer as the sum of two doubles whose mantissas hold its upper 32 and 16 and its lower 48 bits: the one
// rounding happens in the last addition.
AVX2 static inline __m256d doubles(__m256i integers) {
    const __m256d high_bias = _mm256_set1_pd(442721857769029238784.0);  // 3 * 2^67
    const __m256d both_bias = _mm256_set1_pd(442726361368656609280.0);  // 3 * 2^67 + 2^52
    const __m256d low_bias = _mm256_set1_pd(4503599627370496.0);        // 2^52
    __m256i high = _mm256_blend_epi16(_mm256_srai_epi32(integers, 16), _mm256_setzero_si256(), 0x33);
    high = _mm256_add_epi64(high, _mm256_castpd_si256(high_bias));
    const __m256i low = _mm256_blend_epi16(integers, _mm256_castpd_si256(low_bias), 0x88);
    return _mm256_add_pd(_mm256_sub_pd(_mm256_castsi256_pd(high), both_bias), _mm256_castsi256_pd(low));
}

AVX2 static void decimals_avx2(void *values, size_t count, double divisor) {
    double *at = values;
    size_t i = 0;
    if (divisor == 1) {
        for (; i + 4 <= count; i += 4)
            _mm256_storeu_pd(at + i, doubles(_mm256_loadu_si256((const __m256i *)(at + i))));
    } else {
        const __m256d divisors = _mm256_set1_pd(divisor);
        for (; i + 4 <= count; i += 4) {
            const __m256d mantissas = doubles(_mm256_loadu_si256((const __m256i *)(at + i)));
            _mm256_storeu_pd(at + i, _mm256_div_pd(mantissas, divisors));
        }
    }
    decimals_plain(at + i, count - i, divisor);
}

void ckernels_unpack(const void *source, size_t groups, unsigned width, uint64_t *values) {
    if (has_avx2()) unpack_avx2(source, groups, width, values);
    else unpack_plain(source, groups, width, values);
}

void ckernels_integrate(int64_t *values, size_t count, int64_t base, int64_t start) {
    if (has_avx2()) integrate_avx2(values, count, base, start);
    else integrate_plain(values, count, base, start);
}

void ckernels_decimals(void *values, size_t count, double divisor) {
    if (has_avx2()) decimals_avx2(values, count, divisor);
    else decimals_plain(values, count, divisor);
}
#else
void ckernels_unpack(const void *source, size_t groups, unsigned width, uint64_t *values) {
    unpack_plain(source, groups, width, values);
}
void ckernels_integrate(int64_t *values, size_t count, int64_t base, int64_t start) {
    integrate_plain(values, count, base, start);
}
void ckernels_decimals(void *values, size_t count, double divisor) { decimals_plain(values, count, divisor); }
#endif
