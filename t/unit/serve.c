/* SPDX-License-Identifier: MIT */
/* The whole pipeline without a database: routing, parameters, and what is said while it is away. */
#include "ask.h"
#include "cursor.h"
#include "environment.h"
#include "route.h"
#include "unit.h"

#include <string.h>

#define CREATE "/api/listings/create"
#define SEARCH "/api/listings/search"
#define KEY ((struct str){"0123456789abcdef0123456789abcdef", 32})

START_TEST(b32_unknown_paths_are_not_found)
{
    static const char *const paths[] = {
        "",
        "/",
        "/api",
        "/api/",
        "/api/metrics",
        "/api/x",
        "/healthz",
        "/api/../pow/challenge",
        "/pow",
        "/api/listings/0",
        "/robots.txt",
        "/pow/challenge/",
        "/api/listings/",
        "/api/listings/1/reports",
        "/api/listings/0/report",
        "/api/listings//report",
    };

    ASK_START(NULL);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ask_expect(ASK("GET", paths[i]), 404, "NOT_FOUND", NULL);
        ask_expect(ASK("POST", paths[i]), 404, "NOT_FOUND", NULL);
        ask_expect(ASK("OPTIONS", paths[i]), 404, "NOT_FOUND", NULL);
    }
}
END_TEST

START_TEST(b35_every_route_answers_options_with_its_methods)
{
    ASK_START(NULL);
    for (const struct route *route = routes; route->path; route++) {
        const struct response *response = ASK("OPTIONS", ask_path(route));
        ck_assert_int_eq(response->status, 204);
        ck_assert_uint_eq(response->body.len, 0);
        ck_assert_ptr_nonnull(
            strstr(ask_header(response, "Allow"), route_method_name(route->method)));
    }
}
END_TEST

START_TEST(b35_every_route_refuses_other_methods_and_names_its_own)
{
    static const char *const methods[] = {"PUT", "DELETE", "PATCH", "TRACE", "get", "", "POST"};

    ASK_START(NULL);
    for (const struct route *route = routes; route->path; route++) {
        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
            const struct response *response;
            if (strcmp(methods[i], route_method_name(route->method)) == 0)
                continue;
            response = ASK(methods[i], ask_path(route));
            ask_expect(response, 405, "METHOD_NOT_ALLOWED", NULL);
            ck_assert_ptr_nonnull(ask_header(response, "Allow"));
        }
    }
}
END_TEST

START_TEST(b41_every_route_says_when_to_come_back_while_the_database_is_away)
{
    ASK_START("POW_ENABLE=false");
    for (const struct route *route = routes; route->path; route++) {
        const struct response *response = ASK(route_method_name(route->method), ask_path(route));
        if (route->function == NULL)
            continue;
        ask_expect(response, 503, "UNAVAILABLE", NULL);
        ck_assert_str_eq(ask_header(response, "Retry-After"), "2");
        ck_assert_ptr_nonnull(strstr(response->body.ptr, "\"retry_after\":2"));
        ck_assert_ptr_null(ask_header(response, "RateLimit"));
    }
}
END_TEST

START_TEST(worker_is_healthy_without_a_database)
{
    ASK_START(NULL);
    ask_expect(ASK("GET", "/api/healthz"), 200, "", NULL);
    ck_view(ASK("HEAD", "/api/healthz")->body, "{\"status\":\"ok\"}");
    ask_expect(ASK("GET", "/api/readyz"), 503, "UNAVAILABLE", NULL);
}
END_TEST

START_TEST(health_needs_no_client)
{
    ASK_START(NULL);
    ask_expect(ASK("GET", "/api/healthz", "REMOTE_ADDR="), 200, "", NULL);
}
END_TEST

START_TEST(challenge_is_as_configured)
{
    const struct response *response;

    ASK_START("POW_DIFFICULTY=21", "POW_ROUNDS=3", "POW_TTL_SECONDS=77");
    response = ASK("GET", "/pow/challenge");
    ask_expect(response, 200, "", NULL);
    ck_assert_ptr_nonnull(
        strstr(response->body.ptr,
               "\"difficulty\":21,\"rounds\":3,\"ttl_secs\":77,\"max_chars\":255,\"token\":\""));
}
END_TEST

START_TEST(b16_challenge_without_proofs_is_empty_json)
{
    ASK_START("POW_ENABLE=false");
    ck_view(ASK("GET", "/pow/challenge")->body,
            "{\"challenge\":\"\",\"difficulty\":0,\"rounds\":0,\"ttl_secs\":100,\"max_chars\":255,"
            "\"token\":\"\"}");
}
END_TEST

static void expect_search(const char *query, int status, const char *field)
{
    struct str variable = arena_format(&test_arena, "QUERY_STRING=%s", query);

    ask_expect(ASK("GET", SEARCH, variable.ptr), status,
               status == 503 ? "UNAVAILABLE" : "INVALID_INPUT", field);
}

START_TEST(b38_limit_outside_1_to_100_is_refused)
{
    static const char *const wrong[] = {
        "0", "101", "-1", "1.5", "x", "%31%00", "99999999999999999999"};

    ASK_START(NULL);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        expect_search(arena_format(&test_arena, "limit=%s", wrong[i]).ptr, 400, "limit");
    expect_search("limit=1&limit=1", 400, "limit");
    expect_search("limit=1", 503, NULL);
    expect_search("limit=100", 503, NULL);
    expect_search("limit=", 503, NULL);
}
END_TEST

START_TEST(b30_search_that_is_not_text_is_refused)
{
    ASK_START(NULL);
    expect_search("q=%00", 400, "q");
    expect_search("q=a%FF", 400, "q");
    expect_search("q=%ED%A0%80", 400, "q");
    expect_search("q=%", 400, "q");
    expect_search("q=a&q=b", 400, "q");
}
END_TEST

