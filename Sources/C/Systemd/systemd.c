#include "csystemd.h"
#include "loadable.h"

#define FUNCTIONS(X)                                                                                              \
    X(sd_journal_open) X(sd_journal_open_directory) X(sd_journal_close) X(sd_journal_add_match)                    \
    X(sd_journal_seek_cursor) X(sd_journal_seek_realtime_usec) X(sd_journal_next)                                   \
    X(sd_journal_test_cursor) X(sd_journal_get_cursor) X(sd_journal_get_realtime_usec)      \
    X(sd_journal_set_data_threshold) X(sd_journal_restart_data) X(sd_journal_enumerate_data) X(sd_journal_wait)

LOADABLE_LIBRARY("libsystemd.so.0", FUNCTIONS)

const char *csystemd_load(void) { return load_api(); }

int csystemd_open(sd_journal **journal, const char *directory) {
    return directory ? api.sd_journal_open_directory(journal, directory, 0)
                     : api.sd_journal_open(journal, SD_JOURNAL_LOCAL_ONLY);
}
void csystemd_close(sd_journal *journal) { api.sd_journal_close(journal); }
int csystemd_match(sd_journal *journal, const void *match, size_t length) {
    return api.sd_journal_add_match(journal, match, length);
}
int csystemd_seek_cursor(sd_journal *journal, const char *cursor) {
    return api.sd_journal_seek_cursor(journal, cursor);
}
int csystemd_seek_time(sd_journal *journal, uint64_t microseconds) {
    return api.sd_journal_seek_realtime_usec(journal, microseconds);
}
int csystemd_next(sd_journal *journal) { return api.sd_journal_next(journal); }
int csystemd_is_at(sd_journal *journal, const char *cursor) { return api.sd_journal_test_cursor(journal, cursor); }
int csystemd_cursor(sd_journal *journal, char **cursor) { return api.sd_journal_get_cursor(journal, cursor); }
int csystemd_microseconds(sd_journal *journal, uint64_t *microseconds) {
    return api.sd_journal_get_realtime_usec(journal, microseconds);
}
int csystemd_set_field_limit(sd_journal *journal, size_t bytes) {
    return api.sd_journal_set_data_threshold(journal, bytes);
}
void csystemd_restart_fields(sd_journal *journal) { api.sd_journal_restart_data(journal); }
int csystemd_field(sd_journal *journal, const void **data, size_t *length) {
    return api.sd_journal_enumerate_data(journal, data, length);
}
int csystemd_wait(sd_journal *journal, uint64_t microseconds) { return api.sd_journal_wait(journal, microseconds); }
