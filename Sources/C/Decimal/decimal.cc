#include "cdecimal.h"

#include <charconv>
#include <cmath>
#include <cstring>

namespace {
// Up to here the digits of a number with six decimals are at most fifteen; with three decimals up to the second bound.
constexpr double six_decimals_below = 1e9, three_decimals_below = 1e12;

// Fifteen digits tell doubles apart, so a number of so many that reads back as the same value is the shortest one; and
// dividing whole numbers rounds as reading does.
size_t few_decimals(double magnitude, char *output) {
    const bool six = magnitude < six_decimals_below;
    const double scale = six ? 1e6 : 1e3;
    const auto whole = static_cast<uint64_t>(magnitude * scale + 0.5);
    if (static_cast<double>(whole) / scale != magnitude)
        return 0;
    const uint64_t millionths = six ? whole % 1000000 : whole % 1000 * 1000;
    char *at = output + cdecimal_whole(six ? whole / 1000000 : whole / 1000, output);
    if (millionths != 0) {
        char digits[8];
        std::to_chars(digits, digits + sizeof digits, millionths + 1000000);
        digits[0] = '.';
        size_t count = 7;
        while (digits[count - 1] == '0')
            count--;
        std::memcpy(at, digits, count);
        at += count;
    }
    return static_cast<size_t>(at - output);
}
} // namespace

size_t cdecimal_fixed(double value, char *output) {
    const size_t sign = std::signbit(value) ? 1 : 0;
    const double magnitude = std::fabs(value);
    if (magnitude < three_decimals_below) {
        const size_t count = few_decimals(magnitude, output + sign);
        if (count > 0) {
            if (sign)
                output[0] = '-';
            return sign + count;
        }
    }
    const auto result = std::to_chars(output, output + CDECIMAL_FIXED_MAX, value, std::chars_format::fixed);
    return static_cast<size_t>(result.ptr - output);
}

size_t cdecimal_whole(uint64_t number, char *output) {
    return static_cast<size_t>(std::to_chars(output, output + CDECIMAL_WHOLE_MAX, number).ptr - output);
}