START_TEST(search_has_at_most_255_code_points)
{
    ASK_START(NULL);
    expect_search(arena_format(&test_arena, "q=%0255d", 0).ptr, 503, NULL);
    expect_search(arena_format(&test_arena, "q=%0256d", 0).ptr, 400, "q");
    expect_search(arena_format(&test_arena, "q=%%C3%%A9%0254d", 0).ptr, 503, NULL);
}
END_TEST

static struct str with_cursor(const char *query, struct str cursor)
{
    return arena_format(&test_arena, "%s&cursor=%.*s", query, STR_ARG(cursor));
}

START_TEST(b38_cursor_of_another_search_is_refused)
{
    struct str cursor = cursor_make(&test_arena, KEY, STR("zebra"), 7);

    ASK_START(NULL);
    expect_search(with_cursor("q=zebra", cursor).ptr, 503, NULL);
    expect_search(with_cursor("q=+zebra%0A", cursor).ptr, 503, NULL); /* white space is no query */
    expect_search(with_cursor("q=foo", cursor).ptr, 400, "cursor");
    expect_search(with_cursor("limit=5", cursor).ptr, 400, "cursor");
    expect_search("cursor=x", 400, "cursor");
    expect_search("cursor=", 503, NULL);
}
END_TEST

START_TEST(unknown_parameters_are_passed_over)
{
    ASK_START(NULL);
    expect_search("q=a&utm_source=x&b", 503, NULL);
}
END_TEST

static void expect_body(const char *body, int status, const char *code, const char *field)
{
    struct str variable = arena_format(&test_arena, "BODY=%s", body);

    ask_expect(ASK("POST", CREATE, variable.ptr), status, code, field);
}

START_TEST(body_that_is_no_json_object_with_text_is_refused)
{
    ASK_START("POW_ENABLE=false");
    expect_body("", 400, "INVALID_JSON", NULL);
    expect_body("{}", 400, "INVALID_JSON", NULL);
    expect_body("text=a", 400, "INVALID_JSON", NULL);
    expect_body("{\"text\":1}", 400, "INVALID_JSON", NULL);
    expect_body("{\"text\":\"a\",\"x\":1}", 400, "INVALID_JSON", NULL);
    expect_body("{\"text\":\"a\\ud800\"}", 400, "INVALID_JSON", NULL);
}
END_TEST

START_TEST(text_that_the_board_does_not_accept_is_named)
{
    ASK_START("POW_ENABLE=false", "POST_MAX_CHARS=3");
    expect_body("{\"text\":\"\"}", 400, "INVALID_INPUT", "text");
    expect_body("{\"text\":\" \\n\"}", 400, "INVALID_INPUT", "text");
    expect_body("{\"text\":\"abcd\"}", 400, "INVALID_INPUT", "text");
    expect_body("{\"text\":\"a\\u0007\"}", 400, "INVALID_INPUT", "text");
    expect_body("{\"text\":\"a\\u202e\"}", 400, "INVALID_INPUT", "text");
    expect_body("{\"text\":\"abc\"}", 503, "UNAVAILABLE", NULL);
}
END_TEST

START_TEST(b26_links_are_counted)
{
    ASK_START("POW_ENABLE=false", "POST_MAX_LINKS=1");
    expect_body("{\"text\":\"http://a www.b\"}", 422, "TEXT_REFUSED", "text");
    expect_body("{\"text\":\"http://a\"}", 503, "UNAVAILABLE", NULL);
}
END_TEST

START_TEST(cursor_outlives_a_change_of_keys)
{
    struct str cursor = cursor_make(&test_arena, KEY, STR("zebra"), 7);

    ASK_START("POW_SECRET_KEY=" TEST_LONG_KEY, "POW_SECRET_KEY_PREVIOUS=" TEST_KEY);
    expect_search(with_cursor("q=zebra", cursor).ptr, 503, NULL);
    ASK_START("POW_SECRET_KEY=" TEST_LONG_KEY);
    expect_search(with_cursor("q=zebra", cursor).ptr, 400, "cursor");
}
END_TEST

START_TEST(b17_body_is_judged_before_the_proof_is_spent)
{
    ASK_START(NULL);
    for (int i = 0; i < 3; i++) {
        const char *const *proof = ask_proof(NULL);
        ask_expect(ASK("POST", CREATE, proof[0], proof[1], proof[2], "BODY={"), 400, "INVALID_JSON",
                   NULL);
        ask_expect(ask("POST", CREATE, proof), 503, "UNAVAILABLE", NULL);
    }
}
END_TEST

Suite *serve_suite(void)
{
    const TTest *tests[] = {
        b32_unknown_paths_are_not_found,
        b35_every_route_answers_options_with_its_methods,
        b35_every_route_refuses_other_methods_and_names_its_own,
        b41_every_route_says_when_to_come_back_while_the_database_is_away,
        worker_is_healthy_without_a_database,
        health_needs_no_client,
        challenge_is_as_configured,
        b16_challenge_without_proofs_is_empty_json,
        b38_limit_outside_1_to_100_is_refused,
        b30_search_that_is_not_text_is_refused,
        search_has_at_most_255_code_points,
        b38_cursor_of_another_search_is_refused,
        unknown_parameters_are_passed_over,
        body_that_is_no_json_object_with_text_is_refused,
        text_that_the_board_does_not_accept_is_named,
        b26_links_are_counted,
        cursor_outlives_a_change_of_keys,
        b17_body_is_judged_before_the_proof_is_spent,
    };

    return UNIT_SUITE("serve", tests);
}
