/* SPDX-License-Identifier: MIT */
/* Settings that follow from others: those of the origin, and those of one board among several. */
#include "standard.h"
#include "environment.h"
#include "secrets.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct config config;
static struct str said;

#define LOAD(...) environment_load(&config, (const char *const[]){__VA_ARGS__, NULL}, &said)

START_TEST(names_of_the_origin_lead_to_its_database)
{
    ck_assert_int_eq(
        LOAD("POSTGRES_HOST=h", "POSTGRES_DB=d", "POSTGRES_USER=u", "POSTGRES_PASSWORD=it's \\"),
        0);
    ck_view(config.database_url, "host='h' dbname='d' user='u' password='it\\'s \\\\'");
    ck_assert_ptr_nonnull(strstr(config.migrate_database_url.ptr, "user='u_owner'"));
    ck_view(config.admin_database_url, "host='h' dbname='postgres'");
}
END_TEST

START_TEST(own_setting_goes_before_the_origins)
{
    ck_assert_int_eq(LOAD("POSTGRES_DB=d", "DATABASE_URL=dbname=own", "IP_RATE_MAX_REQUESTS=9",
                          "POST_RATE_MAX_REQUESTS=4"),
                     0);
    ck_view(config.database_url, "dbname=own");
    ck_assert_int_eq(config.post_rate_max_requests, 4);
}
END_TEST

START_TEST(budget_of_the_origin_is_the_posts_and_reads_get_eight_times_as_many)
{
    ck_assert_int_eq(LOAD("IP_RATE_MAX_REQUESTS=9", "IP_RATE_WINDOW_MS=5000"), 0);
    ck_assert_int_eq(config.post_rate_max_requests, 9);
    ck_assert_int_eq(config.read_rate_max_requests, 72);
    ck_assert_int_eq(config.post_rate_window_ms, 5000);
    ck_assert_int_eq(config.read_rate_window_ms, 5000);
}
END_TEST

START_TEST(wrong_budget_of_the_origin_is_refused)
{
    ck_assert_int_gt(LOAD("IP_RATE_MAX_REQUESTS=many"), 0);
    ck_assert_int_gt(LOAD("IP_RATE_WINDOW_MS=0"), 0);
}
END_TEST

START_TEST(board_has_database_and_socket_of_its_own)
{
    ck_assert_int_eq(LOAD("BOARD=jobs"), 0);
    ck_view(config.database_url, "dbname=initialsdb-jobs user=initialsdb-jobs");
    ck_view(config.migrate_database_url, "dbname=initialsdb-jobs user=initialsdb-jobs_owner");
    ck_view(config.socket_path, "/run/initialsdb-jobs/initialsdb.sock");
}
END_TEST

START_TEST(name_of_a_board_is_letters_digits_and_hyphens)
{
    static const char *const good[] = {"a", "jobs", "board-2", "2nd", "a2345678901234567890"};
    static const char *const bad[] = {
        "",   "-a", "A", "a b", "a/b", "..", "a'b", "a.b", "a2345678901234567890x", "caf\xC3\xA9",
        "a_b"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(standard_is_board(str_from(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!standard_is_board(str_from(bad[i])), "%s", bad[i]);
}
END_TEST

START_TEST(settings_file_is_named_after_the_board)
{
    const char *of_jobs = standard_file(&test_arena, "jobs");
    const char *of_nobody = standard_file(&test_arena, NULL);

    ck_assert_str_eq(of_jobs + strlen(of_jobs) - strlen("/jobs.conf"), "/jobs.conf");
    ck_assert_str_eq(of_nobody + strlen(of_nobody) - strlen("/initialsdb.conf"),
                     "/initialsdb.conf");
    ck_assert_str_eq(standard_file(&test_arena, "../etc/passwd"), of_nobody);
}
END_TEST

/* Makes secrets in the test's directory; returns whether that went well. */
static bool make_secrets(void)
{
    const char *arguments[] = {unit_directory(), NULL};
    int saved = dup(STDOUT_FILENO);
    bool done;

    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
    done = setup_secrets(&config, 1, (char **)arguments) == EXIT_SUCCESS;
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    return done;
}

static const char *secret_path(const char *name)
{
    return arena_format(&test_arena, "%s/%s", unit_directory(), name).ptr;
}

START_TEST(secrets_that_are_made_can_be_served_with)
{
    struct str directory = arena_format(&test_arena, "CREDENTIALS_DIRECTORY=%s", unit_directory());

    ck_assert(make_secrets());
    ck_assert_int_eq(LOAD(directory.ptr), 0);
    ck_assert_int_eq(config_require_secrets(&config, stderr), 0);
    ck_assert_mem_ne(config.pow_secret_key.bytes, config.server_salt.bytes, 32);
}
END_TEST

START_TEST(secrets_are_for_their_owner_only)
{
    struct stat status;

    ck_assert(make_secrets());
    ck_assert_int_eq(stat(unit_directory(), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0700);
    ck_assert_int_eq(stat(secret_path("server_salt"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
}
END_TEST

START_TEST(secrets_that_are_there_stay_and_get_their_mode)
{
    struct stat status;
    struct str before;

    ck_assert(make_secrets());
    before = unit_file(secret_path("server_salt"));
    ck_assert_int_eq(chmod(secret_path("server_salt"), 0644), 0);
    ck_assert(make_secrets());
    ck_assert(str_equal(before, unit_file(secret_path("server_salt"))));
    ck_assert_int_eq(stat(secret_path("server_salt"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
}
END_TEST

START_TEST(file_without_a_secret_is_not_overwritten)
{
    static const char *const contents[] = {"", "QQ==\n", "changeme\n"};

    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        unit_write("pow_secret_key", str_from(contents[i]));
        ck_assert(!make_secrets());
        ck_view(unit_file(secret_path("pow_secret_key")), contents[i]);
    }
}
END_TEST

Suite *standard_suite(void)
{
    const TTest *tests[] = {
        names_of_the_origin_lead_to_its_database,
        own_setting_goes_before_the_origins,
        budget_of_the_origin_is_the_posts_and_reads_get_eight_times_as_many,
        wrong_budget_of_the_origin_is_refused,
        board_has_database_and_socket_of_its_own,
        name_of_a_board_is_letters_digits_and_hyphens,
        settings_file_is_named_after_the_board,
        secrets_that_are_made_can_be_served_with,
        secrets_are_for_their_owner_only,
        secrets_that_are_there_stay_and_get_their_mode,
        file_without_a_secret_is_not_overwritten,
    };

    return UNIT_SUITE("standard", tests);
}
