#pragma once
// RE2 behind a C surface: compile, match, captures. Patterns and texts are byte ranges, never C strings.
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

/// Compiles a pattern. On failure the result still has to be freed, and cre2_error tells why.
/// With dot_matches_newline the pattern is read as if it stood in (?s:...).
cre2_pattern *cre2_compile(const char *pattern, size_t length, size_t memory_bytes_max, bool dot_matches_newline);
void cre2_free(cre2_pattern *pattern);
/// Null where the pattern is valid.
const char *cre2_error(const cre2_pattern *pattern);
int cre2_group_count(const cre2_pattern *pattern);
/// The name of a group counted from 1, null where it has none.
const char *cre2_group_name(const cre2_pattern *pattern, int group);

/// Looks for the leftmost match in text[start, length); anchored: the match has to be all of it.
/// Writes begin and end of the match and of its groups into spans, -1 for a group that took no part.
bool cre2_match(
    const cre2_pattern *pattern, const char *text, size_t start, size_t length, bool anchored, ptrdiff_t *spans,
    int span_count);

#ifdef __cplusplus
}
#endif
