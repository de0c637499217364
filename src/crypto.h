/* SPDX-License-Identifier: MIT */
/* crypto: the four primitives in use. The only user of OpenSSL. */
#ifndef CRYPTO_H
#define CRYPTO_H

#include "str.h"

#define SHA256_LEN 32

/* SHA-256 of `data` (FIPS 180-4). */
void crypto_sha256(struct str data, unsigned char digest[SHA256_LEN]);

/* HMAC-SHA256 of `data` under `key` (RFC 2104). */
void crypto_hmac(struct str key, struct str data, unsigned char mac[SHA256_LEN]);

/* Fills `out` with `len` random bytes fit for keys. A system without randomness ends the
 * process: going on would be unsafe. */
void crypto_random(void *out, size_t len);

/* Compares in a time that does not depend on where the bytes differ. */
bool crypto_equal(const void *a, const void *b, size_t len);

#endif
