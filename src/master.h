/* SPDX-License-Identifier: MIT */
/* master: the process that starts the children, replaces the ones that die, and ends them. */
#ifndef MASTER_H
#define MASTER_H

#include "config.h"

/* Serves until SIGTERM or SIGINT; SIGHUP reads the settings again and replaces the children one
 * after another. Returns the exit status: 0 after an orderly end, 1 when it could not start,
 * EXIT_MISCONFIGURED when the database has another schema than this binary was built for. */
int master_run(const struct config *config);

#endif
