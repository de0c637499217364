/* SPDX-License-Identifier: MIT */
/* Load and price: how hard a proof gets while many post. */
#include "price.h"
#include "environment.h"
#include "load.h"
#include "unit.h"

#include <math.h>

static struct config config;
static struct load load;

#define LOAD(...) load_settings((const char *const[]){__VA_ARGS__, NULL})

static void load_settings(const char *const *variables)
{
    struct str said;

    ck_assert_int_eq(environment_load(&config, variables, &said), 0);
}

static double work(struct price price)
{
    return price.rounds * exp2(price.difficulty);
}

START_TEST(quiet_board_asks_for_the_least)
{
    struct price price;

    LOAD("POW_DIFFICULTY=10", "POW_ROUNDS=4");
    price = price_of_post(&config, 0, 0);
    ck_assert_int_eq(price.difficulty, 10);
    ck_assert_int_eq(price.rounds, 4);
    price = price_of_post(&config, 3, 60);
    ck_assert_int_eq(price.difficulty, 10);
    ck_assert_int_eq(price.rounds, 4);
}
END_TEST

START_TEST(price_never_falls_while_load_rises)
{
    double last = 0;

    LOAD("POW_DIFFICULTY=10", "POW_ROUNDS=4", "POW_MAX_DIFFICULTY=40", "POW_MAX_ROUNDS=64");
    for (double posts = 0; posts < 1000; posts += 0.25) {
        double now = work(price_of_post(&config, posts, 0));
        ck_assert_double_ge(now, last);
        last = now;
    }
}
END_TEST

START_TEST(work_is_in_proportion_to_the_network_beyond_its_free_posts)
{
    double base;

    LOAD("POW_DIFFICULTY=10", "POW_ROUNDS=16", "POW_MAX_DIFFICULTY=40", "POW_MAX_ROUNDS=64",
         "POW_NETWORK_POSTS=2");
    base = work(price_of_post(&config, 2, 0));
    for (int times = 1; times < 100; times++) {
        double ratio = work(price_of_post(&config, 2 * times, 0)) / base;
        ck_assert_double_ge(ratio, times * 0.999);
        ck_assert_double_le(ratio, times * 1.07);
    }
}
END_TEST

START_TEST(price_stays_below_its_ceilings)
{
    LOAD("POW_DIFFICULTY=10", "POW_ROUNDS=4", "POW_MAX_DIFFICULTY=13", "POW_MAX_ROUNDS=6");
    for (double posts = 1; posts < 1e12; posts *= 3) {
        struct price price = price_of_post(&config, posts, posts);
        ck_assert_int_le(price.difficulty, 13);
        ck_assert_int_le(price.rounds, 6);
        ck_assert_int_ge(price.difficulty, 10);
        ck_assert_int_ge(price.rounds, 4);
    }
}
END_TEST

START_TEST(ceiling_below_the_least_does_not_make_it_cheaper)
{
    struct price price;

    LOAD("POW_DIFFICULTY=20", "POW_ROUNDS=16", "POW_MAX_DIFFICULTY=1", "POW_MAX_ROUNDS=1");
    price = price_of_post(&config, 1e6, 1e6);
    ck_assert_int_eq(price.difficulty, 20);
    ck_assert_int_eq(price.rounds, 16);
}
END_TEST

START_TEST(price_is_fixed_when_adaption_is_off)
{
    LOAD("POW_DIFFICULTY=10", "POW_ROUNDS=4", "POW_ADAPTIVE=false");
    ck_assert_double_eq(work(price_of_post(&config, 1e6, 1e6)), 4096);
}
END_TEST

START_TEST(load_is_counted_for_network_and_board)
{
    load_add(&load, STR("aaaaaaaa"), 3, 1000);
    load_add(&load, STR("bbbbbbbb"), 2, 1000);
    ck_assert_double_eq(load_network(&load, STR("aaaaaaaa"), 1000), 3);
    ck_assert_double_eq(load_network(&load, STR("bbbbbbbb"), 1000), 2);
    ck_assert_double_eq(load_network(&load, STR("cccccccc"), 1000), 0);
    ck_assert_double_eq(load_board(&load, 1000), 5);
}
END_TEST

START_TEST(load_fades_away)
{
    load_add(&load, STR("aaaaaaaa"), 100, 1000);
    ck_assert_double_eq_tol(load_network(&load, STR("aaaaaaaa"), 61000), 100 / M_E, 0.1);
    ck_assert_double_lt(load_board(&load, 1000 + 3600000), 0.001);
}
END_TEST

START_TEST(steady_rate_is_the_level)
{
    int64_t now_ms = 0;

    for (int minute = 0; minute < 20; minute++) {
        for (int post = 0; post < 60; post++)
            load_add(&load, STR("aaaaaaaa"), 1, now_ms += 1000);
    }
    ck_assert_double_eq_tol(load_network(&load, STR("aaaaaaaa"), now_ms), 60, 2);
}
END_TEST

START_TEST(more_networks_than_places_do_not_push_out_a_busy_one)
{
    load_add(&load, STR("the-flood"), 1000, 1000);
    for (uint64_t i = 1; i < 4 * LOAD_NETWORKS; i++) {
        uint64_t name = i * 0x9E3779B97F4A7C15u;
        load_add(&load, (struct str){.ptr = (const char *)&name, .len = sizeof(name)}, 1, 1000);
    }
    ck_assert_double_ge(load_network(&load, STR("the-flood"), 1000), 1000);
}
END_TEST

Suite *price_suite(void)
{
    const TTest *tests[] = {
        quiet_board_asks_for_the_least,
        price_never_falls_while_load_rises,
        work_is_in_proportion_to_the_network_beyond_its_free_posts,
        price_stays_below_its_ceilings,
        ceiling_below_the_least_does_not_make_it_cheaper,
        price_is_fixed_when_adaption_is_off,
        load_is_counted_for_network_and_board,
        load_fades_away,
        steady_rate_is_the_level,
        more_networks_than_places_do_not_push_out_a_busy_one,
    };

    return UNIT_SUITE("price", tests);
}
