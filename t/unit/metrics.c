/* SPDX-License-Identifier: MIT */
#include "metrics.h"
#include "route.h"
#include "unit.h"

#include <ctype.h>
#include <string.h>

static struct metrics metrics;

static void observe(int route, int status, const char *code, int64_t total_us)
{
    struct observation observation = {.route = route,
                                      .status = status,
                                      .code = str_from(code),
                                      .queue_us = 10,
                                      .database_us = total_us / 2,
                                      .total_us = total_us,
                                      .bytes = 100,
                                      .sent = true};

    metrics_observe(&metrics, &observation);
}

START_TEST(requests_are_counted_by_route_and_class)
{
    observe(1, 200, "", 50);
    observe(1, 204, "", 50);
    observe(1, 404, "NOT_FOUND", 50);
    observe(2, 503, "UNAVAILABLE", 50);
    ck_assert_uint_eq(metrics.requests[1][0], 2);
    ck_assert_uint_eq(metrics.requests[1][2], 1);
    ck_assert_uint_eq(metrics.requests[2][3], 1);
    ck_assert_uint_eq(metrics.refusals[PROBLEM_NOT_FOUND], 1);
    ck_assert_uint_eq(metrics.refusals[PROBLEM_UNAVAILABLE], 1);
    ck_assert_uint_eq(metrics.counters[COUNT_BYTES], 400);
    ck_assert_uint_eq(histogram_count(&metrics.total[1]), 3);
    ck_assert_uint_eq(histogram_count(&metrics.queue), 4);
}
END_TEST

START_TEST(what_never_asked_the_database_is_not_in_its_histogram)
{
    observe(1, 200, "", 0);
    observe(1, 200, "", 1000);
    ck_assert_uint_eq(histogram_count(&metrics.database), 1);
}
END_TEST

START_TEST(unsent_answers_are_counted)
{
    struct observation observation = {.status = 200};

    metrics_observe(&metrics, &observation);
    ck_assert_uint_eq(metrics.counters[COUNT_UNSENT], 1);
}
END_TEST

START_TEST(what_has_no_place_is_not_written_elsewhere)
{
    observe(METRICS_ROUTES, 200, "", 1);
    ck_assert_uint_eq(metrics.requests[0][0], 1);
    observe(1, 0, "", 1);
    observe(1, 100, "", 1);
    observe(1, 600, "", 1);
    ck_assert_uint_eq(histogram_count(&metrics.total[1]), 0);
}
END_TEST

START_TEST(without_metrics_nothing_is_counted)
{
    struct observation observation = {.status = 200};

    metrics_count(NULL, COUNT_BYTES);
    metrics_observe(NULL, &observation);
}
END_TEST

START_TEST(time_is_in_the_bucket_that_bounds_it)
{
    for (int i = 0; i < METRICS_BUCKETS - 1; i++) {
        observe(1, 200, "", metrics_bounds_us[i]);
        ck_assert_uint_eq(metrics.total[1].buckets[i], i == 0 ? 1 : 2);
        observe(1, 200, "", metrics_bounds_us[i] + 1);
        ck_assert_uint_eq(metrics.total[1].buckets[i + 1], 1);
    }
}
END_TEST

START_TEST(quantiles_lie_within_their_bucket)
{
    for (int i = 0; i < 90; i++)
        observe(1, 200, "", 800);
    for (int i = 0; i < 10; i++)
        observe(1, 200, "", 40000);
    ck_assert_int_gt(histogram_quantile_us(&metrics.total[1], 0.5), 500);
    ck_assert_int_le(histogram_quantile_us(&metrics.total[1], 0.9), 1000);
    ck_assert_int_gt(histogram_quantile_us(&metrics.total[1], 0.95), 25000);
    ck_assert_int_le(histogram_quantile_us(&metrics.total[1], 1), 50000);
}
END_TEST

START_TEST(quantile_of_nothing_is_0)
{
    ck_assert_int_eq(histogram_quantile_us(&metrics.total[1], 0.5), 0);
}
END_TEST

START_TEST(quantile_beyond_the_last_bound_is_that_bound)
{
    observe(1, 200, "", INT64_C(3600000000));
    ck_assert_int_eq(histogram_quantile_us(&metrics.total[1], 0.5),
                     metrics_bounds_us[METRICS_BUCKETS - 2]);
}
END_TEST

START_TEST(every_counter_has_a_name_of_its_own_and_a_sentence)
{
    for (int i = 0; i < COUNTERS; i++) {
        const char *name = metrics_counter_name(i);
        for (const char *c = name; *c; c++)
            ck_assert(islower((unsigned char)*c) || *c == '_');
        ck_assert_str_eq(name + strlen(name) - strlen("_total"), "_total");
        ck_assert_int_eq(metrics_counter_help(i)[strlen(metrics_counter_help(i)) - 1], '.');
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(name, metrics_counter_name(j));
    }
}
END_TEST

START_TEST(every_end_has_a_name)
{
    for (int i = 0; i < END_KINDS; i++)
        ck_assert_uint_gt(strlen(metrics_end_name(i)), 0);
}
END_TEST

START_TEST(there_is_room_for_every_route)
{
    int number = 0;

    ck_assert_int_eq(route_number(NULL), 0);
    for (const struct route *route = routes; route->path; route++) {
        ck_assert_int_eq(route_number(route), ++number);
        ck_assert_str_eq(route_name(number), route->path);
    }
    ck_assert_int_lt(number, METRICS_ROUTES);
    ck_assert_str_eq(route_name(0), "none");
    ck_assert_str_eq(route_name(number + 1), "none");
    ck_assert_str_eq(route_name(-1), "none");
}
END_TEST

Suite *metrics_suite(void)
{
    const TTest *tests[] = {
        requests_are_counted_by_route_and_class,
        what_never_asked_the_database_is_not_in_its_histogram,
        unsent_answers_are_counted,
        what_has_no_place_is_not_written_elsewhere,
        without_metrics_nothing_is_counted,
        time_is_in_the_bucket_that_bounds_it,
        quantiles_lie_within_their_bucket,
        quantile_of_nothing_is_0,
        quantile_beyond_the_last_bound_is_that_bound,
        every_counter_has_a_name_of_its_own_and_a_sentence,
        every_end_has_a_name,
        there_is_room_for_every_route,
    };

    return UNIT_SUITE("metrics", tests);
}
