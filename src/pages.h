/* SPDX-License-Identifier: MIT */
/*
 * pages: what searches have lately found, in memory that the processes of a pool share, and which
 * of them are being searched for now, so that many who ask the same at once make one search.
 * Nothing here says that a page is still right: that is asked of the database for every request,
 * by the page's version.
 *
 * Whoever dies here, by SIGKILL too, stops nobody: the locks are robust, so the kernel gives them
 * back, and what the dead was writing is forgotten.
 */
#ifndef PAGES_H
#define PAGES_H

#include "arena.h"
#include "crypto.h"

struct pages;

/* Stands for all that decides what a page holds but the state of the board. */
struct pages_key {
    unsigned char bytes[SHA256_LEN];
};

struct page {
    struct str version; /* of the board */
    struct str items;   /* a JSON array */
    int64_t next_id;    /* 0: none */
};

/* Whether the kernel gives back the locks of the dead. An emulator (qemu-user) does not: what is
 * shared there can be stopped by one death, so it is better not shared. */
bool pages_outlive_the_dead(void);

/* Makes the memory for a process and those it forks. Never NULL. It is never given back. */
struct pages *pages_create(void);

enum pages_claim {
    PAGES_MINE,  /* search; then pages_release() */
    PAGES_TAKEN, /* somebody searches for this now: pages_wait() */
    PAGES_NONE,  /* no place to share it in: search */
};

/* Tries to become the one who searches for `key`. `pages` may be NULL here: PAGES_NONE. */
enum pages_claim pages_claim(struct pages *pages, const struct pages_key *key);

/* Waits until whoever has the claim on `key` gives it up or is dead, or until `until_ms` on
 * clock_monotonic_ms(). */
void pages_wait(struct pages *pages, const struct pages_key *key, int64_t until_ms);

/* Gives the claim up. */
void pages_release(struct pages *pages, const struct pages_key *key);

/* Copies what was last found for `key` into `*page`, in `arena`; false when that is not known.
 * `pages` may be NULL. */
bool pages_read(struct pages *pages, const struct pages_key *key, struct arena *arena,
                struct page *page);

/* Keeps what was found, with the claim held. A page that is too large is not kept. */
void pages_write(struct pages *pages, const struct pages_key *key, const struct page *page);

#endif
