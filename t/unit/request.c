/* SPDX-License-Identifier: MIT */
#include "request.h"
#include "clock.h"
#include "unit.h"

#include <ctype.h>
#include <string.h>

static struct request made(const char *const *variables)
{
    struct request request;

    request_init(&request, &test_arena, (char *const *)variables);
    return request;
}

#define MADE(...) made((const char *const[]){__VA_ARGS__, NULL})

START_TEST(every_variable_in_use_has_its_field)
{
    struct request request =
        MADE("REQUEST_METHOD=POST", "PATH_INFO=/p", "QUERY_STRING=a=b", "REMOTE_ADDR=192.0.2.1",
             "CONTENT_LENGTH=7", "CONTENT_TYPE=text/x", "HTTP_HOST=h", "HTTP_ORIGIN=o",
             "HTTP_SEC_FETCH_SITE=s", "HTTP_USER_AGENT=u", "HTTP_X_POW_CHALLENGE=c",
             "HTTP_X_POW_NONCE=n", "HTTP_X_POW_TOKEN=t");

    ck_assert_int_eq(request.method, METHOD_POST);
    ck_view(request.path, "/p");
    ck_view(request.query, "a=b");
    ck_view(request.remote_addr, "192.0.2.1");
    ck_view(request.content_length, "7");
    ck_view(request.content_type, "text/x");
    ck_view(request.host, "h");
    ck_view(request.origin, "o");
    ck_view(request.fetch_site, "s");
    ck_view(request.user_agent, "u");
    ck_view(request.pow_challenge, "c");
    ck_view(request.pow_nonces, "n");
    ck_view(request.pow_token, "t");
}
END_TEST

START_TEST(absent_variables_are_empty)
{
    struct request request = made((const char *const[]){NULL});

    ck_assert_int_eq(request.method, METHOD_OTHER);
    ck_view(request.path, "");
    ck_view(request.user_agent, "");
    ck_view(request.remote_addr, "");
    ck_view(request.body, "");
    ck_assert_int_eq(request.body_state, BODY_WHOLE);
}
END_TEST

START_TEST(variable_is_found_by_its_whole_name)
{
    struct request request = MADE("XPATH_INFO=/x", "PATH_INFOX=/y", "PATH_INFO", "PATH_INFO=/z=1");

    ck_view(request.path, "/z=1");
}
END_TEST

START_TEST(b01_no_header_names_the_client)
{
    struct request request =
        MADE("HTTP_X_TEST_IP=9.9.9.9", "HTTP_X_FORWARDED_FOR=9.9.9.9", "HTTP_CLIENT_IP=9.9.9.9",
             "HTTP_X_REAL_IP=9.9.9.9", "HTTP_REMOTE_ADDR=9.9.9.9", "HTTP_FORWARDED=for=9.9.9.9",
             "REMOTE_ADDR=192.0.2.1", "HTTP_TRUE_CLIENT_IP=9.9.9.9");

    ck_view(request.remote_addr, "192.0.2.1");
}
END_TEST

START_TEST(b03_client_ip_of_the_web_server_goes_before_the_peer)
{
    ck_view(MADE("REMOTE_ADDR=192.0.2.1", "CLIENT_IP=2001:db8::1").remote_addr, "2001:db8::1");
    ck_view(MADE("REMOTE_ADDR=192.0.2.1", "CLIENT_IP=").remote_addr, "192.0.2.1");
}
END_TEST

START_TEST(method_is_compared_with_case)
{
    ck_assert_int_eq(MADE("REQUEST_METHOD=GET").method, METHOD_GET);
    ck_assert_int_eq(MADE("REQUEST_METHOD=HEAD").method, METHOD_HEAD);
    ck_assert_int_eq(MADE("REQUEST_METHOD=OPTIONS").method, METHOD_OPTIONS);
    ck_assert_int_eq(MADE("REQUEST_METHOD=get").method, METHOD_OTHER);
    ck_assert_int_eq(MADE("REQUEST_METHOD=GETS").method, METHOD_OTHER);
    ck_assert_int_eq(MADE("REQUEST_METHOD=DELETE").method, METHOD_OTHER);
    ck_assert_int_eq(MADE("REQUEST_METHOD=").method, METHOD_OTHER);
}
END_TEST

START_TEST(each_request_has_its_own_id)
{
    struct request first = MADE("PATH_INFO=/");
    struct request second = MADE("PATH_INFO=/");

    ck_assert_uint_eq(first.id.len, 16);
    for (size_t i = 0; i < first.id.len; i++)
        ck_assert(isxdigit((unsigned char)first.id.ptr[i]));
    ck_assert(!str_equal(first.id, second.id));
}
END_TEST

static enum body_state state_of(const char *length, struct str body, bool complete)
{
    struct str variable = arena_format(&test_arena, "CONTENT_LENGTH=%s", length);
    struct request request = MADE(variable.ptr);

    request_set_body(&request, body, 4, complete);
    ck_assert(str_equal(request.body, body));
    return request.body_state;
}

START_TEST(body_within_the_limit_is_whole)
{
    ck_assert_int_eq(state_of("3", STR("abc"), true), BODY_WHOLE);
    ck_assert_int_eq(state_of("4", STR("abcd"), true), BODY_WHOLE);
    ck_assert_int_eq(state_of("0", STR(""), true), BODY_WHOLE);
}
END_TEST

