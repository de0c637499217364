/* SPDX-License-Identifier: MIT */
#include "adopt.h"

#include "clock.h"
#include "sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long a batch, which is a transaction, should take; as many rows as that allows. One that
 * takes much longer all the same, as rows differ and machines have other things to do, is given up
 * and tried again with fewer; only a single row may take as long as it needs. */
#define BATCH_MS 100
#define BATCH_MOST_MS "700"
#define FEWER 8
#define ROWS_FIRST 100
#define ROWS_LEAST 100
#define ROWS_MOST 4000

static bool run(struct db_session *session, const char *name, int count, const char *const *values)
{
    bool done = db_session_run(session, sql_cli_text(name), count, values);

    if (!done)
        db_session_complain(session);
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

/* As many as would have fitted, but never more than twice as many as have been tried; and not so
 * few that a batch costs more than its rows, for what takes really long is given up. */
static int rows_after(int rows, int64_t took_ms)
{
    int64_t fitting = rows * (int64_t)BATCH_MS / (took_ms > 0 ? took_ms : 1);
    int64_t least = rows < ROWS_LEAST ? rows : ROWS_LEAST;

    if (fitting > rows * 2)
        fitting = rows * 2;
    if (fitting > ROWS_MOST)
        fitting = ROWS_MOST;
    return (int)(fitting > least ? fitting : least);
}

static bool limit_time(struct db_session *session, const char *ms)
{
    const char *const values[] = {"statement_timeout", ms};

    return run(session, "set_parameter", 2, values);
}

/* Adopts one batch: of `*rows` or, when that takes too long, fewer. Leaves the size of the next. */
static bool copy_batch(struct db_session *session, int *rows, unsigned long long *adopted)
{
    for (;;) {
        int64_t began_ms = clock_monotonic_ms();
        char text[16];
        const char *const values[] = {text};

        if (!limit_time(session, *rows > 1 ? BATCH_MOST_MS : "0"))
            return false;
        snprintf(text, sizeof(text), "%d", *rows);
        if (db_session_run(session, sql_cli_text("adopt_batch"), 1, values)) {
            *adopted = strtoull(db_session_get(session, 0, 0), NULL, 10);
            *rows = rows_after(*rows, clock_monotonic_ms() - began_ms);
            return true;
        }
        if (*rows == 1 || !db_session_was_cancelled(session)) {
            db_session_complain(session);
            return false;
        }
        *rows = *rows > FEWER ? *rows / FEWER : 1;
    }
}

static bool copy(struct db_session *session)
{
    unsigned long long adopted = 0;
    unsigned long long batch;
    int rows = ROWS_FIRST;

    do {
        if (!copy_batch(session, &rows, &batch))
            return false;
        adopted += batch;
        show_progress(adopted, batch == 0);
    } while (batch > 0);
    printf("adopted %llu messages\n", adopted);
    return limit_time(session, "0");
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
