/* SPDX-License-Identifier: MIT */
/*
 * pow: proofs of work. Issuing and checking are pure computations: nothing is stored until a
 * proof is spent, and that happens in the database.
 *
 * A challenge is 16 random bytes. A solution is `rounds` pairwise different nonces, each 1 to 39
 * decimal digits, such that SHA-256(challenge || nonce) begins with `difficulty` zero bits: each
 * is one SHA-256 block. The token is the server's own memory of what it asked, signed:
 *
 *   version (1 byte) key id (1) difficulty (1) rounds (1) expiry in ms since the epoch (8)
 *   challenge (16) HMAC-SHA256 (32) over the fields above, the client's network and its
 *   User-Agent, each field preceded by its length
 *
 * in base64url: 60 bytes, 80 characters, no spare bits, so a token has one spelling only.
 */
#ifndef POW_H
#define POW_H

#include "arena.h"
#include "crypto.h"
#include "netaddr.h"

#define POW_CHALLENGE_LEN 16
#define POW_NONCE_MAX_DIGITS 39

/* A key that signs tokens. Two keys at once let an operator rotate them; a token names its key, so
 * that even then a forged one costs one MAC. */
struct pow_key {
    struct str bytes; /* empty: there is no such key */
    unsigned char id;
};

struct pow_keys {
    struct pow_key current; /* signs */
    struct pow_key previous;
};

/* Whom a challenge is for. */
struct pow_client {
    struct netaddr network; /* the narrowest network of the client, not its address */
    struct str user_agent;
};

struct pow_challenge {
    int difficulty;     /* bits */
    int rounds;         /* at most 255 */
    int64_t expires_ms; /* since the epoch, on the database's clock */
    unsigned char challenge[POW_CHALLENGE_LEN];
};

/* What a client sends with a post. */
struct pow_proof {
    struct str challenge; /* base64 without padding */
    struct str token;
    struct str nonces; /* joined by commas */
};

enum pow_verdict {
    POW_OK,
    POW_MISSING, /* a part of the proof is absent */
    POW_FORGED,  /* not a token of ours, or for another network or agent */
    POW_LATE,    /* expired */
    POW_WRONG,   /* the nonces do not solve it */
};

/* Draws the random bytes of a challenge. */
void pow_draw(struct pow_challenge *challenge);

/* The token of `challenge` for `client`, in `arena`. */
struct str pow_token(struct arena *arena, const struct pow_key *key,
                     const struct pow_challenge *challenge, const struct pow_client *client);

/* Checks `proof` at `now_ms` (database clock): one MAC for a forged token, one hash more for a
 * wrong solution. On POW_OK `*challenge` is what was asked. */
enum pow_verdict pow_check(struct arena *arena, const struct pow_keys *keys,
                           const struct pow_proof *proof, const struct pow_client *client,
                           int64_t now_ms, struct pow_challenge *challenge);

/* Whether SHA-256(challenge || nonce) begins with `difficulty` zero bits. */
bool pow_solves(const unsigned char challenge[POW_CHALLENGE_LEN], struct str nonce, int difficulty);

#endif
