#pragma once
// The files of the pages, as they lie in Sources/Web/Assets, within the program.
#include <stddef.h>
#include <stdint.h>

struct casset {
    /// Its path below the folder.
    const char *name;
    const uint8_t *bytes;
    size_t count;
};

/// All files. What set-up takes from packages is absent where set-up did not run.
const struct casset *cassets(size_t *count);
