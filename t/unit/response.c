/* SPDX-License-Identifier: MIT */
#include "response.h"
#include "unit.h"

#include <string.h>

static struct response response;

static const char *rendered(bool without_body)
{
    struct str bytes =
        response_render(&response, &test_arena, STR("0123456789abcdef"), without_body);

    return arena_copy(&test_arena, bytes).ptr;
}

static const char *json_answer(bool without_body)
{
    response_init(&response);
    response_json(&response, 200, STR("{\"count\":1}"));
    return rendered(without_body);
}

START_TEST(answer_is_status_headers_and_body)
{
    ck_assert_str_eq(json_answer(false), "Status: 200 OK\r\n"
                                         "Content-Type: application/json\r\n"
                                         "Content-Length: 11\r\n"
                                         "X-Request-Id: 0123456789abcdef\r\n"
                                         "X-Content-Type-Options: nosniff\r\n"
                                         "Cache-Control: no-store\r\n"
                                         "\r\n"
                                         "{\"count\":1}");
}
END_TEST

START_TEST(head_differs_from_get_by_the_body_only)
{
    const char *get = json_answer(false);
    const char *head = json_answer(true);

    ck_assert_uint_eq(strlen(get), strlen(head) + strlen("{\"count\":1}"));
    ck_assert_int_eq(strncmp(get, head, strlen(head)), 0);
}
END_TEST

START_TEST(no_content_has_neither_length_nor_type)
{
    response_init(&response);
    response.status = 204;
    ck_assert_ptr_null(strstr(rendered(false), "Content-Length"));
    ck_assert_ptr_null(strstr(rendered(false), "\r\nContent-Type:"));
}
END_TEST

START_TEST(headers_follow_in_their_order)
{
    response_init(&response);
    response_json(&response, 201, STR("{}"));
    response_header(&response, "Location", STR("/m/1"));
    response_header(&response, "X-A", STR("b"));
    ck_assert_ptr_nonnull(strstr(rendered(false), "\r\nLocation: /m/1\r\nX-A: b\r\n\r\n{}"));
}
END_TEST

START_TEST(cache_control_of_the_handler_replaces_no_store)
{
    response_init(&response);
    response_json(&response, 200, STR("{}"));
    response_header(&response, "Cache-Control", STR("max-age=60"));
    ck_assert_ptr_nonnull(strstr(rendered(false), "Cache-Control: max-age=60\r\n"));
    ck_assert_ptr_null(strstr(rendered(false), "no-store"));
}
END_TEST

START_TEST(body_may_hold_any_byte)
{
    struct str bytes;

    response_init(&response);
    response_json(&response, 200, STR("a\0b"));
    bytes = response_render(&response, &test_arena, STR("id"), false);
    ck_assert_ptr_nonnull(strstr(bytes.ptr, "Content-Length: 3\r\n"));
    ck_assert_mem_eq(bytes.ptr + bytes.len - 3, "a\0b", 3);
}
END_TEST

START_TEST(room_for_headers_is_enough_for_the_most)
{
    response_init(&response);
    response_json(&response, 200, STR("{}"));
    for (int i = 0; i < RESPONSE_MAX_HEADERS; i++)
        response_header(&response, "X", STR("y"));
    ck_assert_int_eq(response.header_count, RESPONSE_MAX_HEADERS);
}
END_TEST

START_TEST(status_that_is_not_in_use_has_a_phrase_too)
{
    ck_assert_str_eq(response_reason(200), "OK");
    ck_assert_str_eq(response_reason(599), "Unknown");
}
END_TEST

Suite *response_suite(void)
{
    const TTest *tests[] = {
        answer_is_status_headers_and_body,
        head_differs_from_get_by_the_body_only,
        no_content_has_neither_length_nor_type,
        headers_follow_in_their_order,
        cache_control_of_the_handler_replaces_no_store,
        body_may_hold_any_byte,
        room_for_headers_is_enough_for_the_most,
        status_that_is_not_in_use_has_a_phrase_too,
    };

    return UNIT_SUITE("response", tests);
}
