#pragma once
// Instructions that Swift cannot name: loops over x86 intrinsics, each beyond the baseline guarded by its `_available`.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether this processor has what `ckernels_crc32c` uses (SSE4.2 and PCLMULQDQ).
bool ckernels_crc32c_available(void);

// Continues the raw (not inverted) CRC32C state `crc` over `count` bytes.
uint32_t ckernels_crc32c(uint32_t crc, const void *bytes, size_t count);
