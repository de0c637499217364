/* SPDX-License-Identifier: MIT */
#include "drill.h"

#include "buf.h"
#include "child_program.h"
#include "dburl.h"
#include "sql.h"
#include "takeout.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST ".manifest"
#define MANIFEST_MAX (1 << 20)

static bool fail(const char *what, const char *path)
{
    fprintf(stderr, "initialsdb: cannot %s %s: %s\n", what, path, strerror(errno));
    return false;
}

void backup_files_init(struct backup_files *files, struct arena *arena, const char *directory,
                       const char *name)
{
    files->directory = directory;
    files->name = name;
    files->dump = arena_format(arena, "%s/%s.dump", directory, name).ptr;
    files->takeout = arena_format(arena, "%s/%s.jsonl.gz", directory, name).ptr;
    files->manifest = arena_format(arena, "%s/%s" MANIFEST, directory, name).ptr;
}

static int newest_first(const void *a, const void *b)
{
    return strcmp(*(const char *const *)b, *(const char *const *)a);
}

const char **backup_list(struct arena *arena, const char *directory)
{
    DIR *stream = opendir(directory);
    const char **names = arena_alloc(arena, sizeof(*names));
    size_t count = 0;
    struct dirent *entry;

    if (stream == NULL) {
        fail("read", directory);
        return NULL;
    }
    while ((entry = readdir(stream))) {
        struct str name = str_from(entry->d_name);
        const char **longer;
        if (!str_starts(name, STR("initialsdb-")) || name.len <= strlen(MANIFEST) ||
            strcmp(name.ptr + name.len - strlen(MANIFEST), MANIFEST) != 0)
            continue;
        longer = arena_alloc(arena, (count + 2) * sizeof(*names));
        memcpy(longer, names, count * sizeof(*names));
        names = longer;
        name.len -= strlen(MANIFEST);
        names[count++] = arena_copy(arena, name).ptr;
    }
    closedir(stream);
    qsort(names, count, sizeof(*names), newest_first);
    names[count] = NULL;
    return names;
}

bool backup_nothing_yet(struct arena *arena, const struct config *config)
{
    const char **names = backup_list(arena, config->backup_dir.ptr);
    struct db_session *session;
    bool never;

    if (names == NULL || names[0])
        return false;
    session = db_session_open(config->migrate_database_url.ptr, NULL);
    if (session == NULL)
        return false;
    never = backup_script(session, "never_used") && strcmp(db_session_get(session, 0, 0), "t") == 0;
    db_session_close(session);
    if (never)
        puts("nothing to back up yet: the first request, or migrate, makes the board");
    return never;
}

bool backup_script(struct db_session *session, const char *name)
{
    bool done = db_session_run(session, sql_cli_text(name), 0, NULL);

    if (!done)
        db_session_complain(session);
    return done;
}

struct str backup_digests(struct arena *arena, struct db_session *session)
{
    struct buf lines;

    buf_init(&lines, arena, 1024);
    if (!backup_script(session, "digests"))
        return STR("");
    for (int row = 0; row < db_session_rows(session); row++)
        buf_addf(&lines, "%s %s %s\n", db_session_get(session, row, 0),
                 db_session_get(session, row, 1), db_session_get(session, row, 2));
    return arena_copy(arena, buf_str(&lines));
}

struct str backup_read(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "re");
    char *bytes = arena_alloc(arena, MANIFEST_MAX);
    size_t len = file ? fread(bytes, 1, MANIFEST_MAX, file) : 0;

    if (file == NULL)
        fail("read", path);
    else
        fclose(file);
    return (struct str){.ptr = bytes, .len = len};
}

bool backup_takeout(struct db_session *session, const char *path)
{
    static const char *const argv[] = {"gzip", "-n", "-c", NULL};
    struct child_program gzip;
    bool written;

    if (!child_program_start(&gzip, argv, path))
        return false;
    written = takeout_write(session, gzip.input);
    return child_program_finish(&gzip) && written;
}

