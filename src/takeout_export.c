/* SPDX-License-Identifier: MIT */
#include "db_session.h"
#include "json.h"
#include "sql.h"
#include "takeout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ROWS "1000"

/* Columns of sql/cli/export_page.sql. */
enum columns { COLUMN_ID, COLUMN_BODY, COLUMN_CREATED_AT };

static void write_row(FILE *out, const struct db_session *session, int row, struct arena *arena)
{
    struct json_object *object = json_object(arena);
    struct str line;

    json_add_int(object, "id", strtoll(db_session_get(session, row, COLUMN_ID), NULL, 10));
    json_add_str(object, "body", str_from(db_session_get(session, row, COLUMN_BODY)));
    json_add_str(object, "created_at", str_from(db_session_get(session, row, COLUMN_CREATED_AT)));
    line = json_print(object);
    fwrite(line.ptr, 1, line.len, out);
    putc('\n', out);
}

bool takeout_write(struct db_session *session, FILE *out)
{
    char after[24] = "0";
    const char *const values[] = {after, PAGE_ROWS};
    struct arena arena;
    int rows;

    arena_init(&arena);
    do {
        if (!db_session_run(session, sql_cli_text("export_page"), 2, values)) {
            db_session_complain(session);
            arena_release(&arena);
            return false;
        }
        rows = db_session_rows(session);
        for (int row = 0; row < rows; row++) {
            write_row(out, session, row, &arena);
            arena_reset(&arena);
        }
        if (rows > 0)
            snprintf(after, sizeof(after), "%s", db_session_get(session, rows - 1, COLUMN_ID));
    } while (rows > 0 && !ferror(out));
    arena_release(&arena);
    return true;
}

int takeout_export(const struct config *config, int argc, char **argv)
{
    struct db_session *session = db_session_open(config->migrate_database_url.ptr, NULL);
    bool done;

    (void)argc;
    (void)argv;
    if (session == NULL)
        return EXIT_FAILURE;
    done = takeout_write(session, stdout);
    db_session_close(session);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "initialsdb: cannot write: %s\n", strerror(errno));
        done = false;
    }
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
