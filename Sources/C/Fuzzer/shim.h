#pragma once
#include <stddef.h>
#include <stdint.h>

// The entry of libFuzzer for programs with a main of their own; linked by scripts/fuzz only.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *bytes, size_t count));
