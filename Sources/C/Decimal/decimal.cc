#include "cdecimal.h"

#include <charconv>

size_t cdecimal_fixed(double value, char *output) {
    const auto result = std::to_chars(output, output + CDECIMAL_FIXED_MAX, value, std::chars_format::fixed);
    return static_cast<size_t>(result.ptr - output);
}
