/* SPDX-License-Identifier: MIT */
#include "adopt.h"

#include "clock.h"
#include "sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long a batch, which is a transaction, should take at most; as many rows as that allows. */
#define BATCH_MS 200
#define ROWS_FIRST 250
#define ROWS_LEAST 10
#define ROWS_MOST 4000

static bool run(struct db_session *session, const char *name, int count, const char *const *values)
{
    bool done = db_session_run(session, sql_cli_text(name), count, values);

    if (!done)
        fprintf(stderr, "initialsdb: %s", db_session_error(session));
    return done;
}

static bool is_true(struct db_session *session, const char *name)
{
    return run(session, name, 0, NULL) && strcmp(db_session_get(session, 0, 0), "t") == 0;
}

static void show_progress(unsigned long long adopted, bool last)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\radopting: %llu%s", adopted, last ? "\n" : "");
}

static int rows_after(int rows, int64_t took_ms)
{
    if (took_ms > BATCH_MS && rows / 2 >= ROWS_LEAST)
        return rows / 2;
    if (took_ms < BATCH_MS / 4 && rows * 2 <= ROWS_MOST)
        return rows * 2;
    return rows;
}

static bool copy(struct db_session *session)
{
    unsigned long long adopted = 0;
    unsigned long long batch;
    int rows = ROWS_FIRST;

    do {
        int64_t began_ms = clock_monotonic_ms();
        char text[16];
        const char *const values[] = {text};
        snprintf(text, sizeof(text), "%d", rows);
        if (!run(session, "adopt_batch", 1, values))
            return false;
        batch = strtoull(db_session_get(session, 0, 0), NULL, 10);
        rows = rows_after(rows, clock_monotonic_ms() - began_ms);
        adopted += batch;
        show_progress(adopted, batch == 0);
    } while (batch > 0);
    printf("adopted %llu messages\n", adopted);
    return true;
}

bool adopt(struct db_session *session)
{
    if (!run(session, "adopt_find", 0, NULL))
        return false;
    if (strcmp(db_session_get(session, 0, 0), "t") != 0)
        return true;
    if (!run(session, "adopt_begin", 0, NULL)) {
        fputs("initialsdb: setup-database hands tables of an older program to the owner role\n",
              stderr);
        return false;
    }
    if (!copy(session))
        return false;
    if (!is_true(session, "adopt_check")) {
        fputs("initialsdb: the adopted messages are not those in public.listings; is the old "
              "program still running?\n",
              stderr);
        return false;
    }
    if (!run(session, "adopt_end", 0, NULL)) {
        db_session_run(session, "rollback", 0, NULL);
        return false;
    }
    puts("the old tables are in schema origin: drop schema origin cascade, when you have a backup");
    return true;
}
