/* SPDX-License-Identifier: MIT */
/* pace: when to try again what has failed: later each time, and by chance not when others do. */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    int64_t
        least_ms; /* the first pause, and the longest: half of it, and up to as much by chance */
    int64_t most_ms;
    int64_t pause_ms;
    int64_t next_ms; /* no attempt before this, on clock_monotonic_ms() */
};

/* Whether it is time for an attempt. */
bool pace_allows(const struct pace *pace);

void pace_failed(struct pace *pace);
void pace_succeeded(struct pace *pace);

#endif
