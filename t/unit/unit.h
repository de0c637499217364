/* SPDX-License-Identifier: MIT */
/*
 * unit: what the unit tests share. Each file tests the module of its name and exports one suite;
 * a test is one claim, and its name says it. CK_RUN_SUITE=pow runs one suite, CK_FORK=no keeps
 * everything in one process for a debugger.
 */
#ifndef UNIT_H
#define UNIT_H

#include "arena.h"

#include <check.h>

/* An arena that every test starts with empty and that is released behind it. */
extern struct arena test_arena;

/* A suite of `count` tests. */
Suite *unit_suite(const char *name, const TTest *const *tests, size_t count);

#define UNIT_SUITE(name, tests) unit_suite(name, tests, sizeof(tests) / sizeof((tests)[0]))

/* Fails unless the view holds exactly the bytes of the C string. */
void unit_view(struct str actual, const char *expected, const char *expression);

#define ck_view(actual, expected) unit_view(actual, expected, #actual)

/* Everything that file `path` holds, in the test's arena; relative paths begin at the top of the
 * source. */
struct str unit_file(const char *path);

/* A new directory that is removed, with the files in it, when the test has ended. */
const char *unit_directory(void);

/* Makes the file `name` in the test's directory; returns its path. */
const char *unit_write(const char *name, struct str content);

Suite *arena_suite(void);
Suite *atom_suite(void);
Suite *buf_suite(void);
Suite *children_suite(void);
Suite *config_suite(void);
Suite *crypto_suite(void);
Suite *cursor_suite(void);
Suite *dbclock_suite(void);
Suite *dburl_suite(void);
Suite *encode_suite(void);
Suite *etag_suite(void);
Suite *guard_suite(void);
Suite *json_suite(void);
Suite *listen_suite(void);
Suite *log_suite(void);
Suite *metrics_suite(void);
Suite *netaddr_suite(void);
Suite *netkeys_suite(void);
Suite *notify_suite(void);
Suite *options_suite(void);
Suite *pages_suite(void);
Suite *pow_suite(void);
Suite *price_suite(void);
Suite *problem_suite(void);
Suite *records_suite(void);
Suite *request_suite(void);
Suite *response_suite(void);
Suite *rfc3339_suite(void);
Suite *route_suite(void);
Suite *scoreboard_suite(void);
Suite *secret_suite(void);
Suite *serve_suite(void);
Suite *settings_suite(void);
Suite *solver_suite(void);
Suite *sql_suite(void);
Suite *standard_suite(void);
Suite *str_suite(void);
Suite *text_suite(void);
Suite *token_suite(void);
Suite *utf8_suite(void);

#endif
