/* SPDX-License-Identifier: MIT */
#include "pow.h"
#include "encode.h"
#include "proof.h"
#include "unit.h"

#include <string.h>

#define NOW_MS INT64_C(1800000000000)

static const struct pow_keys keys = {
    .current = {.bytes = {"0123456789abcdef0123456789abcdef", 32}, .id = 7}};
static struct pow_challenge asked;
static struct pow_client client;

/* A challenge of `rounds` rounds, and a proof that is right. */
static struct pow_proof solved_proof(int rounds)
{
    struct str bytes = {.ptr = (const char *)asked.challenge, .len = POW_CHALLENGE_LEN};

    asked = (struct pow_challenge){.difficulty = 5, .rounds = rounds, .expires_ms = NOW_MS + 1000};
    memcpy(asked.challenge, "sixteen bytes...", POW_CHALLENGE_LEN);
    netaddr_parse(STR("192.0.2.1"), &client.network);
    client.user_agent = STR("test");
    return (struct pow_proof){
        .challenge = encode_base64(&test_arena, bytes, BASE64_STANDARD),
        .token = pow_token(&test_arena, &keys.current, &asked, &client),
        .nonces = proof_solve(&test_arena, &asked, 0),
    };
}

static enum pow_verdict check_at(const struct pow_proof *proof, int64_t now_ms)
{
    struct pow_challenge read;

    return pow_check(&test_arena, &keys, proof, &client, now_ms, &read);
}

static enum pow_verdict check_nonces(const struct pow_proof *proof, struct str nonces)
{
    struct pow_proof changed = *proof;

    changed.nonces = nonces;
    return check_at(&changed, NOW_MS);
}

START_TEST(right_proof_is_accepted)
{
    struct pow_proof one = solved_proof(1);

    ck_assert_int_eq(check_at(&one, NOW_MS), POW_OK);
    for (int rounds = 2; rounds <= 64; rounds *= 2) {
        struct pow_proof many = solved_proof(rounds);
        ck_assert_int_eq(check_at(&many, NOW_MS), POW_OK);
    }
}
END_TEST

START_TEST(accepted_proof_says_what_was_asked)
{
    struct pow_proof proof = solved_proof(3);
    struct pow_challenge read;

    ck_assert_int_eq(pow_check(&test_arena, &keys, &proof, &client, NOW_MS, &read), POW_OK);
    ck_assert_int_eq(read.difficulty, asked.difficulty);
    ck_assert_int_eq(read.rounds, asked.rounds);
    ck_assert_int_eq(read.expires_ms, asked.expires_ms);
    ck_assert_mem_eq(read.challenge, asked.challenge, POW_CHALLENGE_LEN);
}
END_TEST

START_TEST(absent_part_is_missing_not_wrong)
{
    struct pow_proof proof = solved_proof(1);
    struct pow_proof without = proof;

    without.challenge = STR("");
    ck_assert_int_eq(check_at(&without, NOW_MS), POW_MISSING);
    without = proof;
    without.token = STR("");
    ck_assert_int_eq(check_at(&without, NOW_MS), POW_MISSING);
    ck_assert_int_eq(check_nonces(&proof, STR("")), POW_MISSING);
}
END_TEST

START_TEST(b18_proof_expires_at_its_millisecond)
{
    struct pow_proof proof = solved_proof(1);

    ck_assert_int_eq(check_at(&proof, asked.expires_ms - 1), POW_OK);
    ck_assert_int_eq(check_at(&proof, asked.expires_ms), POW_LATE);
    ck_assert_int_eq(check_at(&proof, asked.expires_ms + 1), POW_LATE);
    ck_assert_int_eq(check_at(&proof, INT64_MAX), POW_LATE);
}
END_TEST

START_TEST(expiry_does_not_wrap_around)
{
    struct pow_proof proof = solved_proof(1);

    asked.expires_ms = -1;
    proof.token = pow_token(&test_arena, &keys.current, &asked, &client);
    ck_assert_int_eq(check_at(&proof, NOW_MS), POW_LATE);
}
END_TEST

