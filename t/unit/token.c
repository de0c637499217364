/* SPDX-License-Identifier: MIT */
/* The token of a proof: whatever is done to it, it is either the very same text or refused. */
#include "encode.h"
#include "pow.h"
#include "proof.h"
#include "unit.h"

#include <string.h>

#define NOW_MS INT64_C(1800000000000)
#define TOKEN_LEN 60
#define TOKEN_CHARS 80

/* Where each field of a token begins; the last row is its end. */
struct field {
    const char *name;
    size_t at;
};

static const struct field fields[] = {{"version", 0}, {"key id", 1},     {"difficulty", 2},
                                      {"rounds", 3},  {"expiry", 4},     {"challenge", 12},
                                      {"mac", 28},    {"end", TOKEN_LEN}};

#define FIELDS (sizeof(fields) / sizeof(fields[0]) - 1)

static const struct pow_keys keys = {
    .current = {.bytes = {"0123456789abcdef0123456789abcdef", 32}, .id = 7},
    .previous = {.bytes = {"fedcba9876543210fedcba9876543210", 32}, .id = 8},
};
static const struct pow_challenge asked = {
    .difficulty = 3, .rounds = 2, .expires_ms = NOW_MS + 1000, .challenge = "sixteen bytes..."};

static struct pow_client client_at(const char *address, const char *agent)
{
    struct pow_client client = {.user_agent = str_from(agent)};

    ck_assert(netaddr_parse(str_from(address), &client.network));
    return client;
}

/* A proof that is right but for its token. */
static struct pow_proof proof_with(struct str token)
{
    struct str bytes = {.ptr = (const char *)asked.challenge, .len = POW_CHALLENGE_LEN};

    return (struct pow_proof){.challenge = encode_base64(&test_arena, bytes, BASE64_STANDARD),
                              .token = token,
                              .nonces = proof_solve(&test_arena, &asked, 0)};
}

static enum pow_verdict check_from(struct str token, struct pow_client client)
{
    struct pow_proof proof = proof_with(token);
    struct pow_challenge read;

    return pow_check(&test_arena, &keys, &proof, &client, NOW_MS, &read);
}

static enum pow_verdict check(struct str token)
{
    return check_from(token, client_at("192.0.2.1", "test"));
}

static struct str good_token(void)
{
    struct pow_client client = client_at("192.0.2.1", "test");

    return pow_token(&test_arena, &keys.current, &asked, &client);
}

static void decode(struct str token, unsigned char bytes[TOKEN_LEN])
{
    size_t len;

    ck_assert(decode_base64(token, BASE64_URL, bytes, TOKEN_LEN, &len));
    ck_assert_uint_eq(len, TOKEN_LEN);
}

static enum pow_verdict check_bytes(const unsigned char *bytes, size_t len)
{
    return check(encode_base64(&test_arena, (struct str){.ptr = (const char *)bytes, .len = len},
                               BASE64_URL));
}

START_TEST(token_is_80_characters_and_accepted_unchanged)
{
    ck_assert_uint_eq(good_token().len, TOKEN_CHARS);
    ck_assert_int_eq(check(good_token()), POW_OK);
}
END_TEST

START_TEST(every_changed_bit_of_every_field_is_refused)
{
    unsigned char bytes[TOKEN_LEN];

    decode(good_token(), bytes);
    for (size_t field = 0; field < FIELDS; field++) {
        for (size_t at = 8 * fields[field].at; at < 8 * fields[field + 1].at; at++) {
            bytes[at / 8] ^= (unsigned char)(1 << at % 8);
            ck_assert_msg(check_bytes(bytes, TOKEN_LEN) == POW_FORGED, "bit %zu of %s",
                          at - 8 * fields[field].at, fields[field].name);
            bytes[at / 8] ^= (unsigned char)(1 << at % 8);
        }
    }
}
END_TEST

START_TEST(every_zeroed_or_filled_field_is_refused)
{
    unsigned char bytes[TOKEN_LEN];

    for (size_t field = 0; field < FIELDS; field++) {
        size_t len = fields[field + 1].at - fields[field].at;
        decode(good_token(), bytes);
        memset(bytes + fields[field].at, 0, len);
        ck_assert_msg(check_bytes(bytes, TOKEN_LEN) == POW_FORGED, "%s", fields[field].name);
        memset(bytes + fields[field].at, 0xFF, len);
        ck_assert_msg(check_bytes(bytes, TOKEN_LEN) == POW_FORGED, "%s", fields[field].name);
    }
}
END_TEST

/* Takes the bytes [from, from + len) out and puts them back at `to`. */
static void move(unsigned char bytes[TOKEN_LEN], size_t from, size_t len, size_t to)
{
    unsigned char taken[TOKEN_LEN];

    memcpy(taken, bytes + from, len);
    memmove(bytes + from, bytes + from + len, TOKEN_LEN - from - len);
    memmove(bytes + to + len, bytes + to, TOKEN_LEN - to - len);
    memcpy(bytes + to, taken, len);
}

