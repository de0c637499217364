/* SPDX-License-Identifier: MIT */
/* The secrets among the settings: where they come from, and what is refused. */
#include "config.h"
#include "environment.h"
#include "unit.h"

#include <string.h>

static struct config config;
static struct str said;

#define LOAD(...) environment_load(&config, (const char *const[]){__VA_ARGS__, NULL}, &said)

static const char *variable(const char *name, const char *value)
{
    return arena_format(&test_arena, "%s=%s", name, value).ptr;
}

/* Whether POW_SECRET_KEY is the key of the tests. */
static bool has_key(void)
{
    return config.pow_secret_key.len == 32 &&
           memcmp(config.pow_secret_key.bytes, "0123456789abcdef0123456789abcdef", 32) == 0;
}

START_TEST(secret_is_read_from_the_environment)
{
    ck_assert_int_eq(LOAD("POW_SECRET_KEY=" TEST_KEY), 0);
    ck_assert(has_key());
}
END_TEST

START_TEST(secret_has_up_to_64_bytes)
{
    ck_assert_int_eq(LOAD("POW_SECRET_KEY=" TEST_LONG_KEY), 0);
    ck_assert_uint_eq(config.pow_secret_key.len, 64);
    ck_assert_int_eq(LOAD("POW_SECRET_KEY=" TEST_KEY TEST_LONG_KEY), 1);
}
END_TEST

START_TEST(b14_short_secret_is_refused)
{
    static const char *const shorts[] = {
        "QQ==", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ==", "changeme", "====", "x"};

    for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
        ck_assert_int_eq(LOAD(variable("POW_SECRET_KEY", shorts[i])), 1);
        ck_assert_uint_eq(config.pow_secret_key.len, 0);
        ck_assert_ptr_nonnull(strstr(said.ptr, "POW_SECRET_KEY: must be base64 of 32 to 64"));
        ck_assert_ptr_null(strstr(said.ptr, shorts[i]));
    }
}
END_TEST

START_TEST(b14_missing_or_empty_secrets_are_named)
{
    struct str text;

    ck_assert_int_eq(LOAD("POW_SECRET_KEY=", "SERVER_SALT="), 0);
    ck_assert_int_eq(config_require_secrets(&config, stderr), 2);
    ck_assert_int_eq(LOAD("POW_SECRET_KEY=" TEST_KEY), 0);
    ck_assert_int_eq(config_require_secrets(&config, stderr), 1);
    text = environment_printed(&config, config_print);
    ck_assert_ptr_nonnull(strstr(text.ptr, "POW_SECRET_KEY=(32 bytes)\n"));
}
END_TEST

START_TEST(b25_salt_is_required_like_the_key)
{
    ck_assert_int_eq(LOAD("SERVER_SALT=QQ=="), 1);
    ck_assert_int_eq(LOAD("SERVER_SALT=" TEST_KEY, "POW_SECRET_KEY=" TEST_KEY), 0);
    ck_assert_int_eq(config_require_secrets(&config, stderr), 0);
}
END_TEST

START_TEST(secret_is_never_printed)
{
    ck_assert_int_eq(LOAD("POW_SECRET_KEY=" TEST_KEY), 0);
    ck_assert_ptr_null(strstr(environment_printed(&config, config_print).ptr, "MDEyMzQ1"));
    ck_assert_int_eq(LOAD("POW_SECRET_KEY=" TEST_KEY "!"), 1);
    ck_assert_ptr_null(strstr(said.ptr, "MDEyMzQ1"));
}
END_TEST

static int load_file(const char *content)
{
    const char *path = unit_write("key", str_from(content));

    return LOAD(variable("POW_SECRET_KEY_FILE", path));
}

START_TEST(secret_is_read_from_a_file)
{
    ck_assert_int_eq(load_file(TEST_KEY), 0);
    ck_assert(has_key());
    ck_assert_int_eq(load_file(TEST_KEY "\n"), 0);
    ck_assert(has_key());
    ck_assert_int_eq(load_file(TEST_KEY "\r\n# made by hand\n"), 0);
    ck_assert(has_key());
}
END_TEST

START_TEST(file_without_a_secret_is_refused)
{
    static const char *const contents[] = {
        "", "\n", "\n" TEST_KEY "\n", TEST_KEY " \n", " " TEST_KEY "\n", "QQ==\n"};

    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        ck_assert_msg(load_file(contents[i]) == 1, "accepted: \"%s\"", contents[i]);
        ck_assert_uint_eq(config.pow_secret_key.len, 0);
        ck_assert_ptr_nonnull(strstr(said.ptr, "POW_SECRET_KEY"));
    }
}
END_TEST

