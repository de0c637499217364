/* SPDX-License-Identifier: MIT */
#include "pow.h"

#include "buf.h"
#include "encode.h"

#include <string.h>

#define TOKEN_VERSION 1
#define FIELDS_LEN (1 + 1 + 1 + 1 + 8 + POW_CHALLENGE_LEN)
#define TOKEN_LEN (FIELDS_LEN + SHA256_LEN)

void pow_draw(struct pow_challenge *challenge)
{
    crypto_random(challenge->challenge, sizeof(challenge->challenge));
}

static void put_big_endian(unsigned char *out, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--, value >>= 8)
        out[i] = (unsigned char)value;
}

static uint64_t get_big_endian(const unsigned char *in, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value = value << 8 | in[i];
    return value;
}

static void put_fields(unsigned char out[FIELDS_LEN], unsigned char key_id,
                       const struct pow_challenge *challenge)
{
    out[0] = TOKEN_VERSION;
    out[1] = key_id;
    out[2] = (unsigned char)challenge->difficulty;
    out[3] = (unsigned char)challenge->rounds;
    put_big_endian(out + 4, (uint64_t)challenge->expires_ms, 8);
    memcpy(out + 12, challenge->challenge, POW_CHALLENGE_LEN);
}

static void get_fields(const unsigned char in[FIELDS_LEN], struct pow_challenge *challenge)
{
    challenge->difficulty = in[2];
    challenge->rounds = in[3];
    challenge->expires_ms = (int64_t)get_big_endian(in + 4, 8);
    memcpy(challenge->challenge, in + 12, POW_CHALLENGE_LEN);
}

static void add_field(struct buf *buf, const void *bytes, size_t len)
{
    unsigned char prefix[4];

    put_big_endian(prefix, len, 4);
    buf_add(buf, (struct str){.ptr = (const char *)prefix, .len = 4});
    buf_add(buf, (struct str){.ptr = bytes, .len = len});
}

static void sign(struct arena *arena, struct str key, const unsigned char fields[FIELDS_LEN],
                 const struct pow_client *client, unsigned char mac[SHA256_LEN])
{
    struct buf message;

    buf_init(&message, arena, 512);
    add_field(&message, "pow", 3);
    add_field(&message, fields, 1);
    add_field(&message, fields + 1, 1);
    add_field(&message, fields + 2, 1);
    add_field(&message, fields + 3, 1);
    add_field(&message, fields + 4, 8);
    add_field(&message, fields + 12, POW_CHALLENGE_LEN);
    add_field(&message, client->network.bytes, client->network.bits == 32 ? 4 : 16);
    add_field(&message, client->user_agent.ptr, client->user_agent.len);
    crypto_hmac(key, buf_str(&message), mac);
}

struct str pow_token(struct arena *arena, const struct pow_key *key,
                     const struct pow_challenge *challenge, const struct pow_client *client)
{
    unsigned char token[TOKEN_LEN];

    put_fields(token, key->id, challenge);
    sign(arena, key->bytes, token, client, token + FIELDS_LEN);
    return encode_base64(arena, (struct str){.ptr = (const char *)token, .len = TOKEN_LEN},
                         BASE64_URL);
}

static bool is_signed(struct arena *arena, const struct pow_key *key,
                      const unsigned char token[TOKEN_LEN], const struct pow_client *client)
{
    unsigned char mac[SHA256_LEN];

    if (key->bytes.len == 0 || token[1] != key->id)
        return false;
    sign(arena, key->bytes, token, client, mac);
    return crypto_equal(mac, token + FIELDS_LEN, SHA256_LEN);
}

static bool read_token(struct arena *arena, const struct pow_keys *keys, struct str text,
                       const struct pow_client *client, struct pow_challenge *challenge)
{
    unsigned char token[TOKEN_LEN];
    size_t len;

    if (text.len != BASE64_LEN(TOKEN_LEN) ||
        !decode_base64(text, BASE64_URL, token, sizeof(token), &len) || len != TOKEN_LEN)
        return false;
    if (token[0] != TOKEN_VERSION || (!is_signed(arena, &keys->current, token, client) &&
                                      !is_signed(arena, &keys->previous, token, client)))
        return false;
    get_fields(token, challenge);
    return true;
}

static bool is_nonce(struct str nonce)
{
    if (nonce.len == 0 || nonce.len > POW_NONCE_MAX_DIGITS)
        return false;
    for (size_t i = 0; i < nonce.len; i++) {
        if (nonce.ptr[i] < '0' || nonce.ptr[i] > '9')
            return false;
    }
    return true;
}

static bool begins_with_zero_bits(const unsigned char *bytes, int bits)
{
    for (; bits >= 8; bits -= 8) {
        if (*bytes++ != 0)
            return false;
    }
    return bits <= 0 || *bytes >> (8 - bits) == 0;
}

bool pow_solves(const unsigned char challenge[POW_CHALLENGE_LEN], struct str nonce, int difficulty)
{
    char block[POW_CHALLENGE_LEN + POW_NONCE_MAX_DIGITS];
    unsigned char digest[SHA256_LEN];

    if (!is_nonce(nonce) || difficulty > 8 * SHA256_LEN)
        return false;
    memcpy(block, challenge, POW_CHALLENGE_LEN);
    memcpy(block + POW_CHALLENGE_LEN, nonce.ptr, nonce.len);
    crypto_sha256((struct str){.ptr = block, .len = POW_CHALLENGE_LEN + nonce.len}, digest);
    return begins_with_zero_bits(digest, difficulty);
}

static bool among(const struct str *seen, int count, struct str nonce)
{
    for (int i = 0; i < count; i++) {
        if (str_equal(seen[i], nonce))
            return true;
    }
    return false;
}

static bool solved(struct arena *arena, const struct pow_challenge *challenge, struct str nonces)
{
    struct str *seen = arena_alloc(arena, (size_t)challenge->rounds * sizeof(*seen) + 1);

    for (int i = 0; i < challenge->rounds; i++) {
        bool last = i + 1 == challenge->rounds;
        struct str nonce = last ? nonces : str_cut(&nonces, ',');
        if (among(seen, i, nonce) ||
            !pow_solves(challenge->challenge, nonce, challenge->difficulty))
            return false;
        seen[i] = nonce;
    }
    return true;
}

static struct str challenge_text(struct arena *arena, const struct pow_challenge *challenge)
{
    struct str bytes = {.ptr = (const char *)challenge->challenge, .len = POW_CHALLENGE_LEN};

    return encode_base64(arena, bytes, BASE64_STANDARD);
}

enum pow_verdict pow_check(struct arena *arena, const struct pow_keys *keys,
                           const struct pow_proof *proof, const struct pow_client *client,
                           int64_t now_ms, struct pow_challenge *challenge)
{
    if (proof->token.len == 0 || proof->challenge.len == 0 || proof->nonces.len == 0)
        return POW_MISSING;
    if (!read_token(arena, keys, proof->token, client, challenge))
        return POW_FORGED;
    if (!str_equal(proof->challenge, challenge_text(arena, challenge)))
        return POW_FORGED;
    if (challenge->expires_ms <= now_ms)
        return POW_LATE;
    return solved(arena, challenge, proof->nonces) ? POW_OK : POW_WRONG;
}
