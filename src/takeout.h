/* SPDX-License-Identifier: MIT */
/* takeout: import and export of messages. */
#ifndef TAKEOUT_H
#define TAKEOUT_H

#include "config.h"
#include "db_session.h"

/* Exit status when some records were refused (sysexits.h, EX_DATAERR). */
#define EXIT_DATA_REFUSED 65

/* import [--again] [FILE...]: adds the messages of each file, or of standard input, in their
 * order. Formats are those of records.h, told by the first bytes. A record that the board would
 * not accept is refused by its line number; the others go in. Importing a file again goes on
 * behind the records that are already in, so an interrupted import is resumed by repeating it;
 * --again starts from the beginning. */
int takeout_import(const struct config *config, int argc, char **argv);

/* export: writes every visible message, oldest first, as JSON Lines on standard output. */
int takeout_export(const struct config *config, int argc, char **argv);

/* The same for a session of one's own, to `out`. Returns false after writing to standard error what
 * the database said; whether writing went well, ferror() tells. */
bool takeout_write(struct db_session *session, FILE *out);

#endif
