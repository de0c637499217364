/* SPDX-License-Identifier: MIT */
#include "solver.h"
#include "pow.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const unsigned char challenge[16] = "sixteen bytes...";

/* Calls `check` for every kernel that this processor has. */
static void with_each_kernel(void (*check)(const struct solver_kernel *kernel))
{
    for (const struct solver_kernel *kernel = solver_kernels; kernel->name; kernel++) {
        if (kernel->works())
            check(kernel);
    }
}

/* Whether candidate `n` of the last batch is among its hits. */
static bool is_hit(const struct solver *solver, unsigned n)
{
    for (unsigned i = 0; i < solver->hit_count; i++) {
        if (solver->hits[i] == n)
            return true;
    }
    return false;
}

/* The nonce of candidate `n` of the last batch, hit or not. */
static struct str nonce_of(const struct solver *solver, unsigned n)
{
    static char nonce[SOLVER_DIGITS + 1];
    struct solver only = *solver;

    only.hits[0] = (uint16_t)n;
    solver_nonce(&only, 0, nonce);
    return str_from(nonce);
}

static void finds_what_openssl_finds(const struct solver_kernel *kernel)
{
    static const unsigned difficulties[] = {1, 3, 8, 11};
    struct solver solver;

    for (unsigned i = 0; i < 4; i++) {
        solver_init(&solver, challenge, difficulties[i], 7 * i);
        solver.batch = 123456789 * i; /* so that all digits are seen */
        solver_batch(&solver, kernel);
        for (unsigned n = 0; n < SOLVER_BATCH; n++)
            ck_assert_msg(is_hit(&solver, n) ==
                              pow_solves(challenge, nonce_of(&solver, n), (int)difficulties[i]),
                          "%s: candidate %u at %u bits", kernel->name, n, difficulties[i]);
    }
}

START_TEST(every_kernel_finds_exactly_what_openssl_finds)
{
    with_each_kernel(finds_what_openssl_finds);
}
END_TEST

static void takes_all(const struct solver_kernel *kernel)
{
    struct solver solver;

    solver_init(&solver, challenge, 0, 0);
    ck_assert_uint_eq(solver_batch(&solver, kernel), SOLVER_BATCH);
    for (unsigned n = 0; n < SOLVER_BATCH; n++)
        ck_assert_uint_eq(solver.hits[n], n);
}

START_TEST(difficulty_0_takes_the_whole_batch_once)
{
    with_each_kernel(takes_all);
}
END_TEST

static void looks_at_second_word(const struct solver_kernel *kernel)
{
    struct solver solver;

    solver_init(&solver, challenge, 40, 1);
    ck_assert_uint_eq(solver.mask[0], 0xffffffff);
    ck_assert_uint_eq(solver.mask[1], 0xff000000);
    solver.mask[0] = 0;
    solver_batch(&solver, kernel);
    for (unsigned n = 0; n < SOLVER_BATCH; n++) {
        unsigned char block[16 + SOLVER_DIGITS];
        unsigned char digest[SHA256_LEN];
        memcpy(block, challenge, 16);
        memcpy(block + 16, nonce_of(&solver, n).ptr, SOLVER_DIGITS);
        crypto_sha256((struct str){(const char *)block, sizeof(block)}, digest);
        ck_assert_msg(is_hit(&solver, n) == (digest[4] == 0), "%s: %u", kernel->name, n);
    }
}

START_TEST(bits_beyond_the_32nd_count)
{
    with_each_kernel(looks_at_second_word);
}
END_TEST

START_TEST(masks_have_as_many_bits_as_the_difficulty)
{
    struct solver solver;

    for (unsigned difficulty = 0; difficulty <= SOLVER_MAX_DIFFICULTY; difficulty++) {
        solver_init(&solver, challenge, difficulty, 0);
        uint64_t mask = (uint64_t)solver.mask[0] << 32 | solver.mask[1];
        ck_assert(mask == (difficulty == 0 ? 0 : UINT64_MAX << (64 - difficulty)));
    }
}
END_TEST

START_TEST(lanes_and_batches_never_share_a_nonce)
{
    struct solver solver;

    solver_init(&solver, challenge, 64, 42);
    solver_batch(&solver, solver_choose("portable"));
    ck_assert(str_equal(nonce_of(&solver, 7), STR("142000000000000000000000000000000000007")));
    solver.batch = 4294967295;
    solver_batch(&solver, solver_choose("portable"));
    ck_assert(str_equal(nonce_of(&solver, 999), STR("142000000000000000000000004294967295999")));
}
END_TEST

START_TEST(kernels_are_chosen_by_name)
{
    ck_assert_str_eq(solver_choose("portable")->name, "portable");
    ck_assert_ptr_null(solver_choose("abacus"));
    ck_assert_ptr_null(solver_choose(""));
    for (const struct solver_kernel *kernel = solver_kernels; kernel->name; kernel++)
        ck_assert_ptr_eq(solver_choose(kernel->name), kernel->works() ? kernel : NULL);
    ck_assert(solver_choose(NULL)->works());
}
END_TEST

Suite *solver_suite(void)
{
    const TTest *tests[] = {
        every_kernel_finds_exactly_what_openssl_finds,
        difficulty_0_takes_the_whole_batch_once,
        bits_beyond_the_32nd_count,
        masks_have_as_many_bits_as_the_difficulty,
        lanes_and_batches_never_share_a_nonce,
        kernels_are_chosen_by_name,
    };

    return UNIT_SUITE("solver", tests);
}
