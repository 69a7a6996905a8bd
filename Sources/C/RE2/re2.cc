#include "cre2.h"

#include <re2/re2.h>

#include <vector>

struct cre2_pattern {
    RE2 expression;
    cre2_pattern(re2::StringPiece pattern, const RE2::Options &options) : expression(pattern, options) {}
};

extern "C" {

cre2_pattern *cre2_compile(const char *pattern, size_t length, size_t memory_bytes_max, bool dot_matches_newline) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(static_cast<int64_t>(memory_bytes_max));
    options.set_dot_nl(dot_matches_newline);
    return new cre2_pattern(re2::StringPiece(pattern, length), options);
}

void cre2_free(cre2_pattern *pattern) { delete pattern; }

const char *cre2_error(const cre2_pattern *pattern) {
    return pattern->expression.ok() ? nullptr : pattern->expression.error().c_str();
}

int cre2_group_count(const cre2_pattern *pattern) { return pattern->expression.NumberOfCapturingGroups(); }

const char *cre2_group_name(const cre2_pattern *pattern, int group) {
    const auto &names = pattern->expression.CapturingGroupNames();
    const auto name = names.find(group);
    return name == names.end() ? nullptr : name->second.c_str();
}

bool cre2_match(
    const cre2_pattern *pattern, const char *text, size_t start, size_t length, bool anchored, ptrdiff_t *spans,
    int span_count) {
    constexpr int on_stack = 16;
    re2::StringPiece few[on_stack];
    std::vector<re2::StringPiece> many;
    re2::StringPiece *pieces = few;
    if (span_count > on_stack) {
        many.resize(span_count);
        pieces = many.data();
    }
    const re2::StringPiece whole(text, length);
    const auto anchor = anchored ? RE2::ANCHOR_BOTH : RE2::UNANCHORED;
    if (!pattern->expression.Match(whole, start, length, anchor, pieces, span_count)) return false;
    for (int i = 0; i < span_count; i++) {
        const bool took_part = pieces[i].data() != nullptr;
        spans[2 * i] = took_part ? pieces[i].data() - text : -1;
        spans[2 * i + 1] = took_part ? spans[2 * i] + static_cast<ptrdiff_t>(pieces[i].size()) : -1;
    }
    return true;
}

}
