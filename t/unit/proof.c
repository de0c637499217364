/* SPDX-License-Identifier: MIT */
#include "proof.h"

#include "buf.h"

#include <string.h>

int proof_zero_bits(const unsigned char challenge[POW_CHALLENGE_LEN], struct str nonce)
{
    unsigned char digest[SHA256_LEN];
    char block[64];
    int bits = 0;

    memcpy(block, challenge, POW_CHALLENGE_LEN);
    memcpy(block + POW_CHALLENGE_LEN, nonce.ptr, nonce.len);
    crypto_sha256((struct str){.ptr = block, .len = POW_CHALLENGE_LEN + nonce.len}, digest);
    while (bits < 8 * SHA256_LEN && (digest[bits / 8] >> (7 - bits % 8) & 1) == 0)
        bits++;
    return bits;
}

struct str proof_solve(struct arena *arena, const struct pow_challenge *challenge, unsigned from)
{
    struct buf nonces;
    int found = 0;

    buf_init(&nonces, arena, 256);
    for (unsigned n = from; found < challenge->rounds; n++) {
        struct str nonce = arena_format(arena, "%u", n);
        if (proof_zero_bits(challenge->challenge, nonce) < challenge->difficulty)
            continue;
        buf_addf(&nonces, "%s%s", found++ > 0 ? "," : "", nonce.ptr);
    }
    buf_add_char(&nonces, '\0');
    return (struct str){.ptr = nonces.ptr, .len = nonces.len - 1};
}
