#pragma once
// OpenSSL's macros do not come over to Swift: each that is needed has an inline function here.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
