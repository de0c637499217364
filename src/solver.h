/* SPDX-License-Identifier: MIT */
/*
 * solver: looks for proofs of work (see pow.h). One source for the page, where it is WebAssembly,
 * and for the commands, where the fastest kernel that the processor can run is chosen at run time.
 *
 * Every nonce has 39 digits, so that challenge, nonce and padding fill one block of SHA-256 and
 * the last three digits stand alone in word 13:
 *
 *   1, two digits for the lane; 33 digits that count batches; 3 digits within the batch
 *
 * The thousand candidates of a batch share the first thirteen of 64 rounds. static/hash.js does
 * the same in JavaScript.
 */
#ifndef SOLVER_H
#define SOLVER_H

#include <stdbool.h>
#include <stdint.h>

#define SOLVER_BATCH 1000
#define SOLVER_DIGITS 39
#define SOLVER_LANES 100 /* they never try the same nonce */
#define SOLVER_MAX_DIFFICULTY 64

/* Kernels take so many candidates at a time at most; those behind the batch do not count. */
#define SOLVER_WIDEST 16
#define SOLVER_SUFFIXES ((SOLVER_BATCH + SOLVER_WIDEST - 1) / SOLVER_WIDEST * SOLVER_WIDEST)

struct solver {
    uint32_t words[16];                 /* the block; word 13 varies */
    uint32_t suffixes[SOLVER_SUFFIXES]; /* word 13 of each candidate */
    uint32_t early[8];                  /* the state after 12 rounds */
    uint32_t midstate[8];               /* and after 13 */
    uint32_t mask[2];                   /* bits of the hash's first words that must be zero */
    uint16_t hits[SOLVER_BATCH];        /* candidates of the last batch that are proofs */
    unsigned hit_count;
    unsigned lane;
    uint32_t batch; /* the next one */
};

/* A way to try a batch. */
struct solver_kernel {
    const char *name;
    bool (*works)(void); /* whether this processor can */
    void (*run)(struct solver *solver);
};

/* All kernels of this build, the fastest first, ended by one without a name. */
extern const struct solver_kernel solver_kernels[];

/* The kernel of that name, or the fastest for NULL; NULL when there is no such kernel or this
 * processor cannot run it. */
const struct solver_kernel *solver_choose(const char *name);

/* Begins to look for nonces with `difficulty` zero bits, at most SOLVER_MAX_DIFFICULTY, in a lane
 * below SOLVER_LANES. */
void solver_init(struct solver *solver, const unsigned char challenge[16], unsigned difficulty,
                 unsigned lane);

/* Tries the next batch. Returns how many proofs are in `hits`. */
unsigned solver_batch(struct solver *solver, const struct solver_kernel *kernel);

/* Writes the nonce of the proof `hits[n]` of the last batch, with a NUL. */
void solver_nonce(const struct solver *solver, unsigned n, char nonce[SOLVER_DIGITS + 1]);

#endif
