#pragma once
// libcurl, loaded at first use: its thirty shared libraries cost 15 MB that a process without outgoing requests
// does not pay. The header gives types only; no symbol of libcurl is linked. Variadic functions are wrapped, one
// function for each type of argument.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

/// Loads libcurl once; null on success, otherwise what the loader said. Everything below may be called only then.
const char *ccurl_load(void);

void *ccurl_easy_new(void);
void ccurl_easy_free(void *easy);
void ccurl_easy_reset(void *easy);
const char *ccurl_easy_reason(CURLcode code);
/// Carries out one transfer on the calling thread.
CURLcode ccurl_easy_perform(void *easy);

typedef size_t (*ccurl_bytes_function)(char *bytes, size_t size, size_t count, void *context);

CURLcode ccurl_set_long(void *easy, CURLoption option, long value);
CURLcode ccurl_set_large(void *easy, CURLoption option, int64_t value);
CURLcode ccurl_set_text(void *easy, CURLoption option, const char *text);
/// The bytes are copied.
CURLcode ccurl_set_blob(void *easy, CURLoption option, const void *bytes, size_t count);
CURLcode ccurl_set_pointer(void *easy, CURLoption option, const void *pointer);
CURLcode ccurl_set_bytes_function(void *easy, CURLoption option, ccurl_bytes_function function);

long ccurl_get_long(void *easy, CURLINFO info);
int64_t ccurl_get_large(void *easy, CURLINFO info);
/// May be null; lives as long as the handle.
const char *ccurl_get_text(void *easy, CURLINFO info);
void *ccurl_get_context(void *easy);

/// Null where memory is short; the old list then stays.
struct curl_slist *ccurl_list_append(struct curl_slist *list, const char *text);
void ccurl_list_free(struct curl_slist *list);

typedef int (*ccurl_socket_function)(void *easy, int socket, int what, void *context, void *socket_context);
typedef int (*ccurl_timer_function)(void *multi, long timeout_ms, void *context);

void *ccurl_multi_new(
    ccurl_socket_function on_socket, ccurl_timer_function on_timer, void *context, long connections_kept_max);
void ccurl_multi_free(void *multi);
CURLMcode ccurl_multi_add(void *multi, void *easy);
CURLMcode ccurl_multi_remove(void *multi, void *easy);
/// Returns the number of transfers under way, or a negative number on failure.
int ccurl_multi_act(void *multi, int socket, int events);
/// The next finished transfer and how it ended; null where there is none.
void *ccurl_multi_finished(void *multi, CURLcode *code);
