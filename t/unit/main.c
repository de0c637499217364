/* SPDX-License-Identifier: MIT */
/* The unit tests of everything in src/libinitialsdb.a: the very objects that are shipped. */
#include "unit.h"

#include <stdlib.h>

/* The basics first, so that the first failure is the most telling. */
static Suite *(*const suites[])(void) = {
    str_suite,     arena_suite,    buf_suite,      encode_suite,   utf8_suite,    text_suite,
    crypto_suite,  json_suite,     netaddr_suite,  cursor_suite,   pow_suite,     solver_suite,
    token_suite,   dbclock_suite,  log_suite,      notify_suite,   sql_suite,     config_suite,
    secret_suite,  settings_suite, price_suite,    netkeys_suite,  records_suite, rfc3339_suite,
    request_suite, route_suite,    response_suite, problem_suite,  metrics_suite, scoreboard_suite,
    atom_suite,    options_suite,  standard_suite, dburl_suite,    listen_suite,  guard_suite,
    serve_suite,   etag_suite,     pages_suite,    children_suite,
};

int main(void)
{
    SRunner *runner = srunner_create(NULL);
    int failed;

    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
        srunner_add_suite(runner, suites[i]());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
