/* SPDX-License-Identifier: MIT */
/* janitor: a process that keeps the database tidy, off the request path. */
#ifndef JANITOR_H
#define JANITOR_H

#include "heritage.h"

/* Calls the database's housekeeping until SIGTERM; returns the exit status. Every pool has a
 * janitor, and the database lets one of them work at a time. */
int janitor_run(const struct heritage *heritage);

#endif
