#pragma once
// The reader of systemd's journal, loaded at first use: a process that reads no journal does not pay for it.
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-journal.h>

/// Loads the library. From any thread; the work is done once.
///
/// - Returns: NULL, or why it cannot be loaded.
const char *csystemd_load(void);

// After a successful `csystemd_load`: the functions of libsystemd, which answer negative errno values.
/// - Parameter directory: NULL for the journal of this machine.
int csystemd_open(sd_journal **journal, const char *directory);
void csystemd_close(sd_journal *journal);
int csystemd_match(sd_journal *journal, const void *match, size_t length);
int csystemd_seek_cursor(sd_journal *journal, const char *cursor);
/// - Parameter microseconds: since 1970.
int csystemd_seek_time(sd_journal *journal, uint64_t microseconds);
int csystemd_next(sd_journal *journal);
int csystemd_is_at(sd_journal *journal, const char *cursor);
/// - Parameter cursor: to be freed by the caller.
int csystemd_cursor(sd_journal *journal, char **cursor);
int csystemd_microseconds(sd_journal *journal, uint64_t *microseconds);
int csystemd_set_field_limit(sd_journal *journal, size_t bytes);
void csystemd_restart_fields(sd_journal *journal);
int csystemd_field(sd_journal *journal, const void **data, size_t *length);
int csystemd_wait(sd_journal *journal, uint64_t microseconds);
