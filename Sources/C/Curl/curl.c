#include "ccurl.h"
#include "loadable.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define FUNCTIONS(X)                                                                                              \
    X(curl_global_init)                                                                                           \
    X(curl_easy_init) X(curl_easy_cleanup) X(curl_easy_reset) X(curl_easy_strerror) X(curl_easy_setopt)            \
    X(curl_easy_perform) X(curl_easy_getinfo) X(curl_slist_append) X(curl_slist_free_all)                                        \
    X(curl_multi_init) X(curl_multi_cleanup) X(curl_multi_setopt) X(curl_multi_add_handle)                         \
    X(curl_multi_remove_handle) X(curl_multi_socket_action) X(curl_multi_info_read)

LOADABLE_LIBRARY("libcurl.so.4", FUNCTIONS)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *failure;

static void start(void) {
    failure = load_api();
    if (!failure && api.curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) failure = "libcurl could not initialise itself";
}

const char *ccurl_load(void) {
    pthread_once(&once, start);
    return failure;
}

void *ccurl_easy_new(void) { return api.curl_easy_init(); }
void ccurl_easy_free(void *easy) { api.curl_easy_cleanup(easy); }
void ccurl_easy_reset(void *easy) { api.curl_easy_reset(easy); }
const char *ccurl_easy_reason(CURLcode code) { return api.curl_easy_strerror(code); }
CURLcode ccurl_easy_perform(void *easy) { return api.curl_easy_perform(easy); }

CURLcode ccurl_set_long(void *easy, CURLoption option, long value) {
    return api.curl_easy_setopt(easy, option, value);
}

CURLcode ccurl_set_large(void *easy, CURLoption option, int64_t value) {
    return api.curl_easy_setopt(easy, option, (curl_off_t)value);
}

CURLcode ccurl_set_text(void *easy, CURLoption option, const char *text) {
    return api.curl_easy_setopt(easy, option, text);
}

CURLcode ccurl_set_blob(void *easy, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return api.curl_easy_setopt(easy, option, &blob);
}

CURLcode ccurl_set_pointer(void *easy, CURLoption option, const void *pointer) {
    return api.curl_easy_setopt(easy, option, pointer);
}

CURLcode ccurl_set_bytes_function(void *easy, CURLoption option, ccurl_bytes_function function) {
    return api.curl_easy_setopt(easy, option, function);
}

long ccurl_get_long(void *easy, CURLINFO info) {
    long value = 0;
    api.curl_easy_getinfo(easy, info, &value);
    return value;
}

int64_t ccurl_get_large(void *easy, CURLINFO info) {
    curl_off_t value = 0;
    api.curl_easy_getinfo(easy, info, &value);
    return value;
}

const char *ccurl_get_text(void *easy, CURLINFO info) {
    char *text = NULL;
    api.curl_easy_getinfo(easy, info, &text);
    return text;
}

void *ccurl_get_context(void *easy) {
    void *context = NULL;
    api.curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
    return context;
}

struct curl_slist *ccurl_list_append(struct curl_slist *list, const char *text) {
    return api.curl_slist_append(list, text);
}

void ccurl_list_free(struct curl_slist *list) { api.curl_slist_free_all(list); }

void *ccurl_multi_new(
    ccurl_socket_function on_socket, ccurl_timer_function on_timer, void *context, long connections_kept_max) {
    CURLM *multi = api.curl_multi_init();
    if (!multi) return NULL;
    api.curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    api.curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    api.curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    api.curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    api.curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections_kept_max);
    return multi;
}

void ccurl_multi_free(void *multi) { api.curl_multi_cleanup(multi); }
CURLMcode ccurl_multi_add(void *multi, void *easy) { return api.curl_multi_add_handle(multi, easy); }
CURLMcode ccurl_multi_remove(void *multi, void *easy) { return api.curl_multi_remove_handle(multi, easy); }

int ccurl_multi_act(void *multi, int socket, int events) {
    int running = 0;
    return api.curl_multi_socket_action(multi, socket, events, &running) == CURLM_OK ? running : -1;
}

void *ccurl_multi_finished(void *multi, CURLcode *code) {
    int left = 0;
    CURLMsg *message;
    while ((message = api.curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *code = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}
