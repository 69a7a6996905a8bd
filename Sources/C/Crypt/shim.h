#pragma once
// libxcrypt, which glibc's own build no longer carries: hashes of passwords in their usual text forms.
#include <crypt.h>