START_TEST(every_moved_field_is_refused)
{
    unsigned char good[TOKEN_LEN];

    decode(good_token(), good);
    for (size_t field = 0; field < FIELDS; field++) {
        size_t len = fields[field + 1].at - fields[field].at;
        for (size_t to = 0; to + len <= TOKEN_LEN; to++) {
            unsigned char bytes[TOKEN_LEN];
            memcpy(bytes, good, TOKEN_LEN);
            move(bytes, fields[field].at, len, to);
            ck_assert_msg(check_bytes(bytes, TOKEN_LEN) ==
                              (memcmp(bytes, good, TOKEN_LEN) == 0 ? POW_OK : POW_FORGED),
                          "%s to byte %zu", fields[field].name, to);
        }
    }
}
END_TEST

START_TEST(every_truncated_token_is_refused)
{
    unsigned char bytes[TOKEN_LEN];
    struct str token = good_token();

    decode(token, bytes);
    for (size_t len = 1; len < token.len; len++)
        ck_assert_int_eq(check((struct str){.ptr = token.ptr, .len = len}), POW_FORGED);
    for (size_t len = 1; len < TOKEN_LEN; len++) {
        ck_assert_int_eq(check_bytes(bytes, len), POW_FORGED);
        ck_assert_int_eq(check_bytes(bytes + len, TOKEN_LEN - len), POW_FORGED);
    }
}
END_TEST

START_TEST(every_extended_token_is_refused)
{
    struct str token = good_token();

    for (int c = 0; c < 256; c++) {
        char *behind = (char *)arena_format(&test_arena, "%s?", token.ptr).ptr;
        char *before = (char *)arena_format(&test_arena, "?%s", token.ptr).ptr;
        behind[TOKEN_CHARS] = (char)c;
        before[0] = (char)c;
        ck_assert_int_eq(check((struct str){.ptr = behind, .len = TOKEN_CHARS + 1}), POW_FORGED);
        ck_assert_int_eq(check((struct str){.ptr = before, .len = TOKEN_CHARS + 1}), POW_FORGED);
    }
    ck_assert_int_eq(check(arena_format(&test_arena, "%s%s", token.ptr, token.ptr)), POW_FORGED);
}
END_TEST

START_TEST(b12_token_has_one_spelling)
{
    struct str good = good_token();

    for (size_t at = 0; at < TOKEN_CHARS; at++) {
        char *other = (char *)arena_copy(&test_arena, good).ptr;
        for (int c = 0; c < 256; c++) {
            other[at] = (char)c;
            ck_assert_int_eq(check((struct str){.ptr = other, .len = TOKEN_CHARS}),
                             c == (unsigned char)good.ptr[at] ? POW_OK : POW_FORGED);
        }
    }
}
END_TEST

START_TEST(b12_token_in_another_encoding_is_refused)
{
    unsigned char bytes[TOKEN_LEN];
    struct str raw = {.ptr = (const char *)bytes, .len = TOKEN_LEN};
    struct str standard;

    memset(bytes, 0, sizeof(bytes));
    decode(good_token(), bytes);
    standard = encode_base64(&test_arena, raw, BASE64_STANDARD);
    ck_assert_int_eq(check(standard), strpbrk(standard.ptr, "+/") ? POW_FORGED : POW_OK);
    ck_assert_int_eq(check(encode_hex(&test_arena, raw)), POW_FORGED);
    ck_assert_int_eq(check(raw), POW_FORGED);
    ck_assert_int_eq(check(arena_format(&test_arena, "%s=", good_token().ptr)), POW_FORGED);
    ck_assert_int_eq(check(arena_format(&test_arena, "%s====", good_token().ptr)), POW_FORGED);
}
END_TEST

START_TEST(b12_other_nonces_of_a_challenge_come_with_the_same_token)
{
    struct str bytes = {.ptr = (const char *)asked.challenge, .len = POW_CHALLENGE_LEN};
    struct pow_client client = client_at("192.0.2.1", "test");
    struct pow_proof proof = {.challenge = encode_base64(&test_arena, bytes, BASE64_STANDARD),
                              .token = good_token(),
                              .nonces = proof_solve(&test_arena, &asked, 100000)};
    struct pow_challenge read;

    ck_assert_int_eq(pow_check(&test_arena, &keys, &proof, &client, NOW_MS, &read), POW_OK);
    ck_assert(str_equal(pow_token(&test_arena, &keys.current, &read, &client), good_token()));
}
END_TEST

START_TEST(b12_challenge_has_one_spelling)
{
    struct str bytes = {.ptr = (const char *)asked.challenge, .len = POW_CHALLENGE_LEN};
    struct str text = encode_base64(&test_arena, bytes, BASE64_STANDARD);
    struct pow_client client = client_at("192.0.2.1", "test");
    struct pow_proof proof = {.token = good_token(), .nonces = proof_solve(&test_arena, &asked, 0)};
    struct str wrong[] = {arena_format(&test_arena, "%s==", text.ptr),
                          arena_format(&test_arena, "%s ", text.ptr),
                          {.ptr = text.ptr, .len = text.len - 1},
                          STR("AAAAAAAAAAAAAAAAAAAAAA"),
                          STR("x")};
    struct pow_challenge read;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        proof.challenge = wrong[i];
        ck_assert_int_eq(pow_check(&test_arena, &keys, &proof, &client, NOW_MS, &read), POW_FORGED);
    }
}
END_TEST

