#pragma once
// A library that is loaded at first use, so that a process that does without it does not pay for it, and the program
// runs where it is not installed.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#define LOADABLE_MEMBER(name) __typeof__(name) *name;

#define LOADABLE_RESOLVE(name)                                                                                     \
    if (!(api.name = (__typeof__(name) *)dlsym(library, #name))) {                                                 \
        snprintf(load_failure, sizeof load_failure, "%s lacks " #name, load_file);                                 \
        return;                                                                                                    \
    }

/// Declares `api`, which has a pointer to each function of FUNCTIONS (an X macro), and `load_api`, which fills it: from
/// any thread, the work is done once; it returns NULL, or why the library FILE cannot be loaded.
#define LOADABLE_LIBRARY(FILE, FUNCTIONS)                                                                          \
    static struct {                                                                                                \
        FUNCTIONS(LOADABLE_MEMBER)                                                                                 \
    } api;                                                                                                         \
    static const char *const load_file = FILE;                                                                     \
    static char load_failure[256];                                                                                 \
    static pthread_once_t load_once = PTHREAD_ONCE_INIT;                                                           \
    static void load_functions(void) {                                                                             \
        void *library = dlopen(load_file, RTLD_NOW | RTLD_LOCAL);                                                  \
        if (!library) {                                                                                            \
            snprintf(load_failure, sizeof load_failure, "%s", dlerror());                                          \
            return;                                                                                                \
        }                                                                                                          \
        FUNCTIONS(LOADABLE_RESOLVE)                                                                                \
    }                                                                                                              \
    static const char *load_api(void) {                                                                            \
        pthread_once(&load_once, load_functions);                                                                  \
        return load_failure[0] ? load_failure : NULL;                                                              \
    }
