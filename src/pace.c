/* SPDX-License-Identifier: MIT */
#include "pace.h"

#include "clock.h"
#include "crypto.h"

bool pace_allows(const struct pace *pace)
{
    return clock_monotonic_ms() >= pace->next_ms;
}

void pace_failed(struct pace *pace)
{
    uint16_t chance;
    int64_t half_ms;

    pace->pause_ms = pace->pause_ms > 0 ? pace->pause_ms * 2 : pace->least_ms;
    if (pace->pause_ms > pace->most_ms)
        pace->pause_ms = pace->most_ms;
    half_ms = pace->pause_ms / 2;
    crypto_random(&chance, sizeof(chance));
    pace->next_ms = clock_monotonic_ms() + half_ms + half_ms * chance / UINT16_MAX;
}

void pace_succeeded(struct pace *pace)
{
    pace->pause_ms = 0;
    pace->next_ms = 0;
}
