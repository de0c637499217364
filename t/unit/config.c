/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "environment.h"
#include "unit.h"

#include <string.h>

static struct config config;
static struct str said;

#define LOAD(...) environment_load(&config, (const char *const[]){__VA_ARGS__, NULL}, &said)

static bool mentions(struct str text, const char *part)
{
    return strstr(text.ptr, part) != NULL;
}

START_TEST(empty_environment_gives_the_defaults)
{
    ck_assert_int_eq(LOAD(NULL), 0);
    ck_view(said, "");
    ck_assert_int_eq(config.pow_difficulty, 18);
    ck_assert_int_eq(config.pow_rounds, 16);
    ck_assert_int_eq(config.pow_ttl_secs, 100);
    ck_assert_int_eq(config.post_max_chars, 255);
    ck_assert_int_eq(config.body_limit_max_bytes, 4096);
    ck_assert(config.pow_enable);
    ck_assert(config.ip_rate_enable);
    ck_assert_uint_eq(config.pow_secret_key.len, 0);
}
END_TEST

START_TEST(defaults_are_within_their_ranges)
{
    ck_assert_int_eq(LOAD(NULL), 0);
#define PARAM_TEXT(field, name, standard, help)                                                    \
    ck_assert_uint_eq(config.field.len, sizeof(standard) - 1);
#define PARAM_INT(field, name, standard, least, most, help)                                        \
    ck_assert_int_ge(config.field, least);                                                         \
    ck_assert_int_le(config.field, most);
#define PARAM_BOOL(field, name, standard, help) ck_assert_int_eq(config.field, standard);
#define PARAM_CHOICE(field, name, standard, choices, help)                                         \
    ck_assert(mentions(STR(choices), standard));
#define PARAM_NETWORKS(field, name, help) ck_assert_int_eq(config.field.count, 0);
#define PARAM_SECRET(field, name, required, help) ck_assert_uint_eq(config.field.len, 0);
#include "params.def"
#undef PARAM_TEXT
#undef PARAM_INT
#undef PARAM_BOOL
#undef PARAM_CHOICE
#undef PARAM_NETWORKS
#undef PARAM_SECRET
}
END_TEST

START_TEST(empty_setting_is_not_set)
{
    ck_assert_int_eq(LOAD("POW_ROUNDS=", "POW_ENABLE=", "LOG_LEVEL=", "DATABASE_URL="), 0);
    ck_assert_int_eq(config.pow_rounds, 16);
    ck_assert(config.pow_enable);
}
END_TEST

START_TEST(settings_replace_defaults)
{
    ck_assert_int_eq(LOAD("POW_ROUNDS=1", "POW_ENABLE=false", "LOG_LEVEL=debug",
                          "DATABASE_URL=dbname=x", "WORKERS=3"),
                     0);
    ck_assert_int_eq(config.pow_rounds, 1);
    ck_assert(!config.pow_enable);
    ck_assert_int_eq(config.log_level, 3);
    ck_view(config.database_url, "dbname=x");
    ck_assert_int_eq(config.workers, 3);
}
END_TEST

/* Every number of the table: one below, one above, not a number. */
static void check_edges(const char *name, int64_t least, int64_t most)
{
    struct str inside = arena_format(&test_arena, "%s=%lld", name, (long long)most);
    struct str above = arena_format(&test_arena, "%s=%lld", name, (long long)most + 1);
    struct str below = arena_format(&test_arena, "%s=%lld", name, (long long)least - 1);
    struct str word = arena_format(&test_arena, "%s=many", name);

    ck_assert_int_eq(LOAD(inside.ptr), 0);
    ck_assert_int_eq(LOAD(above.ptr), 1);
    ck_assert(mentions(said, name));
    ck_assert_int_eq(LOAD(below.ptr), 1);
    ck_assert(mentions(
        said,
        arena_format(&test_arena, "from %lld to %lld", (long long)least, (long long)most).ptr));
    ck_assert_int_eq(LOAD(word.ptr), 1);
    ck_assert(mentions(said, "\"many\""));
}

START_TEST(every_number_is_held_to_its_range)
{
#define PARAM_TEXT(field, name, standard, help)
#define PARAM_INT(field, name, standard, least, most, help) check_edges(name, least, most);
#define PARAM_BOOL(field, name, standard, help)
#define PARAM_CHOICE(field, name, standard, choices, help)
#define PARAM_NETWORKS(field, name, help)
#define PARAM_SECRET(field, name, required, help)
#include "params.def"
#undef PARAM_TEXT
#undef PARAM_INT
#undef PARAM_BOOL
#undef PARAM_CHOICE
#undef PARAM_NETWORKS
#undef PARAM_SECRET
}
END_TEST

START_TEST(b15_difficulty_0_is_refused)
{
    ck_assert_int_eq(LOAD("POW_DIFFICULTY=0"), 1);
    ck_assert_int_eq(LOAD("POW_ROUNDS=0"), 1);
}
END_TEST

START_TEST(number_with_a_unit_or_blank_is_refused)
{
    ck_assert_int_eq(LOAD("POW_TTL_SECONDS=100s"), 1);
    ck_assert_int_eq(LOAD("POW_TTL_SECONDS= 100"), 1);
    ck_assert_int_eq(LOAD("POW_TTL_SECONDS=1e2"), 1);
    ck_assert_int_eq(LOAD("POW_TTL_SECONDS=-100"), 1);
    ck_assert_int_eq(LOAD("POW_TTL_SECONDS=99999999999999999999"), 1);
}
END_TEST

