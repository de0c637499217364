/* SPDX-License-Identifier: MIT */
/* What guards refuse, asked through serve(): everything here is decided without the database. */
#include "ask.h"
#include "environment.h"
#include "route.h"
#include "unit.h"

#include <string.h>

#define CREATE "/api/listings/create"

/* Asks every route that has `guard`, with `variable` in the request. */
static void expect_of_all(unsigned guard, const char *variable, int status, const char *code)
{
    int asked = 0;

    ASK_START(NULL);
    for (const struct route *route = routes; route->path; route++) {
        const char *path = ask_path(route);
        if ((route->guards & guard) == 0)
            continue;
        ask_expect(ASK(route_method_name(route->method), path, variable), status, code, NULL);
        asked++;
    }
    ck_assert_int_gt(asked, 0);
}

START_TEST(b10_every_route_with_a_client_refuses_an_unknown_address)
{
    expect_of_all(GUARD_CLIENT, "REMOTE_ADDR=", 400, "INVALID_INPUT");
    expect_of_all(GUARD_CLIENT, "REMOTE_ADDR=@", 400, "INVALID_INPUT");
    expect_of_all(GUARD_CLIENT, "CLIENT_IP=unknown", 400, "INVALID_INPUT");
    ask_expect(ASK("GET", "/pow/challenge", "REMOTE_ADDR=x"), 400, "INVALID_INPUT", "address");
}
END_TEST

START_TEST(b36_every_route_with_a_body_refuses_other_types)
{
    static const char *const types[] = {"",
                                        "text/plain",
                                        "application/x-www-form-urlencoded",
                                        "application/jsonfoo",
                                        "application/json-patch+json",
                                        "application/json, text/plain",
                                        "json",
                                        "; application/json"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct str variable = arena_format(&test_arena, "CONTENT_TYPE=%s", types[i]);
        expect_of_all(GUARD_JSON, variable.ptr, 415, "UNSUPPORTED_MEDIA_TYPE");
    }
}
END_TEST

START_TEST(b36_spellings_of_the_json_type_are_accepted)
{
    static const char *const types[] = {"application/json", "Application/JSON",
                                        "application/json;charset=utf-8",
                                        " application/json ; charset=\"UTF-8\""};

    ASK_START(NULL);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct str variable = arena_format(&test_arena, "CONTENT_TYPE=%s", types[i]);
        ask_expect(ASK("POST", CREATE, variable.ptr), 403, "POW_REQUIRED", NULL);
    }
}
END_TEST

START_TEST(every_post_from_another_site_is_refused)
{
    static const char *const variables[] = {
        "HTTP_SEC_FETCH_SITE=cross-site",
        "HTTP_SEC_FETCH_SITE=Cross-Site",
        "HTTP_ORIGIN=https://evil.example",
        "HTTP_ORIGIN=null",
        "HTTP_ORIGIN=https://board.example.evil.example",
        "HTTP_ORIGIN=https://evil.example/board.example",
        "HTTP_ORIGIN=https://board.example:8443",
        "HTTP_ORIGIN=https://evil.example://board.example",
        "HTTP_ORIGIN=board.example",
        "HTTP_ORIGIN=https://",
        "HTTP_HOST=other.example",
        "HTTP_HOST=",
    };

    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        expect_of_all(GUARD_SAME_ORIGIN, variables[i], 403, "CROSS_SITE");
}
END_TEST

START_TEST(null_origin_is_foreign_even_without_a_host)
{
    ASK_START(NULL);
    ask_expect(ASK("POST", CREATE, "HTTP_ORIGIN=null", "HTTP_HOST="), 403, "CROSS_SITE", NULL);
    ask_expect(ASK("POST", CREATE, "HTTP_ORIGIN=https://", "HTTP_HOST="), 403, "CROSS_SITE", NULL);
}
END_TEST

START_TEST(post_without_an_origin_is_no_browser_and_passes)
{
    ASK_START(NULL);
    ask_expect(ASK("POST", CREATE, "HTTP_ORIGIN=", "HTTP_SEC_FETCH_SITE="), 403, "POW_REQUIRED",
               NULL);
    ask_expect(ASK("POST", CREATE, "HTTP_ORIGIN=HTTP://Board.Example"), 403, "POW_REQUIRED", NULL);
    ask_expect(ASK("POST", CREATE, "HTTP_SEC_FETCH_SITE=same-site"), 403, "POW_REQUIRED", NULL);
}
END_TEST

