/* SPDX-License-Identifier: MIT */
#include "solve.h"

#include "buf.h"
#include "clock.h"
#include "encode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROUNDS 255

struct str solve_challenge(struct arena *arena, const struct pow_challenge *asked,
                           const struct solver_kernel *kernel, int64_t until_ms)
{
    struct solver *solver = arena_alloc(arena, sizeof(*solver));
    char nonce[SOLVER_DIGITS + 1];
    struct buf nonces;
    int found = 0;

    buf_init(&nonces, arena, (size_t)asked->rounds * sizeof(nonce) + 1);
    solver_init(solver, asked->challenge, (unsigned)asked->difficulty, 0);
    while (found < asked->rounds && clock_monotonic_ms() < until_ms) {
        unsigned hits = solver_batch(solver, kernel);
        for (unsigned n = 0; n < hits && found < asked->rounds; n++, found++) {
            solver_nonce(solver, n, nonce);
            buf_addf(&nonces, "%s%s", found > 0 ? "," : "", nonce);
        }
    }
    return found < asked->rounds ? STR("") : buf_str(&nonces);
}

bool solve_read(struct pow_challenge *asked, struct str challenge, struct str difficulty,
                struct str rounds)
{
    uint64_t bits;
    uint64_t count;
    size_t len;

    if (!decode_base64(challenge, BASE64_STANDARD, asked->challenge, POW_CHALLENGE_LEN, &len) ||
        len != POW_CHALLENGE_LEN)
        return false;
    if (!str_to_u64(difficulty, SOLVER_MAX_DIFFICULTY, &bits) ||
        !str_to_u64(rounds, MAX_ROUNDS, &count))
        return false;
    asked->difficulty = (int)bits;
    asked->rounds = (int)count;
    return true;
}

static int complain(void)
{
    fputs("initialsdb: solve [--kernel NAME] CHALLENGE DIFFICULTY ROUNDS: as in the answer of "
          "/pow/challenge; kernels:",
          stderr);
    for (const struct solver_kernel *kernel = solver_kernels; kernel->name; kernel++) {
        if (kernel->works())
            fprintf(stderr, " %s", kernel->name);
    }
    fputc('\n', stderr);
    return EXIT_MISUSED;
}

int solve(const struct config *config, int argc, char **argv)
{
    const char *name = NULL;
    const struct solver_kernel *kernel;
    struct pow_challenge asked;
    struct arena arena;
    struct str nonces;

    (void)config;
    if (argc > 1 && strcmp(argv[0], "--kernel") == 0) {
        name = argv[1];
        argc -= 2;
        argv += 2;
    }
    kernel = solver_choose(name);
    if (argc != 3 || kernel == NULL ||
        !solve_read(&asked, str_from(argv[0]), str_from(argv[1]), str_from(argv[2])))
        return complain();
    arena_init(&arena);
    nonces = solve_challenge(&arena, &asked, kernel, INT64_MAX);
    printf("%.*s\n", STR_ARG(nonces));
    arena_release(&arena);
    return EXIT_SUCCESS;
}
