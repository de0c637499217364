/* SPDX-License-Identifier: MIT */
/* exposition: a pool's counters for machines: the text format of Prometheus, version 0.0.4. */
#ifndef EXPOSITION_H
#define EXPOSITION_H

#include "scoreboard.h"

#include <stdio.h>

void exposition_print(const struct scoreboard *board, FILE *out);

#endif