START_TEST(b13_fields_cannot_slide_into_each_other)
{
    struct pow_client slid = client_at("1.2.3.4", "5foo");
    struct pow_client victim = client_at("1.2.3.45", "foo");
    struct str token = pow_token(&test_arena, &keys.current, &asked, &slid);

    ck_assert_int_eq(check_from(token, slid), POW_OK);
    ck_assert_int_eq(check_from(token, victim), POW_FORGED);
    ck_assert_int_eq(check_from(token, client_at("1.2.3.4", "5fo")), POW_FORGED);
}
END_TEST

START_TEST(b13_address_families_do_not_meet)
{
    struct pow_client four = client_at("32.1.13.184", "");
    struct pow_client six = client_at("2001:db8::", "");

    ck_assert_mem_eq(four.network.bytes, six.network.bytes, sizeof(four.network.bytes));
    ck_assert_int_eq(check_from(pow_token(&test_arena, &keys.current, &asked, &four), six),
                     POW_FORGED);
    /* An address that goes on in the agent. */
    six.network.bits = 32;
    six.user_agent = (struct str){.ptr = "\0\0\0\0\0\0\0\0\0\0\0\0", .len = 12};
    ck_assert_int_eq(check_from(pow_token(&test_arena, &keys.current, &asked, &six),
                                client_at("2001:db8::", "")),
                     POW_FORGED);
}
END_TEST

START_TEST(token_of_another_network_is_refused)
{
    ck_assert_int_eq(check_from(good_token(), client_at("192.0.2.2", "test")), POW_FORGED);
    ck_assert_int_eq(check_from(good_token(), client_at("2001:db8::1", "test")), POW_FORGED);
    ck_assert_int_eq(check_from(good_token(), client_at("::ffff:192.0.2.1", "test")), POW_OK);
}
END_TEST

START_TEST(token_of_another_agent_is_refused)
{
    static const char *const agents[] = {"", "Test", "test ", "tes", "testt"};

    for (size_t i = 0; i < sizeof(agents) / sizeof(agents[0]); i++)
        ck_assert_int_eq(check_from(good_token(), client_at("192.0.2.1", agents[i])), POW_FORGED);
}
END_TEST

START_TEST(b14_token_of_another_key_is_refused)
{
    struct pow_client client = client_at("192.0.2.1", "test");
    struct pow_challenge forever = asked;
    struct pow_key empty = {.bytes = STR(""), .id = keys.current.id};
    struct pow_key other = {.bytes = STR("another key"), .id = keys.current.id};

    forever.expires_ms = INT64_C(1) << 62;
    ck_assert_int_eq(check(pow_token(&test_arena, &empty, &forever, &client)), POW_FORGED);
    ck_assert_int_eq(check(pow_token(&test_arena, &other, &asked, &client)), POW_FORGED);
}
END_TEST

START_TEST(token_of_the_previous_key_is_accepted)
{
    struct pow_client client = client_at("192.0.2.1", "test");

    ck_assert_int_eq(check(pow_token(&test_arena, &keys.previous, &asked, &client)), POW_OK);
}
END_TEST

START_TEST(keys_may_share_an_id)
{
    struct pow_client client = client_at("192.0.2.1", "test");
    struct pow_keys twins = keys;
    struct pow_proof proof;
    struct pow_challenge read;

    twins.previous.id = twins.current.id;
    proof = proof_with(pow_token(&test_arena, &twins.previous, &asked, &client));
    ck_assert_int_eq(pow_check(&test_arena, &twins, &proof, &client, NOW_MS, &read), POW_OK);
}
END_TEST

START_TEST(b14_absent_previous_key_verifies_nothing)
{
    struct pow_client client = client_at("192.0.2.1", "test");
    struct pow_keys alone = {.current = keys.current};
    struct pow_proof proof = proof_with(pow_token(&test_arena, &alone.previous, &asked, &client));
    struct pow_challenge read;

    ck_assert_int_eq(pow_check(&test_arena, &alone, &proof, &client, NOW_MS, &read), POW_FORGED);
}
END_TEST

Suite *token_suite(void)
{
    const TTest *tests[] = {
        token_is_80_characters_and_accepted_unchanged,
        every_changed_bit_of_every_field_is_refused,
        every_zeroed_or_filled_field_is_refused,
        every_moved_field_is_refused,
        every_truncated_token_is_refused,
        every_extended_token_is_refused,
        b12_token_has_one_spelling,
        b12_token_in_another_encoding_is_refused,
        b12_other_nonces_of_a_challenge_come_with_the_same_token,
        b12_challenge_has_one_spelling,
        b13_fields_cannot_slide_into_each_other,
        b13_address_families_do_not_meet,
        token_of_another_network_is_refused,
        token_of_another_agent_is_refused,
        b14_token_of_another_key_is_refused,
        token_of_the_previous_key_is_accepted,
        keys_may_share_an_id,
        b14_absent_previous_key_verifies_nothing,
    };

    return UNIT_SUITE("token", tests);
}
