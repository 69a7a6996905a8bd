#include "crevision.h"

const char *crevision(void) { return OBS_REVISION; }
