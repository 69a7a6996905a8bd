#include "ccurl.h"

#include <dlfcn.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *failure;

static void load(void) {
    if (!dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL)) failure = dlerror();
}

const char *ccurl_load(void) {
    pthread_once(&once, load);
    return failure;
}
