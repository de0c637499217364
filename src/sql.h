/* SPDX-License-Identifier: MIT */
/* sql: the files below sql/, embedded at build time, so that a binary and its schema cannot drift
 * apart. */
#ifndef SQL_H
#define SQL_H

#include "arena.h"

struct sql_file {
    const char *name; /* without directory and suffix, for instance "0001_board" */
    const char *text;
};

/* In the order of their names; each ended by a row without a name. Generated. */
extern const struct sql_file sql_migrations[];
extern const struct sql_file sql_api[];
extern const struct sql_file sql_cli[];

/* The statement sql/cli/NAME.sql. A name that is not there is a mistake of ours and aborts. */
const char *sql_cli_text(const char *name);

/* The number that a migration's name begins with. */
int sql_migration_number(const struct sql_file *migration);

/* The number of the newest migration: the schema this binary was built for. */
int sql_schema_number(void);

/* SHA-256 of a file's text, in hexadecimal, in `arena`. */
struct str sql_checksum(struct arena *arena, const struct sql_file *file);

/* SHA-256 over all of sql/api, in hexadecimal, in `arena`. */
struct str sql_api_digest(struct arena *arena);

#endif
