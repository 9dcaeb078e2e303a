// SHA-256 of OpenSSL's libcrypto, from Debian's libssl-dev. Used by Sources/Phidias only:
// Files/Checksum.swift.
#pragma once
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stddef.h>

/// A new hash; NULL if there is no memory. No configuration file is read for it.
static inline EVP_MD_CTX *phidias_sha256_new(void) {
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1)
        return hash;
    EVP_MD_CTX_free(hash);
    return NULL;
}
