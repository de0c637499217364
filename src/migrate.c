/* SPDX-License-Identifier: MIT */
#include "migrate.h"

#include "adopt.h"
#include "db_session.h"
#include "dburl.h"
#include "sql.h"

#include <stdlib.h>
#include <string.h>

static bool run(struct db_session *session, const char *sql, int count, const char *const *values)
{
    bool done = db_session_run(session, sql, count, values);

    if (!done)
        db_session_complain(session);
    return done;
}

static bool run_cli(struct db_session *session, const char *name, int count,
                    const char *const *values)
{
    return run(session, sql_cli_text(name), count, values);
}

/* Sets a parameter that the scripts read with current_setting(). */
static bool set(struct db_session *session, const char *name, struct str value)
{
    const char *const values[] = {name, value.ptr};

    return run_cli(session, "set_parameter", 2, values);
}

/* ---- setup-database ---- */

struct names {
    struct str owner;
    struct str owner_password;
    struct str app;
    struct str app_password;
    struct str database;
    struct str scratch; /* where backups are tried */
};

static bool read_names(struct names *names, struct arena *arena, const struct config *config)
{
    const char *owner_url = config->migrate_database_url.ptr;
    const char *app_url = config->database_url.ptr;

    names->owner = db_url_part(arena, owner_url, "user");
    names->owner_password = db_url_part(arena, owner_url, "password");
    names->app = db_url_part(arena, app_url, "user");
    names->app_password = db_url_part(arena, app_url, "password");
    names->database = db_url_part(arena, app_url, "dbname");
    names->scratch = config->backup_database;
    if (names->scratch.len == 0)
        names->scratch = arena_format(arena, "%.*s_restore", STR_ARG(names->database));
    if (names->owner.len > 0 && names->app.len > 0 && names->database.len > 0 &&
        !str_equal(names->owner, names->app))
        return true;
    fputs("initialsdb: DATABASE_URL and MIGRATE_DATABASE_URL must name the database and two "
          "different roles, for instance \"dbname=board user=board\" and \"dbname=board "
          "user=board_owner\"\n",
          stderr);
    return false;
}

static bool create_roles(struct db_session *session, const struct names *names)
{
    return set(session, "initialsdb.owner_role", names->owner) &&
           set(session, "initialsdb.owner_password", names->owner_password) &&
           set(session, "initialsdb.app_role", names->app) &&
           set(session, "initialsdb.app_password", names->app_password) &&
           run_cli(session, "setup_roles", 0, NULL);
}

static bool create_database(struct db_session *session, struct arena *arena, struct str database,
                            struct str owner)
{
    const char *const values[] = {database.ptr, owner.ptr};
    struct str statement;

    if (!run_cli(session, "setup_create_database", 2, values))
        return false;
    if (db_session_rows(session) == 0)
        return true; /* it is there already */
    statement = arena_copy(arena, str_from(db_session_get(session, 0, 0)));
    return run(session, statement.ptr, 0, NULL);
}

static bool run_in(const struct config *config, struct str database, const struct names *names,
                   const char *script)
{
    const char *url = config->admin_database_url.ptr;
    struct db_session *session = db_session_open(url, database.ptr);
    bool done;

    if (session == NULL)
        return false;
    done = set(session, "initialsdb.owner_role", names->owner) &&
           set(session, "initialsdb.app_role", names->app) && run_cli(session, script, 0, NULL);
    db_session_close(session);
    return done;
}