START_TEST(b24_every_route_with_a_body_refuses_too_large_ones)
{
    struct str body = arena_format(&test_arena, "BODY={\"text\":\"%04096d\"}", 0);

    expect_of_all(GUARD_BODY, body.ptr, 413, "BODY_TOO_LARGE");
    expect_of_all(GUARD_BODY, "CONTENT_LENGTH=4097", 413, "BODY_TOO_LARGE");
}
END_TEST

START_TEST(largest_body_is_the_setting)
{
    struct str most = arena_format(&test_arena, "BODY=%0256d", 0);
    struct str over = arena_format(&test_arena, "BODY=%0257d", 0);

    ASK_START("BODY_LIMIT_MAX_BYTES=256");
    ask_expect(ASK("POST", CREATE, most.ptr), 403, "POW_REQUIRED", NULL);
    ask_expect(ASK("POST", CREATE, over.ptr), 413, "BODY_TOO_LARGE", NULL);
}
END_TEST

START_TEST(every_route_with_a_body_refuses_one_that_was_cut_off)
{
    expect_of_all(GUARD_BODY, "CUT=1", 400, "INVALID_JSON");
    expect_of_all(GUARD_BODY, "CONTENT_LENGTH=7", 400, "INVALID_JSON");
}
END_TEST

START_TEST(every_route_with_a_proof_asks_for_each_part)
{
    const char *const *proof;

    expect_of_all(GUARD_PROOF, "X=", 403, "POW_REQUIRED");
    proof = ask_proof(NULL);
    ask_expect(ASK("POST", CREATE, proof[0], proof[1]), 403, "POW_REQUIRED", NULL);
    ask_expect(ASK("POST", CREATE, proof[0], proof[2]), 403, "POW_REQUIRED", NULL);
    ask_expect(ASK("POST", CREATE, proof[1], proof[2]), 403, "POW_REQUIRED", NULL);
}
END_TEST

START_TEST(right_proof_leads_to_the_database)
{
    ASK_START(NULL);
    ask_expect(ask("POST", CREATE, ask_proof(NULL)), 503, "UNAVAILABLE", NULL);
}
END_TEST

START_TEST(wrong_solution_is_invalid)
{
    const char *const *proof;

    ASK_START(NULL);
    proof = ask_proof(NULL);
    ask_expect(ASK("POST", CREATE, proof[0], proof[1], "HTTP_X_POW_NONCE=x"), 403, "POW_INVALID",
               NULL);
}
END_TEST

START_TEST(proof_of_another_network_or_agent_is_invalid)
{
    const char *const *proof;

    ASK_START(NULL);
    proof = ask_proof((const char *const[]){"REMOTE_ADDR=198.51.100.1", NULL});
    ask_expect(ask("POST", CREATE, proof), 403, "POW_INVALID", NULL);
    proof = ask_proof((const char *const[]){"HTTP_USER_AGENT=other", NULL});
    ask_expect(ask("POST", CREATE, proof), 403, "POW_INVALID", NULL);
}
END_TEST

START_TEST(b20_proof_holds_within_an_ipv6_network)
{
    const char *const *proof;

    ASK_START(NULL);
    proof = ask_proof((const char *const[]){"REMOTE_ADDR=2001:db8:1:2::1", NULL});
    ask_expect(ASK("POST", CREATE, proof[0], proof[1], proof[2], "REMOTE_ADDR=2001:db8:1:2:3::4"),
               503, "UNAVAILABLE", NULL);
    ask_expect(ASK("POST", CREATE, proof[0], proof[1], proof[2], "REMOTE_ADDR=2001:db8:1:3::1"),
               403, "POW_INVALID", NULL);
}
END_TEST

/* Whether a proof made for `address` holds for a client that comes with these variables. */
static void expect_client(const char *address, const char *peer, const char *hops, bool same)
{
    struct str maker = arena_format(&test_arena, "REMOTE_ADDR=%s", address);
    struct str remote = arena_format(&test_arena, "REMOTE_ADDR=%s", peer);
    struct str forwarded = arena_format(&test_arena, "FORWARDED_FOR=%s", hops);
    const char *const *proof = ask_proof((const char *const[]){maker.ptr, NULL});
    const struct response *response =
        ASK("POST", CREATE, proof[0], proof[1], proof[2], remote.ptr, forwarded.ptr);

    ask_expect(response, same ? 503 : 403, same ? "UNAVAILABLE" : "POW_INVALID", NULL);
}

