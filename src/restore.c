/* SPDX-License-Identifier: MIT */
#include "backup.h"
#include "child_program.h"
#include "dburl.h"
#include "drill.h"
#include "migrate.h"
#include "sql.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct wish {
    bool drill;
    bool replace;
    const char *name; /* NULL: the newest */
};

static bool read_wish(struct wish *wish, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--drill") == 0)
            wish->drill = true;
        else if (strcmp(argv[i], "--replace") == 0)
            wish->replace = true;
        else if (*argv[i] != '-' && wish->name == NULL)
            wish->name = argv[i];
        else
            return false;
    }
    return true;
}

/* Finds the files: by name in BACKUP_DIR, by the path of a dump, or the newest. */
static bool find_files(struct backup_files *files, struct arena *arena, const struct config *config,
                       const char *name)
{
    const char *directory = config->backup_dir.ptr;
    const char **names;
    struct str base = str_from(name);
    struct str rest = base;

    if (name && strchr(name, '/')) {
        base = str_cut_last(&rest, '/');
        directory = arena_format(arena, "%.*s/", STR_ARG(rest)).ptr;
    }
    if (base.len > 5 && strcmp(base.ptr + base.len - 5, ".dump") == 0)
        base.len -= 5;
    names = name ? NULL : backup_list(arena, directory);
    if (names && names[0])
        base = str_from(names[0]);
    if (base.len == 0) {
        fprintf(stderr,
                "initialsdb: there is no good backup in %s; set BACKUP_DIR, or name a dump\n",
                directory);
        return false;
    }
    backup_files_init(files, arena, directory, arena_copy(arena, base).ptr);
    return true;
}

static bool write_script(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    bool written = file && fputs(text, file) >= 0;

    if (file && fclose(file) != 0)
        written = false;
    if (!written)
        fprintf(stderr, "initialsdb: cannot write %s: %s\n", path, strerror(errno));
    return written;
}

/* Drops the board and loads the dump in one transaction: if anything fails, the old board is there
 * as it was. */
static bool swap(struct arena *arena, const struct config *config, const struct backup_files *files)
{
    const char *url = config->migrate_database_url.ptr;
    const char *drop = arena_format(arena, "%s.drop.sql", files->dump).ptr;
    const char *fill = arena_format(arena, "%s.fill.sql", files->dump).ptr;
    const char *target = db_url_without_password(arena, url, NULL).ptr;
    const char *const pg_restore[] = {"pg_restore", "--no-owner", "--no-privileges", "--file", fill,
                                      files->dump,  NULL};
    const char *const psql[] = {"psql",
                                "--no-psqlrc",
                                "--quiet",
                                "--output=/dev/null",
                                "--single-transaction",
                                "--set=ON_ERROR_STOP=1",
                                "--file",
                                drop,
                                "--file",
                                fill,
                                "--dbname",
                                target,
                                NULL};
    bool done = write_script(drop, sql_cli_text("scratch_clear")) &&
                child_program_run(pg_restore, NULL) &&
                child_program_run(psql, db_url_part(arena, url, "password").ptr);

    unlink(drop);
    unlink(fill);
    return done;
}

/* Loads the dump where there is no board, or in the place of the one that is there. */
static bool load(struct arena *arena, const struct config *config, const struct backup_files *files,
                 struct db_session *session, bool replace)
{
    if (!backup_script(session, "board_exists"))
        return false;
    if (strcmp(db_session_get(session, 0, 0), "t") != 0)
        return backup_load(arena, config, files->dump, NULL);
    if (replace)
        return swap(arena, config, files);
    fputs("initialsdb: there is a board in this database; stop its pool and say --replace to put "
          "the backup in its place\n",
          stderr);
    return false;
}

static bool compare(struct arena *arena, struct db_session *session, struct str digests)
{
    if (digests.len > 0 && str_equal(digests, backup_digests(arena, session)))
        return true;
    fputs("initialsdb: the restored board differs from the manifest of the backup\n", stderr);
    return false;
}

static bool bring_back(struct arena *arena, const struct config *config,
                       const struct backup_files *files, bool replace)
{
    struct str digests = backup_read(arena, files->manifest);
    struct db_session *session;
    bool done;

    /* Before anything is touched. */
    if (!backup_drill(arena, config, files, digests))
        return false;
    session = db_session_open(config->migrate_database_url.ptr, NULL);
    if (session == NULL)
        return false;
    done = load(arena, config, files, session, replace) && compare(arena, session, digests);
    db_session_close(session);
    return done && migrate(config) == EXIT_SUCCESS && backup_record(config, arena, files);
}

static bool only_try(struct arena *arena, const struct config *config,
                     const struct backup_files *files)
{
    struct str digests = backup_read(arena, files->manifest);

    return backup_drill(arena, config, files, digests) && backup_record(config, arena, files);
}

int restore(const struct config *config, int argc, char **argv)
{
    struct backup_files files;
    struct arena arena;
    struct wish wish = {.name = NULL};
    bool done = false;

    if (!read_wish(&wish, argc, argv)) {
        fputs("Usage: initialsdb restore [--drill] [--replace] [NAME|FILE]\n", stderr);
        return EXIT_FAILURE;
    }
    umask(077);
    arena_init(&arena);
    if (wish.drill && wish.name == NULL && backup_nothing_yet(&arena, config)) {
        done = true;
    } else if (find_files(&files, &arena, config, wish.name)) {
        done = wish.drill ? only_try(&arena, config, &files)
                          : bring_back(&arena, config, &files, wish.replace);
        if (done)
            printf("%s is %s\n", files.dump, wish.drill ? "tried and good" : "restored");
        else
            fprintf(stderr, "initialsdb: %s IS NOT %s\n", files.dump,
                    wish.drill ? "GOOD" : "RESTORED");
    }
    arena_release(&arena);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
