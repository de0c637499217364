/* SPDX-License-Identifier: MIT */
#include "backup.h"

#include "buf.h"
#include "child_program.h"
#include "dburl.h"
#include "drill.h"
#include "sql.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY_SECS 86400
#define NAME_FORMAT "initialsdb-%Y%m%dT%H%M%SZ"
#define NAME_LEN (sizeof("initialsdb-20261121T030000Z") - 1)

static bool fail(const char *what, const char *path)
{
    fprintf(stderr, "initialsdb: cannot %s %s: %s\n", what, path, strerror(errno));
    return false;
}

static const char *name_of(struct arena *arena, time_t at)
{
    char name[64];
    struct tm utc;

    gmtime_r(&at, &utc);
    return arena_copy(arena, (struct str){.ptr = name,
                                          .len = strftime(name, sizeof(name), NAME_FORMAT, &utc)})
        .ptr;
}

/* Dump, takeout and digests of one moment. Empty digests: it failed. */
static struct str take(struct arena *arena, const struct config *config,
                       const struct backup_files *files, struct db_session *session)
{
    const char *url = config->migrate_database_url.ptr;
    const char *source = db_url_without_password(arena, url, NULL).ptr;
    const char *argv[] = {"pg_dump",
                          "--format=custom",
                          "--no-unlogged-table-data",
                          arena_format(arena, "--file=%s", files->dump).ptr,
                          arena_format(arena, "--dbname=%s", source).ptr,
                          NULL,
                          NULL};

    if (!backup_script(session, "backup_begin"))
        return STR("");
    argv[5] = arena_format(arena, "--snapshot=%s", db_session_get(session, 0, 0)).ptr;
    if (!child_program_run(argv, db_url_part(arena, url, "password").ptr) ||
        !backup_takeout(session, files->takeout))
        return STR("");
    return backup_digests(arena, session);
}

/* Waits until a file, or the names in a directory, would survive a loss of power. */
static bool to_disk(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;

    if (!done)
        fail("write", path);
    if (fd >= 0)
        close(fd);
    return done;
}

/* The manifest makes a backup of the files: it is complete or absent, also after a loss of power.
 * pg_dump has waited for the disk itself. */
static bool write_manifest(struct arena *arena, const struct backup_files *files,
                           struct str digests)
{
    const char *draft = arena_format(arena, "%s.new", files->manifest).ptr;
    FILE *file;
    bool written;

    if (!to_disk(files->takeout))
        return false;
    file = fopen(draft, "we");
    if (file == NULL)
        return fail("make", draft);
    written = fwrite(digests.ptr, 1, digests.len, file) == digests.len && fflush(file) == 0 &&
              fsync(fileno(file)) == 0;
    if (fclose(file) != 0 || !written)
        return fail("write", draft);
    if (rename(draft, files->manifest) != 0)
        return fail("make", files->manifest);
    return to_disk(files->directory);
}

static void remove_files(const struct backup_files *files)
{
    unlink(files->manifest);
    unlink(files->takeout);
    unlink(files->dump);
}

/* Removes what is older than it should be kept: every file whose name begins as that of a backup
 * from before then, also of failed ones. The new backup is never among them. */
static bool prune(const char *directory, const char *oldest)
{
    DIR *stream = opendir(directory);
    struct dirent *entry;

    if (stream == NULL)
        return fail("read", directory);
    while ((entry = readdir(stream))) {
        if (str_starts(str_from(entry->d_name), STR("initialsdb-2")) &&
            strncmp(entry->d_name, oldest, NAME_LEN) < 0 &&
            unlinkat(dirfd(stream), entry->d_name, 0) == 0)
            printf("%s is removed\n", entry->d_name);
    }
    closedir(stream);
    return true;
}

static bool call_hook(const struct config *config, const struct backup_files *files)
{
    const char *const argv[] = {config->backup_hook.ptr, files->dump, files->takeout,
                                files->manifest, NULL};

    return config->backup_hook.len == 0 || child_program_run(argv, NULL);
}

static bool make_backup(struct arena *arena, const struct config *config,
                        const struct backup_files *files)
{
    struct db_session *session = db_session_open(config->migrate_database_url.ptr, NULL);
    struct str digests;

    if (session == NULL)
        return false;
    digests = take(arena, config, files, session);
    db_session_close(session);
    return digests.len > 0 && backup_drill(arena, config, files, digests) &&
           write_manifest(arena, files, digests) && backup_record(config, arena, files);
}

/* Makes a new backup, then removes old ones and calls the hook. */
static bool make_and_keep(struct arena *arena, const struct config *config)
{
    const char *directory = config->backup_dir.ptr;
    struct backup_files files;
    time_t now = time(NULL);

    do { /* a name of its own, also within one second */
        backup_files_init(&files, arena, directory, name_of(arena, now++));
    } while (access(files.dump, F_OK) == 0);
    if (!make_backup(arena, config, &files)) {
        fprintf(
            stderr,
            "initialsdb: THE BACKUP FAILED, for what is told above; what was there before is kept "
            "in %s\n",
            directory);
        remove_files(&files);
        return false;
    }
    printf("%s is made, tried and good\n", files.dump);
    return prune(directory, name_of(arena, now - config->backup_days * DAY_SECS)) &&
           call_hook(config, &files);
}

int backup(const struct config *config, int argc, char **argv)
{
    const char *directory = config->backup_dir.ptr;
    struct arena arena;
    bool done;

    (void)argc;
    (void)argv;
    umask(077);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        fail("make", directory);
        fputs("initialsdb: BACKUP_DIR says where backups go; the owner role's user must be able to "
              "write there\n",
              stderr);
        return EXIT_FAILURE;
    }
    arena_init(&arena);
    done = backup_nothing_yet(&arena, config) || make_and_keep(&arena, config);
    arena_release(&arena);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
