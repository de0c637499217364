/* SPDX-License-Identifier: MIT */
/* proof: solving puzzles for tests, slowly and plainly. */
#ifndef PROOF_H
#define PROOF_H

#include "pow.h"

/* Leading zero bits of SHA-256(challenge || nonce), counted without src/pow.c. */
int proof_zero_bits(const unsigned char challenge[POW_CHALLENGE_LEN], struct str nonce);

/* `rounds` nonces joined by commas that solve the challenge; `from` is where the search begins. */
struct str proof_solve(struct arena *arena, const struct pow_challenge *challenge, unsigned from);

#endif
