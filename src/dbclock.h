/* SPDX-License-Identifier: MIT */
/*
 * dbclock: the database's clock, kept without asking. Expiry is judged by the database's time,
 * since hosts drift apart; every answer of the database carries its clock, and between two
 * answers the difference to the monotonic clock hardly moves. The struct lives in memory that all
 * workers share.
 */
#ifndef DBCLOCK_H
#define DBCLOCK_H

#include <stdatomic.h>
#include <stdint.h>

struct dbclock {
    _Atomic int64_t offset_ms; /* epoch minus monotonic; 0 before the first answer */
};

/* Learns from an answer that has just arrived. */
void dbclock_set(struct dbclock *clock, int64_t epoch_ms);

/* Milliseconds since the epoch; by the host's clock as long as the database has not answered. */
int64_t dbclock_now_ms(const struct dbclock *clock);

#endif