bool backup_load(struct arena *arena, const struct config *config, const char *dump,
                 const char *database)
{
    const char *url = config->migrate_database_url.ptr;
    struct str target = db_url_without_password(arena, url, database);
    const char *const argv[] = {"pg_restore",
                                "--no-owner",
                                "--no-privileges",
                                "--exit-on-error",
                                "--single-transaction",
                                arena_format(arena, "--dbname=%s", target.ptr).ptr,
                                dump,
                                NULL};

    return child_program_run(argv, db_url_part(arena, url, "password").ptr);
}

/* What the manifest and the restored tables say differently, line by line. */
static bool same_digests(struct str wanted, struct str found)
{
    if (wanted.len > 0 && str_equal(wanted, found))
        return true;
    while (wanted.len > 0 || found.len > 0) {
        struct str a = str_cut(&wanted, '\n');
        struct str b = str_cut(&found, '\n');
        if (!str_equal(a, b))
            fprintf(stderr, "initialsdb: backed up %.*s, restored %.*s\n", STR_ARG(a), STR_ARG(b));
    }
    fputs("initialsdb: the restored board is not the one that was backed up\n", stderr);
    return false;
}

static bool same_bytes(FILE *a, FILE *b)
{
    int byte;

    do {
        byte = getc(a);
        if (byte != getc(b))
            return false;
    } while (byte != EOF);
    return !ferror(a) && !ferror(b);
}

/* The takeout, made again from the restored board, must be the same file. */
static bool same_takeout(struct arena *arena, struct db_session *session,
                         const struct backup_files *files)
{
    const char *again = arena_format(arena, "%s.again", files->takeout).ptr;
    FILE *first = fopen(files->takeout, "re");
    FILE *second;
    bool same;

    if (first == NULL)
        return fail("read", files->takeout);
    second = backup_takeout(session, again) ? fopen(again, "re") : NULL;
    same = second && same_bytes(first, second);
    if (second)
        fclose(second);
    fclose(first);
    unlink(again);
    if (!same)
        fprintf(stderr, "initialsdb: %s does not hold the messages of the restored board\n",
                files->takeout);
    return same;
}

static const char *scratch_database(struct arena *arena, const struct config *config)
{
    struct str board = db_url_part(arena, config->database_url.ptr, "dbname");

    if (config->backup_database.len > 0)
        return config->backup_database.ptr;
    return arena_format(arena, "%.*s_restore", STR_ARG(board)).ptr;
}

bool backup_drill(struct arena *arena, const struct config *config,
                  const struct backup_files *files, struct str digests)
{
    const char *scratch = scratch_database(arena, config);
    struct db_session *session = db_session_open(config->migrate_database_url.ptr, scratch);
    bool good;

    if (session == NULL) {
        fputs("initialsdb: backups are tried in a scratch database; setup-database makes it\n",
              stderr);
        return false;
    }
    good = backup_script(session, "scratch_lock") && backup_script(session, "scratch_clear") &&
           backup_load(arena, config, files->dump, scratch) &&
           same_digests(digests, backup_digests(arena, session)) &&
           same_takeout(arena, session, files);
    backup_script(session, "scratch_clear");
    db_session_close(session);
    return good;
}

bool backup_record(const struct config *config, struct arena *arena,
                   const struct backup_files *files)
{
    struct db_session *session = db_session_open(config->migrate_database_url.ptr, NULL);
    struct stat dump;
    const char *values[2] = {files->name, NULL};
    bool done;

    if (session == NULL)
        return false;
    if (stat(files->dump, &dump) != 0)
        return fail("look at", files->dump);
    values[1] = arena_format(arena, "%lld", (long long)dump.st_size).ptr;
    done = db_session_run(session, sql_cli_text("record_backup"), 2, values);
    if (!done)
        db_session_complain(session);
    db_session_close(session);
    return done;
}
