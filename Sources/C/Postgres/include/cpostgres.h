#pragma once
// libpq, loaded at first use: a process that asks no PostgreSQL does not pay for it.
#include <postgresql/libpq-fe.h>

/// Loads the library. From any thread; the work is done once.
///
/// - Returns: NULL, or why it cannot be loaded.
const char *cpostgres_load(void);

// After a successful `cpostgres_load`: the functions of libpq by the same names.
PGconn *cpostgres_start(const char *const *keywords, const char *const *values);
PostgresPollingStatusType cpostgres_poll(PGconn *connection);
void cpostgres_finish(PGconn *connection);
int cpostgres_is_good(const PGconn *connection);
const char *cpostgres_reason(const PGconn *connection);
int cpostgres_socket(const PGconn *connection);
int cpostgres_version(const PGconn *connection);
int cpostgres_set_nonblocking(PGconn *connection);
int cpostgres_send(
    PGconn *connection, const char *statement, int count, const char *const *values);
int cpostgres_flush(PGconn *connection);
int cpostgres_consume(PGconn *connection);
int cpostgres_is_busy(PGconn *connection);
PGresult *cpostgres_result(PGconn *connection);
void cpostgres_clear(PGresult *result);
ExecStatusType cpostgres_status(const PGresult *result);
const char *cpostgres_failure(const PGresult *result);
/// The SQLSTATE, or NULL.
const char *cpostgres_failure_code(const PGresult *result);
int cpostgres_rows(const PGresult *result);
int cpostgres_columns(const PGresult *result);
const char *cpostgres_name(const PGresult *result, int column);
int cpostgres_is_null(const PGresult *result, int row, int column);
const char *cpostgres_value(const PGresult *result, int row, int column);
int cpostgres_length(const PGresult *result, int row, int column);
const char *cpostgres_affected(PGresult *result);
