#pragma once
// The shortest decimal digits of a double, which C++ has and neither C nor Swift can write into memory of the caller.
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// The most characters that `cdecimal_fixed` writes.
#define CDECIMAL_FIXED_MAX 40

// Writes the shortest digits that read back as the same value, without an exponent, and returns how many characters
// that took. For finite values of a magnitude in 1e-7...2^53, and zero.
size_t cdecimal_fixed(double value, char *output);

#ifdef __cplusplus
}
#endif
