/* SPDX-License-Identifier: MIT */
/* options: the words behind a moderator's command. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "arena.h"

#include <stdio.h>

struct options {
    struct str ids;         /* numbers as a bigint[] in text form; empty: none were given */
    const char *word;       /* the first argument as it is, or NULL */
    const char *search;     /* the texts below are NULL unless given */
    const char *network_of; /* a number */
    const char *since;      /* RFC 3339; a date was made its beginning in UTC */
    const char *until;
    const char *reason;
    const char *hours;
    const char *limit;
    const char *place; /* message, hidden or held */
    bool only_numbers; /* whether every argument is one; also when there are none */
    bool dry_run;
    bool json;
};

/* Reads the words into `*options`, keeping texts in `arena`. Several arguments must all be
 * numbers. Returns false after writing what is wrong to `errors`. */
bool options_read(struct options *options, struct arena *arena, int argc, char **argv,
                  FILE *errors);

#endif
