/* SPDX-License-Identifier: MIT */
/* migrate: commands of the operator that make and change the database's schema. */
#ifndef MIGRATE_H
#define MIGRATE_H

#include "config.h"

/* Creates the owner role, the application role and the database, whose names are in
 * MIGRATE_DATABASE_URL and DATABASE_URL, as the role of ADMIN_DATABASE_URL. May run again. Returns
 * the exit status. */
int setup_database(const struct config *config);

/* Brings the schema to what this binary was built for: each migration that is not yet applied in
 * a transaction of its own, then all functions of schema api, then the application role's rights.
 * Only one migrate works at a time; the others wait. Returns the exit status. */
int migrate(const struct config *config);

#endif
