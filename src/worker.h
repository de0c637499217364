/* SPDX-License-Identifier: MIT */
/* worker: a process that answers requests, one after another. */
#ifndef WORKER_H
#define WORKER_H

#include "heritage.h"

/* Answers until SIGTERM, then finishes what it has begun and returns the exit status. */
int worker_run(const struct heritage *heritage);

#endif
