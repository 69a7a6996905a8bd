#pragma once
// The commit that the program was built from; a script that builds for use names it in OBS_REVISION.

const char *_Nonnull crevision(void);
