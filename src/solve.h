/* SPDX-License-Identifier: MIT */
/* solve: puzzles of a board, from the command line. */
#ifndef SOLVE_H
#define SOLVE_H

#include "config.h"
#include "pow.h"
#include "solver.h"

/* Exit statuses of commands that people and scripts give words to (sysexits.h). */
#define EXIT_MISUSED 64     /* the arguments are wrong */
#define EXIT_REFUSED 65     /* the board does not want the text */
#define EXIT_UNAVAILABLE 69 /* nothing that can be worked with answers */
#define EXIT_TRY_LATER 75   /* the board is busy, or has had enough for now */

/* Finds as many proofs for `asked` as it has rounds, joined by commas, in `arena`. Empty when
 * clock_monotonic_ms() reached `until_ms` before. */
struct str solve_challenge(struct arena *arena, const struct pow_challenge *asked,
                           const struct solver_kernel *kernel, int64_t until_ms);

/* Reads a challenge as it stands in JSON; false when it is none, or one that nobody can solve. */
bool solve_read(struct pow_challenge *asked, struct str challenge, struct str difficulty,
                struct str rounds);

/* initialsdb solve [--kernel NAME] CHALLENGE DIFFICULTY ROUNDS */
int solve(const struct config *config, int argc, char **argv);

#endif
