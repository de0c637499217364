/* SPDX-License-Identifier: MIT */
#include "problem.h"
#include "unit.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static struct response response;

/* The parsed body of a refusal. json.c points cJSON at its own arena; here memory is plain. */
static cJSON *refusal(enum problem problem, const struct problem_detail *detail)
{
    cJSON *body;

    response_init(&response);
    problem_respond(&response, &test_arena, problem, detail);
    cJSON_InitHooks(NULL);
    body = cJSON_ParseWithLength(response.body.ptr, response.body.len);
    ck_assert_ptr_nonnull(body);
    return body;
}

static const char *error_text(const cJSON *body, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(body, "error"), name));
}

static double error_number(const cJSON *body, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItem(cJSON_GetObjectItem(body, "error"), name));
}

static const char *header(const char *name)
{
    for (int i = 0; i < response.header_count; i++) {
        if (strcmp(response.headers[i].name, name) == 0)
            return response.headers[i].value.ptr;
    }
    return NULL;
}

START_TEST(every_problem_has_the_reason_phrase_of_its_status)
{
    for (int i = 0; i < PROBLEMS; i++) {
        cJSON *body = refusal((enum problem)i, NULL);
        const char *title = cJSON_GetStringValue(cJSON_GetObjectItem(body, "title"));
        ck_assert_str_ne(title, "Unknown");
        ck_assert_str_eq(title, response_reason(response.status));
        ck_assert_int_eq(cJSON_GetObjectItem(body, "status")->valueint, response.status);
        cJSON_Delete(body);
    }
}
END_TEST

START_TEST(every_problem_is_an_error_with_code_and_sentence)
{
    for (int i = 0; i < PROBLEMS; i++) {
        cJSON *body = refusal((enum problem)i, NULL);
        const char *message = error_text(body, "message");
        ck_assert_int_ge(response.status, 400);
        ck_view(response.content_type, "application/problem+json");
        ck_view(response.code, error_text(body, "code"));
        ck_assert_uint_gt(strlen(message), 10);
        ck_assert_int_eq(message[strlen(message) - 1], '.');
        ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(body, "detail")), message);
        cJSON_Delete(body);
    }
}
END_TEST

START_TEST(further_members_stand_beside_the_standard_ones)
{
    struct problem_detail detail = {.members = STR("{\"newer\":9007199254740993,\"older\":2}")};
    cJSON *body = refusal(PROBLEM_HIDDEN, &detail);
    ck_assert_str_eq(error_text(body, "code"), "HIDDEN");
    ck_assert_ptr_nonnull(strstr(response.body.ptr, "},\"newer\":9007199254740993,\"older\":2}"));
    cJSON_Delete(body);
    detail.members = STR("{}");
    cJSON_Delete(refusal(PROBLEM_HIDDEN, &detail));
}
END_TEST

START_TEST(code_leads_back_to_its_problem)
{
    for (int i = 0; i < PROBLEMS; i++) {
        cJSON_Delete(refusal((enum problem)i, NULL));
        ck_assert_int_eq(problem_from_code(response.code), i);
    }
}
END_TEST

START_TEST(unknown_code_is_our_own_error)
{
    ck_assert_int_eq(problem_from_code(STR("NO_SUCH_CODE")), PROBLEM_INTERNAL_ERROR);
    ck_assert_int_eq(problem_from_code(STR("")), PROBLEM_INTERNAL_ERROR);
    ck_assert_int_eq(problem_from_code(STR("not_found")), PROBLEM_INTERNAL_ERROR);
}
END_TEST

START_TEST(b23_refusals_are_told_apart_by_status)
{
    static const struct {
        enum problem problem;
        int status;
    } rows[] = {{PROBLEM_RATE_LIMITED, 429}, {PROBLEM_BODY_TOO_LARGE, 413},
                {PROBLEM_POW_REQUIRED, 403}, {PROBLEM_POW_EXPIRED, 403},
                {PROBLEM_POW_SPENT, 409},    {PROBLEM_UNSUPPORTED_MEDIA_TYPE, 415},
                {PROBLEM_UNAVAILABLE, 503},  {PROBLEM_METHOD_NOT_ALLOWED, 405}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cJSON_Delete(refusal(rows[i].problem, NULL));
        ck_assert_int_eq(response.status, rows[i].status);
    }
}
END_TEST

START_TEST(details_that_are_not_given_are_left_out)
{
    cJSON *body = refusal(PROBLEM_NOT_FOUND, &(struct problem_detail){0});

    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(body, "error")), 2);
    ck_assert_int_eq(response.header_count, 0);
    cJSON_Delete(body);
}
END_TEST

START_TEST(details_that_are_given_are_members)
{
    struct problem_detail detail = {
        .message = STR("Because."), .field = "text", .id = 42, .retry_after_s = 12};
    cJSON *body = refusal(PROBLEM_DUPLICATE, &detail);

    ck_assert_str_eq(error_text(body, "message"), "Because.");
    ck_assert_str_eq(error_text(body, "field"), "text");
    ck_assert_double_eq(error_number(body, "id"), 42);
    ck_assert_double_eq(error_number(body, "retry_after"), 12);
    cJSON_Delete(body);
}
END_TEST

START_TEST(time_to_wait_is_a_header_too)
{
    struct problem_detail detail = {.retry_after_s = 12};

    cJSON_Delete(refusal(PROBLEM_RATE_LIMITED, &detail));
    ck_assert_str_eq(header("Retry-After"), "12");
    cJSON_Delete(refusal(PROBLEM_RATE_LIMITED, NULL));
    ck_assert_ptr_null(header("Retry-After"));
}
END_TEST

START_TEST(headers_that_were_set_before_stay)
{
    response_init(&response);
    response_header(&response, "Allow", STR("GET"));
    problem_respond(&response, &test_arena, PROBLEM_METHOD_NOT_ALLOWED, NULL);
    ck_assert_str_eq(header("Allow"), "GET");
}
END_TEST

Suite *problem_suite(void)
{
    const TTest *tests[] = {
        every_problem_has_the_reason_phrase_of_its_status,
        every_problem_is_an_error_with_code_and_sentence,
        further_members_stand_beside_the_standard_ones,
        code_leads_back_to_its_problem,
        unknown_code_is_our_own_error,
        b23_refusals_are_told_apart_by_status,
        details_that_are_not_given_are_left_out,
        details_that_are_given_are_members,
        time_to_wait_is_a_header_too,
        headers_that_were_set_before_stay,
    };

    return UNIT_SUITE("problem", tests);
}
