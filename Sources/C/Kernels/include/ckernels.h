#pragma once
// Instructions that Swift cannot name: loops over x86 intrinsics, each beyond the baseline guarded by its `_available`.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether this processor has what `ckernels_crc32c` uses (SSE4.2 and PCLMULQDQ).
bool ckernels_crc32c_available(void);

// Continues the raw (not inverted) CRC32C state `crc` over `count` bytes.
uint32_t ckernels_crc32c(uint32_t crc, const void *bytes, size_t count);

#ifdef __SSE2__
#include <emmintrin.h>
#endif

// Where in bytes[index, count) the first double quote or backslash is; count where there is none. In the header to be
// inlined: strings of log lines are short, and a call would cost as much as the scan.
static inline size_t ckernels_json_string_stop(const uint8_t *bytes, size_t index, size_t count) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    for (; index + 16 <= count; index += 16) {
        const __m128i chunk = _mm_loadu_si128((const __m128i *)(bytes + index));
        const __m128i found = _mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash));
        const int mask = _mm_movemask_epi8(found);
        if (mask != 0) return index + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    while (index < count && bytes[index] != '"' && bytes[index] != '\\') index++;
    return index;
}

// Where in bytes[index, count) the first byte is that a JSON string has to escape: below 0x20, a double quote or a
// backslash; count where there is none.
static inline size_t ckernels_json_escape_stop(const uint8_t *bytes, size_t index, size_t count) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    for (; index + 16 <= count; index += 16) {
        const __m128i chunk = _mm_loadu_si128((const __m128i *)(bytes + index));
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(chunk, control), chunk);
        const __m128i mark = _mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash));
        const int mask = _mm_movemask_epi8(_mm_or_si128(low, mark));
        if (mask != 0) return index + (size_t)__builtin_ctz((unsigned)mask);
    }
#endif
    while (index < count && bytes[index] > 0x1f && bytes[index] != '"' && bytes[index] != '\\') index++;
    return index;
}

// Columns of integers. Each function has a form for AVX2, chosen at run time, and a plain one.

// Unpacks `groups` of eight values of `width` bits, 1 to 56, the first value in the lowest bits. Reads up to 16 bytes
// behind the last group.
void ckernels_unpack(const void *source, size_t groups, unsigned width, uint64_t *values);

// Replaces each value by `start` and the sum of all values up to it, with `base` added to each; all modulo 2^64.
void ckernels_integrate(int64_t *values, size_t count, int64_t base, int64_t start);

// Turns integers into doubles in place, each divided by `divisor`, correctly rounded both times.
void ckernels_decimals(void *values, size_t count, double divisor);
