/* SPDX-License-Identifier: MIT */
/* find: one page of a search, from the database or from what another worker has just found. */
#ifndef FIND_H
#define FIND_H

#include "exchange.h"
#include "pages.h"

struct search {
    struct str query; /* trimmed */
    uint64_t limit;
    int64_t before;  /* 0: from the newest */
    struct str seal; /* etag_seal() of all that decides the answer but the board */
};

struct found {
    struct page page;
    struct str known; /* the client's tag, when it has this page already: there are no items then */
};

/* Finds the page. Charges the client, once, however often it has to ask. False when the response is
 * made. */
bool find_page(struct exchange *exchange, const struct search *search, struct found *found);

#endif
