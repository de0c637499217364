/* SPDX-License-Identifier: MIT */
/* atom: listings as a feed (RFC 4287). */
#ifndef ATOM_H
#define ATOM_H

#include "json.h"

struct atom_feed {
    struct str scheme; /* of the board's own address */
    struct str host;
    struct str query;       /* empty: the newest */
    struct str next_cursor; /* empty: this is the last page (RFC 5005, section 3) */
    struct json_listing *listings;
    size_t count;
};

/* The feed as XML, in `arena`. */
struct str atom_render(struct arena *arena, const struct atom_feed *feed);

#endif
