#pragma once
// OpenSSL's macros do not come over to Swift: each that is needed has an inline function here.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/core_names.h>
#include <openssl/x509v3.h>
#include <string.h>

static inline int cssl_set_versions(SSL_CTX *context, int least, int most) {
    return SSL_CTX_set_min_proto_version(context, least) == 1 && SSL_CTX_set_max_proto_version(context, most) == 1;
}
static inline void cssl_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}
static inline void cssl_set_server_options(SSL_CTX *context, int prefers_own_order) {
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    if (prefers_own_order) SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
}
static inline void cssl_keep_no_sessions(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
static inline void cssl_set_read_ahead(SSL_CTX *context) { SSL_CTX_set_read_ahead(context, 1); }
static inline int cssl_set_groups(SSL_CTX *context, const char *groups) {
    return (int)SSL_CTX_set1_groups_list(context, groups);
}
static inline void cssl_set_name_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
}
static inline const char *cssl_cipher_name(const SSL *session) { return SSL_get_cipher_name(session); }
static inline int cssl_start_ticket_mac(EVP_MAC_CTX *mac, unsigned char *key, size_t length) {
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, length),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters);
}
// Whether a subject alternative name of the certificate is exactly this URI.
static inline int cssl_has_uri(X509 *certificate, const char *uri) {
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    size_t length = strlen(uri);
    int found = 0;
    for (int place = 0; place < sk_GENERAL_NAME_num(names) && !found; place++) {
        GENERAL_NAME *name = sk_GENERAL_NAME_value(names, place);
        if (name->type != GEN_URI) continue;
        const ASN1_STRING *text = name->d.uniformResourceIdentifier;
        found = ASN1_STRING_length(text) == (int)length && memcmp(ASN1_STRING_get0_data(text), uri, length) == 0;
    }
    GENERAL_NAMES_free(names);
    return found;
}
// Has the handshake ask for a certificate of this host, and its result tell whether it came.
static inline int cssl_expect_host(SSL *session, const char *host, int is_name) {
    if (!is_name) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host);
    return SSL_set_tlsext_host_name(session, host) == 1 && SSL_set1_host(session, host) == 1;
}
static inline int cssl_chain_count(const SSL *session) { return sk_X509_num(SSL_get_peer_cert_chain(session)); }
static inline X509 *cssl_chain_certificate(const SSL *session, int place) {
    return sk_X509_value(SSL_get_peer_cert_chain(session), place);
}
static inline const char *cssl_verify_reason(const SSL *session) {
    long result = SSL_get_verify_result(session);
    return result == X509_V_OK ? NULL : X509_verify_cert_error_string(result);
}
