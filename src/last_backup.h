/* SPDX-License-Identifier: MIT */
/* last_backup: when a backup was last tried and found good. */
#ifndef LAST_BACKUP_H
#define LAST_BACKUP_H

#include "config.h"

/* Asks the database, for a second at most. Seconds since the epoch; 0: none yet; -1: the database
 * does not say. */
int64_t last_backup_at(const struct config *config);

#endif