START_TEST(overlong_line_in_a_file_is_refused)
{
    char *line = arena_alloc(&test_arena, 2001);

    memset(line, 'A', 2000);
    line[2000] = '\0';
    ck_assert_int_eq(load_file(line), 1);
}
END_TEST

START_TEST(file_goes_before_the_environment)
{
    const char *path = unit_write("key", STR(TEST_KEY));

    ck_assert_int_eq(LOAD(variable("POW_SECRET_KEY_FILE", path), "POW_SECRET_KEY=" TEST_LONG_KEY),
                     0);
    ck_assert(has_key());
}
END_TEST

START_TEST(file_that_cannot_be_read_is_named_with_the_reason)
{
    ck_assert_int_eq(LOAD("POW_SECRET_KEY_FILE=/nonexistent/key"), 1);
    ck_assert_ptr_nonnull(strstr(said.ptr, "/nonexistent/key: No such file"));
}
END_TEST

START_TEST(file_that_cannot_be_read_is_no_reason_to_take_another_secret)
{
    ck_assert_int_eq(LOAD("POW_SECRET_KEY_FILE=/nonexistent/key", "POW_SECRET_KEY=" TEST_KEY), 1);
    ck_assert_uint_eq(config.pow_secret_key.len, 0);
    ck_assert_int_eq(LOAD("POW_SECRET_KEY_FILE=/nonexistent/key",
                          "CREDENTIALS_DIRECTORY=/nonexistent", "POW_SECRET_KEY=" TEST_KEY),
                     1);
    ck_assert_uint_eq(config.pow_secret_key.len, 0);
}
END_TEST

START_TEST(secret_is_read_from_the_credentials_directory)
{
    unit_write("pow_secret_key", STR(TEST_KEY "\n"));
    ck_assert_int_eq(LOAD(variable("CREDENTIALS_DIRECTORY", unit_directory())), 0);
    ck_assert(has_key());
    ck_assert_uint_eq(config.server_salt.len, 0);
}
END_TEST

START_TEST(credentials_directory_keeps_its_capital_letters)
{
    struct str directory = arena_format(&test_arena, "%s/A", unit_directory());

    ck_assert_int_eq(LOAD(variable("CREDENTIALS_DIRECTORY", directory.ptr)), 0);
    unit_write("A", STR("a file, not a directory"));
    ck_assert_int_gt(LOAD(variable("CREDENTIALS_DIRECTORY", directory.ptr)), 0);
    ck_assert_ptr_nonnull(strstr(said.ptr, directory.ptr));
}
END_TEST

START_TEST(credential_that_is_absent_leaves_the_environment)
{
    ck_assert_int_eq(
        LOAD(variable("CREDENTIALS_DIRECTORY", unit_directory()), "POW_SECRET_KEY=" TEST_KEY), 0);
    ck_assert(has_key());
}
END_TEST

START_TEST(named_file_goes_before_the_credentials_directory)
{
    const char *path = unit_write("other", STR(TEST_KEY));

    unit_write("pow_secret_key", STR(TEST_LONG_KEY));
    ck_assert_int_eq(LOAD(variable("CREDENTIALS_DIRECTORY", unit_directory()),
                          variable("POW_SECRET_KEY_FILE", path)),
                     0);
    ck_assert(has_key());
}
END_TEST

Suite *secret_suite(void)
{
    const TTest *tests[] = {
        secret_is_read_from_the_environment,
        secret_has_up_to_64_bytes,
        b14_short_secret_is_refused,
        b14_missing_or_empty_secrets_are_named,
        b25_salt_is_required_like_the_key,
        secret_is_never_printed,
        secret_is_read_from_a_file,
        file_without_a_secret_is_refused,
        overlong_line_in_a_file_is_refused,
        file_goes_before_the_environment,
        file_that_cannot_be_read_is_named_with_the_reason,
        file_that_cannot_be_read_is_no_reason_to_take_another_secret,
        secret_is_read_from_the_credentials_directory,
        credentials_directory_keeps_its_capital_letters,
        credential_that_is_absent_leaves_the_environment,
        named_file_goes_before_the_credentials_directory,
    };

    return UNIT_SUITE("secret", tests);
}