START_TEST(b24_body_over_the_limit_is_too_large_however_announced)
{
    static const char *const lengths[] = {"5", "3", "", "-1", "99999999999999999999", "x"};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        ck_assert_int_eq(state_of(lengths[i], STR("abcde"), true), BODY_TOO_LARGE);
}
END_TEST

START_TEST(body_that_is_cut_off_is_broken)
{
    ck_assert_int_eq(state_of("3", STR("ab"), true), BODY_BROKEN);
    ck_assert_int_eq(state_of("3", STR("ab"), false), BODY_BROKEN);
    ck_assert_int_eq(state_of("", STR("ab"), false), BODY_BROKEN);
}
END_TEST

START_TEST(body_longer_than_announced_is_broken)
{
    ck_assert_int_eq(state_of("2", STR("abc"), true), BODY_BROKEN);
}
END_TEST

START_TEST(announcement_over_the_limit_is_too_large_even_when_less_came)
{
    ck_assert_int_eq(state_of("9000", STR("abc"), true), BODY_TOO_LARGE);
    ck_assert_int_eq(state_of("9000", STR(""), true), BODY_TOO_LARGE);
}
END_TEST

START_TEST(chunked_body_needs_no_length)
{
    ck_assert_int_eq(state_of("", STR("abc"), true), BODY_WHOLE);
    ck_assert_int_eq(state_of("-1", STR("abc"), true), BODY_WHOLE);
}
END_TEST

static bool query(const char *text, const char *name, const char *expected)
{
    struct str variable = arena_format(&test_arena, "QUERY_STRING=%s", text);
    struct request request = MADE(variable.ptr);
    struct str value;

    return request_query(&request, name, &value) && str_equal(value, str_from(expected));
}

START_TEST(query_values_are_found_by_name)
{
    ck_assert(query("q=a&limit=2", "q", "a"));
    ck_assert(query("q=a&limit=2", "limit", "2"));
    ck_assert(query("q=a&limit=2", "cursor", ""));
    ck_assert(query("", "q", ""));
    ck_assert(query("qq=a", "q", ""));
    ck_assert(query("&&q=a&", "q", "a"));
}
END_TEST

START_TEST(query_values_are_decoded)
{
    ck_assert(query("q=a+b%26c%3D", "q", "a b&c="));
    ck_assert(query("q=a=b", "q", "a=b"));
    ck_assert(query("%71=a", "q", "a"));
    ck_assert(query("q", "q", ""));
    ck_assert(query("q=", "q", ""));
}
END_TEST

static bool is_refused(const char *text)
{
    struct str variable = arena_format(&test_arena, "QUERY_STRING=%s", text);
    struct request request = MADE(variable.ptr);
    struct str value;

    return !request_query(&request, "q", &value);
}

START_TEST(broken_escape_or_second_occurrence_is_refused)
{
    ck_assert(is_refused("q=%"));
    ck_assert(is_refused("q=%zz"));
    ck_assert(is_refused("%zz=a&q=a"));
    ck_assert(is_refused("q=a&q=a"));
    ck_assert(is_refused("q=a&%71=b"));
    ck_assert(is_refused("q&q"));
}
END_TEST

static int64_t queue_ms(const char *start)
{
    struct str variable = arena_format(&test_arena, "REQUEST_START_MS=%s", start);
    struct request request = MADE(variable.ptr);

    ck_assert_int_eq(request.queue_us % 1000, 0);
    ck_assert_int_le(request.started_us + request.queue_us, clock_monotonic_us());
    return request.queue_us / 1000;
}

START_TEST(time_in_the_queue_is_what_the_web_server_says)
{
    long long now_ms = (long long)clock_epoch_ms();

    ck_assert_int_ge(queue_ms(arena_format(&test_arena, "%lld", now_ms - 500).ptr), 500);
    ck_assert_int_lt(queue_ms(arena_format(&test_arena, "%lld", now_ms - 500).ptr), 60000);
}
END_TEST

START_TEST(time_in_the_queue_that_is_not_credible_is_not_believed)
{
    static const char *const starts[] = {
        "", "0", "1", "-1", "x", "99999999999999", "9223372036854775807", "9223372036854775808"};

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
        ck_assert_int_eq(queue_ms(starts[i]), 0);
}
END_TEST

Suite *request_suite(void)
{
    const TTest *tests[] = {
        every_variable_in_use_has_its_field,
        absent_variables_are_empty,
        variable_is_found_by_its_whole_name,
        b01_no_header_names_the_client,
        b03_client_ip_of_the_web_server_goes_before_the_peer,
        method_is_compared_with_case,
        each_request_has_its_own_id,
        body_within_the_limit_is_whole,
        b24_body_over_the_limit_is_too_large_however_announced,
        body_that_is_cut_off_is_broken,
        body_longer_than_announced_is_broken,
        announcement_over_the_limit_is_too_large_even_when_less_came,
        chunked_body_needs_no_length,
        query_values_are_found_by_name,
        query_values_are_decoded,
        broken_escape_or_second_occurrence_is_refused,
        time_in_the_queue_is_what_the_web_server_says,
        time_in_the_queue_that_is_not_credible_is_not_believed,
    };

    return UNIT_SUITE("request", tests);
}
