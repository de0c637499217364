/* SPDX-License-Identifier: MIT */
/*
 * netkeys: the keys of the digests that stand for client networks.
 *
 * The database holds a key for each day and forgets it after KEY_DAYS; from then on nobody can
 * tell which messages came from one network. Digests are made with that key and with a secret
 * that the database does not have, so that neither alone leads back to an address. The keys of
 * days past are kept as long as the database has them: a budget that began before midnight still
 * counts, and so does a ban.
 */
#ifndef NETKEYS_H
#define NETKEYS_H

#include "arena.h"
#include "crypto.h"
#include "netaddr.h"

#define NETKEYS_MAX 367 /* KEY_DAYS at its most, and today */
#define NETKEYS_DIGEST_LEN 16
#define DAY_MS (24 * 60 * 60 * (int64_t)1000)

struct netkeys {
    struct {
        int64_t day; /* since the epoch, by the database's clock */
        unsigned char bytes[SHA256_LEN];
    } keys[NETKEYS_MAX];      /* newest first */
    int count;                /* 0: the database has not told them yet */
    int64_t next_question_ms; /* not asked again before this, on clock_monotonic_ms() */
};

/* Reads keys as the database tells them, "DAY:HEX" newest first, separated by blanks, and mixes
 * them with `salt`. Returns false when `text` is anything else. */
bool netkeys_read(struct netkeys *keys, struct str salt, struct str text);

/* How many of the newest keys a budget is counted under at `now_ms` of the database's clock: one,
 * or two while a window of `window_ms` reaches back beyond midnight. 0 without keys. */
int netkeys_counted(const struct netkeys *keys, int64_t now_ms, int64_t window_ms);

/* The digest that stands for the first `prefix` bits of `addr` under key `index`, in `arena`. */
struct str netkeys_digest(const struct netkeys *keys, int index, struct arena *arena,
                          const struct netaddr *addr, int prefix);

#endif
