/* SPDX-License-Identifier: MIT */
/* status: the commands that look at a running pool: status for people, metrics for machines. */
#ifndef STATUS_H
#define STATUS_H

#include "config.h"

/* Arguments: [--watch] [FILE], FILE being the pool's scoreboard instead of the one beside
 * SOCKET_PATH. Return the exit status. */
int status_command(const struct config *config, int argc, char **argv);
int status_metrics(const struct config *config, int argc, char **argv);

#endif
