#pragma once
// Linux calls that Swift's Glibc module does not carry, because it is built without _GNU_SOURCE. This header must not
// define it either: the system's types would differ between the two modules.
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/uio.h>

int clinux_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
const void *clinux_memmem(const void *haystack, size_t haystack_length, const void *needle, size_t needle_length);

/// Gives the calling thread a name, cut to the kernel's 15 bytes.
void clinux_name_this_thread(const char *name);

/// Nice 10 and the lowest best-effort class of input and output, for the calling thread alone.
void clinux_lower_priority_of_this_thread(void);

/// Gives this thread another niceness than its process has.
void clinux_lower_share_of_this_thread(int niceness);

/// Asks for turns of this length on the processor, which come the sooner the shorter they are. Kernels before 6.12 take no
/// notice.
void clinux_shorten_turns_of_this_thread(unsigned long long nanoseconds);

/// fallocate(2), which Glibc's module lacks.
int clinux_fallocate(int fd, int mode, long long offset, long long length);
