/* SPDX-License-Identifier: MIT */
/*
 * Input: two bytes for difficulty and rounds, then nonces, token, challenge and User-Agent, a line
 * each. The nonces are tried with a genuine token too, since nobody guesses one.
 */
#include "encode.h"
#include "fuzz.h"
#include "pow.h"

static const struct pow_keys keys = {
    .current = {.bytes = {"0123456789abcdef0123456789abcdef", 32}, .id = 7},
    .previous = {.bytes = {"fedcba9876543210fedcba9876543210", 32}, .id = 7},
};

/* What POW_OK promises, said in another way than pow.c says it. */
static void check_solution(const struct pow_challenge *challenge, struct str nonces)
{
    struct str seen[8];

    for (int i = 0; i < challenge->rounds; i++) {
        struct str nonce = str_cut(&nonces, ',');
        FUZZ_CHECK(nonce.len >= 1 && nonce.len <= POW_NONCE_MAX_DIGITS);
        for (size_t at = 0; at < nonce.len; at++)
            FUZZ_CHECK(nonce.ptr[at] >= '0' && nonce.ptr[at] <= '9');
        for (int j = 0; j < i; j++)
            FUZZ_CHECK(!str_equal(seen[j], nonce));
        FUZZ_CHECK(pow_solves(challenge->challenge, nonce, challenge->difficulty));
        seen[i] = nonce;
    }
    FUZZ_CHECK(nonces.len == 0);
}

static void try_genuine(struct arena *arena, struct pow_challenge asked, struct str nonces,
                        const struct pow_client *client)
{
    struct str bytes = {.ptr = (const char *)asked.challenge, .len = POW_CHALLENGE_LEN};
    struct pow_proof proof = {.challenge = encode_base64(arena, bytes, BASE64_STANDARD),
                              .token = pow_token(arena, &keys.previous, &asked, client),
                              .nonces = nonces};
    struct pow_challenge read;
    enum pow_verdict verdict = pow_check(arena, &keys, &proof, client, 0, &read);

    FUZZ_CHECK(verdict != POW_FORGED && verdict != POW_LATE);
    if (verdict != POW_OK)
        return;
    FUZZ_CHECK(read.difficulty == asked.difficulty && read.rounds == asked.rounds);
    check_solution(&asked, nonces);
}

void fuzz_proof(struct arena *arena, struct str input)
{
    struct pow_challenge asked = {.difficulty = (int)(fuzz_byte(&input) % 4),
                                  .rounds = 1 + (int)(fuzz_byte(&input) % 8),
                                  .expires_ms = 1000,
                                  .challenge = "sixteen bytes..."};
    struct str nonces = fuzz_line(&input);
    struct pow_proof proof = {.nonces = nonces, .token = fuzz_line(&input)};
    struct pow_client client = {.network = {.bits = 32, .bytes = {192, 0, 2, 1}}};
    struct pow_challenge read;

    proof.challenge = fuzz_line(&input);
    client.user_agent = input;
    FUZZ_CHECK(pow_check(arena, &keys, &proof, &client, 0, &read) != POW_OK);
    try_genuine(arena, asked, nonces, &client);
}
