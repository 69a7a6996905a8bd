#pragma once
// libcurl, loaded at first use: its thirty shared libraries cost 15 MB that a process without outgoing requests
// does not pay. The header gives types only; no symbol of libcurl is linked.
#include <stdbool.h>

/// Loads libcurl once; null on success, otherwise what the loader said.
const char *ccurl_load(void);