int setup_database(const struct config *config)
{
    struct db_session *session;
    struct arena arena;
    struct names names;
    bool done = false;

    arena_init(&arena);
    if (read_names(&names, &arena, config)) {
        session = db_session_open(config->admin_database_url.ptr, NULL);
        if (session) {
            done = create_roles(session, &names) &&
                   create_database(session, &arena, names.database, names.owner) &&
                   create_database(session, &arena, names.scratch, names.owner) &&
                   run_in(config, names.database, &names, "setup_rights") &&
                   run_in(config, names.scratch, &names, "setup_scratch");
            db_session_close(session);
        } else {
            fputs("initialsdb: setup-database needs a superuser: runuser -u postgres, or "
                  "ADMIN_DATABASE_URL\n",
                  stderr);
        }
    }
    if (done)
        printf("database %s, owner %s, application role %s\n", names.database.ptr, names.owner.ptr,
               names.app.ptr);
    arena_release(&arena);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- migrate ---- */

static bool rolled_back(struct db_session *session)
{
    db_session_run(session, "rollback", 0, NULL);
    return false;
}

static bool apply(struct db_session *session, struct arena *arena, const struct sql_file *migration)
{
    struct str number = arena_format(arena, "%d", sql_migration_number(migration));
    const char *const values[] = {number.ptr, migration->name, sql_checksum(arena, migration).ptr};

    printf("applying %s\n", migration->name);
    if (run(session, "begin", 0, NULL) && run(session, migration->text, 0, NULL) &&
        run_cli(session, "record_migration", 3, values) && run(session, "commit", 0, NULL))
        return true;
    return rolled_back(session);
}

/* Compares what the database has with what the binary has, name by name: the database may be
 * behind, not ahead and not different. Returns how many are applied, or -1. */
static int count_applied(struct db_session *session, struct arena *arena)
{
    int rows;

    if (!run_cli(session, "applied_migrations", 0, NULL))
        return -1;
    rows = db_session_rows(session);
    for (int i = 0; i < rows; i++) {
        const struct sql_file *file = &sql_migrations[i];
        const char *name = db_session_get(session, i, 1);
        if (file->name == NULL) {
            fprintf(stderr,
                    "initialsdb: the database has migration %s, which is newer than this "
                    "program; use the program that made it, or a newer one\n",
                    name);
            return -1;
        }
        if (strcmp(file->name, name) != 0 ||
            strcmp(sql_checksum(arena, file).ptr, db_session_get(session, i, 2)) != 0) {
            fprintf(stderr,
                    "initialsdb: migration %s was applied to the database with another "
                    "content than this program has for %s\n",
                    name, file->name);
            return -1;
        }
    }
    return rows;
}

static bool apply_missing(struct db_session *session, struct arena *arena)
{
    int applied = count_applied(session, arena);

    if (applied < 0)
        return false;
    for (const struct sql_file *file = sql_migrations + applied; file->name; file++) {
        if (!apply(session, arena, file))
            return false;
    }
    return true;
}

static bool replace_functions(struct db_session *session)
{
    for (const struct sql_file *file = sql_api; file->name; file++) {
        if (!run(session, file->text, 0, NULL))
            return false;
    }
    return true;
}

static bool publish_api(struct db_session *session, struct arena *arena, struct str app_role)
{
    struct str number = arena_format(arena, "%d", sql_schema_number());
    const char *const version[] = {number.ptr, sql_api_digest(arena).ptr};

    if (run(session, "begin", 0, NULL) && replace_functions(session) &&
        run_cli(session, "set_schema_version", 2, version) &&
        set(session, "initialsdb.app_role", app_role) &&
        run_cli(session, "grant_app_role", 0, NULL) && run(session, "commit", 0, NULL))
        return true;
    return rolled_back(session);
}

int migrate(const struct config *config)
{
    struct db_session *session = db_session_open(config->migrate_database_url.ptr, NULL);
    struct arena arena;
    struct str app_role;
    bool done;

    if (session == NULL)
        return EXIT_FAILURE;
    arena_init(&arena);
    app_role = db_url_part(&arena, config->database_url.ptr, "user");
    done = run_cli(session, "lock_migrations", 0, NULL) &&
           run_cli(session, "bookkeeping", 0, NULL) && apply_missing(session, &arena) &&
           adopt(session) && publish_api(session, &arena, app_role);
    if (done)
        printf("schema %d is in place\n", sql_schema_number());
    arena_release(&arena);
    db_session_close(session);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
