#pragma once
// RE2 behind a C surface: compile, match, captures. Patterns and texts are byte ranges, never C strings.
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

/// Compiles a pattern. On failure the result still has to be freed, and cre2_error tells why.
cre2_pattern *cre2_compile(const char *pattern, size_t length, size_t memory_bytes_max);
void cre2_free(cre2_pattern *pattern);
/// Null where the pattern is valid.
const char *cre2_error(const cre2_pattern *pattern);
int cre2_group_count(const cre2_pattern *pattern);

#ifdef __cplusplus
}
#endif