START_TEST(switch_is_true_or_false)
{
    ck_assert_int_eq(LOAD("POW_ENABLE=true", "IP_RATE_ENABLE=1"), 0);
    ck_assert(config.pow_enable && config.ip_rate_enable);
    ck_assert_int_eq(LOAD("POW_ENABLE=false", "IP_RATE_ENABLE=0"), 0);
    ck_assert(!config.pow_enable && !config.ip_rate_enable);
    ck_assert_int_eq(LOAD("POW_ENABLE=no"), 1);
    ck_view(said, "POW_ENABLE: must be true or false\n");
    ck_assert_int_eq(LOAD("POW_ENABLE=TRUE"), 1);
}
END_TEST

START_TEST(wrong_switch_leaves_the_guard_on)
{
    ck_assert_int_eq(LOAD("POW_ENABLE=falsch", "IP_RATE_ENABLE=off"), 2);
    ck_assert(config.pow_enable && config.ip_rate_enable);
}
END_TEST

START_TEST(choice_is_one_of_its_words)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};

    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(LOAD(arena_format(&test_arena, "LOG_LEVEL=%s", levels[i]).ptr), 0);
        ck_assert_int_eq(config.log_level, i);
    }
    ck_assert_int_eq(LOAD("LOG_LEVEL=loud"), 1);
    ck_view(said, "LOG_LEVEL: must be one of: error warn info debug, not \"loud\"\n");
    ck_assert_int_eq(LOAD("LOG_LEVEL=error warn"), 1);
    ck_assert_int_eq(LOAD("LOG_LEVEL= "), 1);
}
END_TEST

START_TEST(networks_are_read_and_printed)
{
    ck_assert_int_eq(LOAD("IP_RATE_EXEMPT=192.0.2.0/24, 2001:db8::/32 ::1"), 0);
    ck_assert_int_eq(config.ip_rate_exempt.count, 3);
    ck_assert(mentions(environment_printed(&config, config_print),
                       "\nIP_RATE_EXEMPT=192.0.2.0/24 2001:db8::/32 ::1/128\n"));
    ck_assert_int_eq(LOAD("TRUSTED_PROXIES=192.0.2.1/24"), 1);
    ck_assert(mentions(said, "TRUSTED_PROXIES: must be networks"));
}
END_TEST

START_TEST(every_wrong_setting_is_named)
{
    ck_assert_int_eq(LOAD("POW_ROUNDS=x", "POW_ENABLE=x", "LOG_LEVEL=x", "SERVER_SALT=x"), 4);
    ck_assert(mentions(said, "POW_ROUNDS: "));
    ck_assert(mentions(said, "POW_ENABLE: "));
    ck_assert(mentions(said, "LOG_LEVEL: "));
    ck_assert(mentions(said, "SERVER_SALT: "));
}
END_TEST

START_TEST(printing_shows_every_setting_as_it_would_be_given)
{
    struct str printed;

    ck_assert_int_eq(LOAD("POW_ROUNDS=7", "POW_ENABLE=0", "LOG_LEVEL=warn"), 0);
    printed = environment_printed(&config, config_print);
    ck_assert(mentions(printed, "\nPOW_ROUNDS=7\n"));
    ck_assert(mentions(printed, "\nPOW_ENABLE=false\n"));
    ck_assert(mentions(printed, "\nLOG_LEVEL=warn\n"));
    ck_assert(mentions(printed, "DATABASE_URL=dbname=initialsdb user=initialsdb\n"));
}
END_TEST

START_TEST(printing_tells_no_password)
{
    ck_assert_int_eq(LOAD("DATABASE_URL=host=h password=geheim dbname=d",
                          "MIGRATE_DATABASE_URL=postgres://u:geheim@h/d",
                          "ADMIN_DATABASE_URL=postgresql://h/d?password=geheim"),
                     0);
    ck_assert(!mentions(environment_printed(&config, config_print), "geheim"));
}
END_TEST

static void describe(const struct config *unused, FILE *out)
{
    (void)unused;
    config_describe(out);
}

START_TEST(description_names_every_setting)
{
    struct str text = environment_printed(NULL, describe);

#define PARAM_TEXT(field, name, standard, help)                                                    \
    ck_assert(mentions(text, *standard ? name " (default " standard ")" : name "\n"));
#define PARAM_INT(field, name, standard, least, most, help)                                        \
    ck_assert(mentions(text, name " (default " #standard ")"));
#define PARAM_BOOL(field, name, standard, help) ck_assert(mentions(text, name " (default "));
#define PARAM_CHOICE(field, name, standard, choices, help)                                         \
    ck_assert(mentions(text, " One of: " choices "."));
#define PARAM_NETWORKS(field, name, help) ck_assert(mentions(text, name "\n    " help));
#define PARAM_SECRET(field, name, required, help) ck_assert(mentions(text, name "\n    " help));
#include "params.def"
#undef PARAM_TEXT
#undef PARAM_INT
#undef PARAM_BOOL
#undef PARAM_CHOICE
#undef PARAM_NETWORKS
#undef PARAM_SECRET
}
END_TEST

Suite *config_suite(void)
{
    const TTest *tests[] = {
        empty_environment_gives_the_defaults,
        defaults_are_within_their_ranges,
        empty_setting_is_not_set,
        settings_replace_defaults,
        every_number_is_held_to_its_range,
        b15_difficulty_0_is_refused,
        number_with_a_unit_or_blank_is_refused,
        switch_is_true_or_false,
        wrong_switch_leaves_the_guard_on,
        choice_is_one_of_its_words,
        networks_are_read_and_printed,
        every_wrong_setting_is_named,
        printing_shows_every_setting_as_it_would_be_given,
        printing_tells_no_password,
        description_names_every_setting,
    };

    return UNIT_SUITE("config", tests);
}