START_TEST(b03_hops_of_a_stranger_are_not_believed)
{
    ASK_START("TRUSTED_PROXIES=10.0.0.0/8");
    expect_client("192.0.2.1", "192.0.2.1", "198.51.100.7", true);
    expect_client("198.51.100.7", "192.0.2.1", "198.51.100.7", false);
}
END_TEST

START_TEST(b03_client_is_the_right_most_hop_that_is_no_proxy)
{
    ASK_START("TRUSTED_PROXIES=10.0.0.0/8");
    expect_client("198.51.100.7", "10.0.0.1", "198.51.100.7", true);
    expect_client("198.51.100.7", "10.0.0.1", "9.9.9.9, 198.51.100.7, 10.0.0.2", true);
    expect_client("9.9.9.9", "10.0.0.1", "9.9.9.9, 198.51.100.7", false);
    expect_client("10.0.0.1", "10.0.0.1", "", true);
    expect_client("10.0.0.3", "10.0.0.1", "10.0.0.3,10.0.0.2", true);
}
END_TEST

START_TEST(b10_hop_that_is_no_address_is_refused)
{
    ASK_START("TRUSTED_PROXIES=10.0.0.0/8");
    ask_expect(ASK("GET", "/pow/challenge", "REMOTE_ADDR=10.0.0.1", "FORWARDED_FOR=unknown"), 400,
               "INVALID_INPUT", "address");
    ask_expect(ASK("GET", "/pow/challenge", "REMOTE_ADDR=10.0.0.1", "FORWARDED_FOR=1.2.3.4,"), 400,
               "INVALID_INPUT", "address");
}
END_TEST

START_TEST(keys_rotate_without_refusing_anybody)
{
    const char *const *proof;

    ASK_START(NULL);
    proof = ask_proof(NULL);
    ASK_START("POW_SECRET_KEY=" TEST_LONG_KEY, "POW_SECRET_KEY_PREVIOUS=" TEST_KEY);
    ask_expect(ask("POST", CREATE, proof), 503, "UNAVAILABLE", NULL);
    ASK_START("POW_SECRET_KEY=" TEST_LONG_KEY);
    ask_expect(ask("POST", CREATE, proof), 403, "POW_INVALID", NULL);
}
END_TEST

START_TEST(guards_refuse_in_their_order)
{
    static const char *const wrong[] = {"HTTP_SEC_FETCH_SITE=cross-site", "CONTENT_TYPE=x",
                                        "REMOTE_ADDR=x", "CUT=1", NULL};

    ASK_START(NULL);
    ask_expect(ask("POST", CREATE, wrong), 403, "CROSS_SITE", NULL);
    ask_expect(ask("POST", CREATE, wrong + 1), 415, "UNSUPPORTED_MEDIA_TYPE", NULL);
    ask_expect(ask("POST", CREATE, wrong + 2), 400, "INVALID_INPUT", "address");
    ask_expect(ask("POST", CREATE, wrong + 3), 400, "INVALID_JSON", NULL);
    ask_expect(ask("POST", CREATE, wrong + 4), 403, "POW_REQUIRED", NULL);
}
END_TEST

START_TEST(b16_without_proofs_none_is_asked_for)
{
    ASK_START("POW_ENABLE=false");
    ask_expect(ASK("POST", CREATE), 503, "UNAVAILABLE", NULL);
    ask_expect(ASK("POST", CREATE, "HTTP_X_POW_TOKEN=junk"), 503, "UNAVAILABLE", NULL);
}
END_TEST

Suite *guard_suite(void)
{
    const TTest *tests[] = {
        b10_every_route_with_a_client_refuses_an_unknown_address,
        b36_every_route_with_a_body_refuses_other_types,
        b36_spellings_of_the_json_type_are_accepted,
        every_post_from_another_site_is_refused,
        null_origin_is_foreign_even_without_a_host,
        post_without_an_origin_is_no_browser_and_passes,
        b24_every_route_with_a_body_refuses_too_large_ones,
        largest_body_is_the_setting,
        every_route_with_a_body_refuses_one_that_was_cut_off,
        every_route_with_a_proof_asks_for_each_part,
        right_proof_leads_to_the_database,
        wrong_solution_is_invalid,
        proof_of_another_network_or_agent_is_invalid,
        b20_proof_holds_within_an_ipv6_network,
        b03_hops_of_a_stranger_are_not_believed,
        b03_client_is_the_right_most_hop_that_is_no_proxy,
        b10_hop_that_is_no_address_is_refused,
        keys_rotate_without_refusing_anybody,
        guards_refuse_in_their_order,
        b16_without_proofs_none_is_asked_for,
    };

    return UNIT_SUITE("guard", tests);
}
