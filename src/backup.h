/* SPDX-License-Identifier: MIT */
/* backup: the commands that keep copies of the board and bring one back. */
#ifndef BACKUP_H
#define BACKUP_H

#include "config.h"

/* backup: writes a dump and a takeout of one moment into BACKUP_DIR, tries both in the scratch
 * database, removes old ones, calls BACKUP_HOOK. Returns the exit status. */
int backup(const struct config *config, int argc, char **argv);

/* restore [--drill] [--replace] [NAME|FILE]: brings a backup back, or only tries it. */
int restore(const struct config *config, int argc, char **argv);

#endif
