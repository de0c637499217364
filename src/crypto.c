/* SPDX-License-Identifier: MIT */
#include "crypto.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdlib.h>

void crypto_sha256(struct str data, unsigned char digest[SHA256_LEN])
{
    if (SHA256((const unsigned char *)data.ptr, data.len, digest) == NULL)
        abort();
}

void crypto_hmac(struct str key, struct str data, unsigned char mac[SHA256_LEN])
{
    unsigned len = SHA256_LEN;

    if (key.len > INT_MAX || HMAC(EVP_sha256(), key.ptr, (int)key.len,
                                  (const unsigned char *)data.ptr, data.len, mac, &len) == NULL)
        abort();
}

void crypto_random(void *out, size_t len)
{
    if (len > INT_MAX || RAND_bytes(out, (int)len) != 1)
        abort();
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
