/* SPDX-License-Identifier: MIT */
/* clock: time in milliseconds. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Time since an arbitrary start, never set back: for deadlines and durations. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Milliseconds since the epoch, as this host has it. */
int64_t clock_epoch_ms(void);

#endif
