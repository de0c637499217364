/* SPDX-License-Identifier: MIT */
/*
 * standard: what a setting is when it is not given, where that depends on others: on BOARD, the
 * name of one board among several on a host, and on the names the origin of this program used.
 */
#ifndef STANDARD_H
#define STANDARD_H

#include "arena.h"

/* Where settings come from: getenv(), or a table in tests. Returns NULL for what is not set. */
typedef const char *(*config_source)(const char *name);

/* The value of `name` that follows from other settings in `source`, in `arena`; NULL for most. */
const char *standard_setting(struct arena *arena, config_source source, const char *name);

/* Whether `name` is a setting that only the origin has. It is read, or means nothing here. */
bool standard_is_origins(struct str name);

/* The file with settings that is read when CONFIG_FILE is not given, in `arena`. It need not exist.
 */
const char *standard_file(struct arena *arena, const char *board);

/* Whether `name` may be the name of a board: letters, digits and hyphens, as in names of users. */
bool standard_is_board(struct str name);

#endif
