#include "cpostgres.h"
#include "loadable.h"

#include <stddef.h>

#define FUNCTIONS(X)                                                                                              \
    X(PQconnectStartParams) X(PQconnectPoll) X(PQfinish) X(PQstatus) X(PQerrorMessage) X(PQsocket)                 \
    X(PQserverVersion) X(PQsetnonblocking) X(PQsendQueryParams) X(PQflush) X(PQconsumeInput) X(PQisBusy)           \
    X(PQgetResult) X(PQclear) X(PQresultStatus) X(PQresultErrorMessage) X(PQresultErrorField) X(PQntuples) X(PQnfields) X(PQfname)       \
    X(PQgetisnull) X(PQgetvalue) X(PQgetlength) X(PQcmdTuples)

LOADABLE_LIBRARY("libpq.so.5", FUNCTIONS)

const char *cpostgres_load(void) { return load_api(); }

PGconn *cpostgres_start(const char *const *keywords, const char *const *values) {
    return api.PQconnectStartParams(keywords, values, 0);
}
PostgresPollingStatusType cpostgres_poll(PGconn *connection) { return api.PQconnectPoll(connection); }
void cpostgres_finish(PGconn *connection) { api.PQfinish(connection); }
int cpostgres_is_good(const PGconn *connection) { return api.PQstatus(connection) != CONNECTION_BAD; }
const char *cpostgres_reason(const PGconn *connection) { return api.PQerrorMessage(connection); }
int cpostgres_socket(const PGconn *connection) { return api.PQsocket(connection); }
int cpostgres_version(const PGconn *connection) { return api.PQserverVersion(connection); }
int cpostgres_set_nonblocking(PGconn *connection) { return api.PQsetnonblocking(connection, 1); }
int cpostgres_send(PGconn *connection, const char *statement, int count, const char *const *values) {
    return api.PQsendQueryParams(connection, statement, count, NULL, values, NULL, NULL, 0);
}
int cpostgres_flush(PGconn *connection) { return api.PQflush(connection); }
int cpostgres_consume(PGconn *connection) { return api.PQconsumeInput(connection); }
int cpostgres_is_busy(PGconn *connection) { return api.PQisBusy(connection); }
PGresult *cpostgres_result(PGconn *connection) { return api.PQgetResult(connection); }
void cpostgres_clear(PGresult *result) { api.PQclear(result); }
ExecStatusType cpostgres_status(const PGresult *result) { return api.PQresultStatus(result); }
const char *cpostgres_failure(const PGresult *result) { return api.PQresultErrorMessage(result); }
const char *cpostgres_failure_code(const PGresult *result) {
    return api.PQresultErrorField(result, PG_DIAG_SQLSTATE);
}
int cpostgres_rows(const PGresult *result) { return api.PQntuples(result); }
int cpostgres_columns(const PGresult *result) { return api.PQnfields(result); }
const char *cpostgres_name(const PGresult *result, int column) { return api.PQfname(result, column); }
int cpostgres_is_null(const PGresult *result, int row, int column) { return api.PQgetisnull(result, row, column); }
const char *cpostgres_value(const PGresult *result, int row, int column) {
    return api.PQgetvalue(result, row, column);
}
int cpostgres_length(const PGresult *result, int row, int column) { return api.PQgetlength(result, row, column); }
const char *cpostgres_affected(PGresult *result) { return api.PQcmdTuples(result); }
