/* SPDX-License-Identifier: MIT */
#include "dbclock.h"

#include "clock.h"

#include <time.h>

void dbclock_set(struct dbclock *clock, int64_t epoch_ms)
{
    atomic_store(&clock->offset_ms, epoch_ms - clock_monotonic_ms());
}

int64_t dbclock_now_ms(const struct dbclock *clock)
{
    int64_t offset_ms = atomic_load(&clock->offset_ms);

    if (offset_ms == 0)
        return (int64_t)time(NULL) * 1000;
    return clock_monotonic_ms() + offset_ms;
}
