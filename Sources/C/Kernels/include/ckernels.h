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
// Where in text[index, count) the needle of `needle_count` > 0 bytes first stands; count where it does not. Sixteen
// places at a time by the first and the last byte of the needle.
static inline size_t ckernels_find(
    const uint8_t *text, size_t index, size_t count, const uint8_t *needle, size_t needle_count) {
    if (count < needle_count) return count;
    const size_t end = count - needle_count + 1;
#ifdef __SSE2__
    const __m128i first = _mm_set1_epi8((char)needle[0]), last = _mm_set1_epi8((char)needle[needle_count - 1]);
    for (; index + 16 <= end; index += 16) {
        const __m128i heads = _mm_loadu_si128((const __m128i *)(text + index));
        const __m128i tails = _mm_loadu_si128((const __m128i *)(text + index + needle_count - 1));
        const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(heads, first), _mm_cmpeq_epi8(tails, last));
        for (unsigned mask = (unsigned)_mm_movemask_epi8(both); mask != 0; mask &= mask - 1) {
            const size_t at = index + (size_t)__builtin_ctz(mask);
            if (__builtin_memcmp(text + at, needle, needle_count) == 0) return at;
        }
    }
#endif
    for (; index < end; index++) {
        if (text[index] == needle[0] && __builtin_memcmp(text + index, needle, needle_count) == 0) return index;
    }
    return count;
}

// Sets marks[i] where text[i] is `byte`.
static inline void ckernels_mark(const uint8_t *text, size_t count, uint8_t byte, bool *marks) {
    uint8_t *set = (uint8_t *)marks;
    size_t index = 0;
#ifdef __SSE2__
    const __m128i wanted = _mm_set1_epi8((char)byte), one = _mm_set1_epi8(1);
    for (; index + 16 <= count; index += 16) {
        const __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(text + index)), wanted);
        const __m128i before = _mm_loadu_si128((const __m128i *)(set + index));
        _mm_storeu_si128((__m128i *)(set + index), _mm_or_si128(before, _mm_and_si128(same, one)));
    }
#endif
    for (; index < count; index++) set[index] |= text[index] == byte;
}

// The bit that tells the two cases of a letter of ASCII apart; zero for any other byte.
static inline uint8_t ckernels_case_bit(uint8_t byte) {
    const uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'z' ? 0x20 : 0;
}

// As ckernels_find, letters of ASCII in either case; the needle has lower-case ones only.
static inline size_t ckernels_find_folded(
    const uint8_t *text, size_t index, size_t count, const uint8_t *needle, size_t needle_count) {
    if (count < needle_count) return count;
    const size_t end = count - needle_count + 1;
    const uint8_t first_bit = ckernels_case_bit(needle[0]), last_bit = ckernels_case_bit(needle[needle_count - 1]);
    const uint8_t first_byte = needle[0] | first_bit, last_byte = needle[needle_count - 1] | last_bit;
    for (; index < end; index++) {
#ifdef __SSE2__
        const __m128i first = _mm_set1_epi8((char)first_byte), last = _mm_set1_epi8((char)last_byte);
        const __m128i first_fold = _mm_set1_epi8((char)first_bit), last_fold = _mm_set1_epi8((char)last_bit);
        while (index + 16 <= end) {
            const __m128i heads = _mm_or_si128(_mm_loadu_si128((const __m128i *)(text + index)), first_fold);
            const __m128i tails =
                _mm_or_si128(_mm_loadu_si128((const __m128i *)(text + index + needle_count - 1)), last_fold);
            const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(heads, first), _mm_cmpeq_epi8(tails, last));
            const unsigned mask = (unsigned)_mm_movemask_epi8(both);
            if (mask == 0) {
                index += 16;
                continue;
            }
            index += (size_t)__builtin_ctz(mask);
            break;
        }
        if (index >= end) return count;
#endif
        size_t same = 0;
        while (same < needle_count && (text[index + same] | ckernels_case_bit(needle[same])) == needle[same]) same++;
        if (same == needle_count) return index;
    }
    return count;
}

// The bytes that count (even) lower-case hexadecimal digits stand for; false, with some of them written, where others
// are among them.
static inline bool ckernels_hex_bytes(const uint8_t *text, size_t count, uint8_t *bytes) {
    size_t index = 0;
#ifdef __SSE2__
    const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9), a = _mm_set1_epi8('a'), five = _mm_set1_epi8(5);
    for (; index + 16 <= count; index += 16) {
        const __m128i chunk = _mm_loadu_si128((const __m128i *)(text + index));
        const __m128i digit = _mm_sub_epi8(chunk, zero), letter = _mm_sub_epi8(chunk, a);
        const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, nine), digit);
        const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, five), letter);
        if (_mm_movemask_epi8(_mm_or_si128(is_digit, is_letter)) != 0xffff) return false;
        const __m128i ten = _mm_add_epi8(letter, _mm_set1_epi8(10));
        const __m128i value = _mm_or_si128(_mm_and_si128(is_digit, digit), _mm_and_si128(is_letter, ten));
        // The first of two digits is the higher one.
        const __m128i high = _mm_slli_epi16(_mm_and_si128(value, _mm_set1_epi16(0xff)), 4);
        const __m128i both = _mm_or_si128(high, _mm_srli_epi16(value, 8));
        _mm_storel_epi64((__m128i *)(bytes + index / 2), _mm_packus_epi16(both, both));
    }
#endif
    for (; index + 2 <= count; index += 2) {
        uint8_t value = 0;
        for (size_t at = index; at < index + 2; at++) {
            const uint8_t byte = text[at];
            if (byte >= '0' && byte <= '9') value = (uint8_t)(value << 4 | (byte - '0'));
            else if (byte >= 'a' && byte <= 'f') value = (uint8_t)(value << 4 | (byte - 'a' + 10));
            else return false;
        }
        bytes[index / 2] = value;
    }
    return index == count;
}

// Whether a byte belongs to a word: a letter, a digit, or part of a character beyond ASCII.
static inline bool ckernels_is_word(uint8_t byte) {
    const uint8_t letter = byte | 0x20;
    return (letter >= 'a' && letter <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80;
}

// Where the word that text[index, count) begins with ends; it says whether a digit is in it.
static inline size_t ckernels_word_stop(const uint8_t *text, size_t index, size_t count, bool *has_digit) {
    bool digit = false;
    for (; index < count && ckernels_is_word(text[index]); index++) digit |= text[index] <= '9';
    *has_digit = digit;
    return index;
}

// Where the next word in text[index, count) begins; count where there is none.
static inline size_t ckernels_word_start(const uint8_t *text, size_t index, size_t count) {
    while (index < count && !ckernels_is_word(text[index])) index++;
    return index;
}
