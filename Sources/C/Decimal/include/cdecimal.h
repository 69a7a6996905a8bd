#pragma once
// Decimal digits of numbers, written into memory of the caller: the shortest ones of a double, which C++ has and neither C
// nor Swift can write so, and whole numbers.
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The most characters that `cdecimal_fixed` writes.
#define CDECIMAL_FIXED_MAX 40
// The most characters that `cdecimal_whole` writes.
#define CDECIMAL_WHOLE_MAX 20

// Writes the shortest digits that read back as the same value, without an exponent, and returns how many characters
// that took. For finite values of a magnitude in 1e-7...2^53, and zero.
size_t cdecimal_fixed(double value, char *output);

// Writes the digits of a whole number and returns how many that took.
size_t cdecimal_whole(uint64_t number, char *output);

#ifdef __cplusplus
}
#endif
