#include "ckernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

bool ckernels_crc32c_available(void) {
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

#define HARDWARE __attribute__((target("sse4.2,pclmul")))

static inline uint64_t word(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

// The crc that `crc` becomes after the zero bytes for which `factor` is x^(8 * bytes - 33) mod P: the product of two
// reflected 32-bit polynomials is one bit short of 64, and the instruction multiplies by x^32, together x^33.
HARDWARE static inline uint32_t shifted(uint32_t crc, uint32_t factor) {
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)crc), _mm_cvtsi32_si128((int)factor), 0);
    return (uint32_t)_mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

// One instruction takes eight bytes and three cycles, and one can start each cycle: three neighbouring blocks are
// summed side by side and joined by shifting the first two over what follows them.
HARDWARE static inline uint32_t triple(
    uint32_t crc, const uint8_t *at, size_t block, uint32_t over_two, uint32_t over_one
) {
    uint64_t first = crc, second = 0, third = 0;
    for (size_t i = 0; i < block; i += 8) {
        first = _mm_crc32_u64(first, word(at + i));
        second = _mm_crc32_u64(second, word(at + block + i));
        third = _mm_crc32_u64(third, word(at + 2 * block + i));
    }
    return shifted((uint32_t)first, over_two) ^ shifted((uint32_t)second, over_one) ^ (uint32_t)third;
}

HARDWARE uint32_t ckernels_crc32c(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *at = bytes;
    for (; count >= 3 * 1024; at += 3 * 1024, count -= 3 * 1024) crc = triple(crc, at, 1024, 0xa51b6135, 0x170076fa);
    for (; count >= 3 * 128; at += 3 * 128, count -= 3 * 128) crc = triple(crc, at, 128, 0xb9e02b86, 0x0d3b6092);
    uint64_t wide = crc;
    for (; count >= 8; at += 8, count -= 8) wide = _mm_crc32_u64(wide, word(at));
    crc = (uint32_t)wide;
    for (; count > 0; at += 1, count -= 1) crc = _mm_crc32_u8(crc, *at);
    return crc;
}
#else
bool ckernels_crc32c_available(void) { return false; }
uint32_t ckernels_crc32c(uint32_t crc, const void *bytes, size_t count) { return crc; }
#endif