START_TEST(wrong_nonces_are_refused)
{
    struct pow_proof proof = solved_proof(1);
    struct str lead = arena_format(&test_arena, "0%s", proof.nonces.ptr);
    static const struct str wrong[] = {
        {"x", 1},   {"-1", 2},  {"+1", 2},       {" 1", 2},  {"1 ", 2}, {"1.0", 3},
        {"0x1", 3}, {"1e3", 3}, {"\xD9\xA1", 2}, {"1\0", 2}, {"\n", 1}, {"/", 1},
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_int_eq(check_nonces(&proof, wrong[i]), POW_WRONG);
    /* Leading zeros make another nonce, which has to solve the puzzle by itself. */
    ck_assert_int_eq(check_nonces(&proof, lead),
                     proof_zero_bits(asked.challenge, lead) >= asked.difficulty ? POW_OK
                                                                                : POW_WRONG);
}
END_TEST

START_TEST(every_round_must_be_solved)
{
    struct pow_proof proof = solved_proof(4);

    for (int round = 0; round < 4; round++) {
        struct str rest = proof.nonces;
        struct str wrong = STR("");
        for (int i = 0; i < 4; i++) {
            struct str nonce = str_cut(&rest, ',');
            nonce = i == round ? STR("x") : nonce;
            wrong = arena_format(&test_arena, "%.*s%s%.*s", STR_ARG(wrong), i ? "," : "",
                                 STR_ARG(nonce));
        }
        ck_assert_int_eq(check_nonces(&proof, wrong), POW_WRONG);
    }
}
END_TEST

START_TEST(duplicate_nonces_are_refused)
{
    struct pow_proof proof = solved_proof(2);
    struct str rest = proof.nonces;
    struct str first = str_cut(&rest, ',');

    ck_assert_int_eq(
        check_nonces(&proof, arena_format(&test_arena, "%.*s,%.*s", STR_ARG(rest), STR_ARG(first))),
        POW_OK);
    ck_assert_int_eq(check_nonces(&proof, arena_format(&test_arena, "%.*s,%.*s", STR_ARG(first),
                                                       STR_ARG(first))),
                     POW_WRONG);
}
END_TEST

START_TEST(too_few_and_too_many_nonces_are_refused)
{
    struct pow_proof proof = solved_proof(3);
    struct str more =
        proof_solve(&test_arena, &(struct pow_challenge){.difficulty = 5, .rounds = 1}, 0);
    struct str rest = proof.nonces;

    str_cut(&rest, ',');
    ck_assert_int_eq(check_nonces(&proof, rest), POW_WRONG);
    more = arena_format(&test_arena, "%.*s,%.*s", STR_ARG(proof.nonces), STR_ARG(more));
    ck_assert_int_eq(check_nonces(&proof, more), POW_WRONG);
}
END_TEST

START_TEST(stray_commas_are_refused)
{
    struct pow_proof proof = solved_proof(2);
    struct str rest = proof.nonces;
    struct str first = str_cut(&rest, ',');
    static const char *const forms[] = {"%.*s,%.*s,", ",%.*s,%.*s", "%.*s,,%.*s", "%.*s, %.*s",
                                        "%.*s;%.*s"};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        ck_assert_int_eq(check_nonces(&proof, arena_format(&test_arena, forms[i], STR_ARG(first),
                                                           STR_ARG(rest))),
                         POW_WRONG);
#pragma GCC diagnostic pop
    ck_assert_int_eq(check_nonces(&proof, STR(",")), POW_WRONG);
}
END_TEST

/* A nonce of `digits` digits that solves the challenge. */
static struct str long_nonce(int digits)
{
    for (int n = 0;; n++) {
        struct str nonce = arena_format(&test_arena, "%0*d", digits, n);
        if (proof_zero_bits(asked.challenge, nonce) >= asked.difficulty)
            return nonce;
    }
}

START_TEST(nonce_has_at_most_39_digits)
{
    struct pow_proof proof = solved_proof(1);

    ck_assert_int_eq(check_nonces(&proof, long_nonce(39)), POW_OK);
    ck_assert_int_eq(check_nonces(&proof, long_nonce(40)), POW_WRONG);
}
END_TEST

START_TEST(b15_difficulty_counts_bits_exactly)
{
    solved_proof(1);
    for (int n = 0; n < 3000; n++) {
        struct str nonce = arena_format(&test_arena, "%d", n);
        int bits = proof_zero_bits(asked.challenge, nonce);
        ck_assert(pow_solves(asked.challenge, nonce, bits));
        ck_assert(!pow_solves(asked.challenge, nonce, bits + 1));
    }
}
END_TEST

START_TEST(b15_difficulty_0_accepts_every_nonce_and_256_is_possible)
{
    solved_proof(1);
    ck_assert(pow_solves(asked.challenge, STR("0"), 0));
    ck_assert(!pow_solves(asked.challenge, STR("0"), 256));
    ck_assert(!pow_solves(asked.challenge, STR("0"), 257));
    ck_assert(!pow_solves(asked.challenge, STR(""), 0));
}
END_TEST

START_TEST(proof_of_less_work_than_asked_is_refused)
{
    struct pow_proof proof = solved_proof(1);
    unsigned easy = 0;
    struct str nonce;

    do
        nonce = arena_format(&test_arena, "%u", easy++);
    while (proof_zero_bits(asked.challenge, nonce) != asked.difficulty - 1);
    ck_assert_int_eq(check_nonces(&proof, nonce), POW_WRONG);
}
END_TEST

START_TEST(challenges_are_drawn_at_random)
{
    struct pow_challenge first;
    struct pow_challenge second;

    pow_draw(&first);
    pow_draw(&second);
    ck_assert_mem_ne(first.challenge, second.challenge, POW_CHALLENGE_LEN);
}
END_TEST

Suite *pow_suite(void)
{
    const TTest *tests[] = {
        right_proof_is_accepted,
        accepted_proof_says_what_was_asked,
        absent_part_is_missing_not_wrong,
        b18_proof_expires_at_its_millisecond,
        expiry_does_not_wrap_around,
        wrong_nonces_are_refused,
        every_round_must_be_solved,
        duplicate_nonces_are_refused,
        too_few_and_too_many_nonces_are_refused,
        stray_commas_are_refused,
        nonce_has_at_most_39_digits,
        b15_difficulty_counts_bits_exactly,
        b15_difficulty_0_accepts_every_nonce_and_256_is_possible,
        proof_of_less_work_than_asked_is_refused,
        challenges_are_drawn_at_random,
    };

    return UNIT_SUITE("pow", tests);
}
