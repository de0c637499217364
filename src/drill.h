/* SPDX-License-Identifier: MIT */
/* drill: what backup and restore share: the files of a backup, and trying them. */
#ifndef DRILL_H
#define DRILL_H

#include "config.h"
#include "db_session.h"

/* The files of one backup, in an arena. The manifest is written last: a backup with one was good.
 */
struct backup_files {
    const char *directory;
    const char *name;     /* initialsdb-20261121T030000Z */
    const char *dump;     /* pg_dump's custom format */
    const char *takeout;  /* JSON Lines of what readers see, compressed */
    const char *manifest; /* table, rows and digest a line */
};

void backup_files_init(struct backup_files *files, struct arena *arena, const char *directory,
                       const char *name);

/* The names of the good backups in `directory`, newest first, ended by NULL, in `arena`. NULL after
 * writing to standard error why the directory cannot be read. */
const char **backup_list(struct arena *arena, const char *directory);

/* Whether there was never a board here: none in the database and no backup in BACKUP_DIR; then it
 * says on standard output that there is nothing to do. A board that was lost is not a new one. */
bool backup_nothing_yet(struct arena *arena, const struct config *config);

/* Runs sql/cli/NAME.sql, which has no parameters; complains on standard error when it fails. */
bool backup_script(struct db_session *session, const char *name);

/* What the board in `session` holds, one line "table rows digest" for each table, in `arena`; empty
 * when the database could not be asked, which is written to standard error. */
struct str backup_digests(struct arena *arena, struct db_session *session);

/* The file's whole text in `arena`, empty when it cannot be read (which is said). */
struct str backup_read(struct arena *arena, const char *path);

/* Writes the compressed takeout of `session` to `path`. */
bool backup_takeout(struct db_session *session, const char *path);

/* Runs pg_restore on `dump` into `database` (NULL: the board's own). */
bool backup_load(struct arena *arena, const struct config *config, const char *dump,
                 const char *database);

/* Restores the files into the scratch database and compares it with `digests` and with the takeout.
 * Says on standard error what differs. */
bool backup_drill(struct arena *arena, const struct config *config,
                  const struct backup_files *files, struct str digests);

/* Notes in the board's own database that this backup was tried and is good. */
bool backup_record(const struct config *config, struct arena *arena,
                   const struct backup_files *files);

#endif
