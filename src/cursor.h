/* SPDX-License-Identifier: MIT */
/* cursor: where the next page of a search begins, signed and bound to its query. */
#ifndef CURSOR_H
#define CURSOR_H

#include "arena.h"

/* The cursor that continues the search for `query` below `id`: 32 characters of base64url. */
struct str cursor_make(struct arena *arena, struct str key, struct str query, int64_t id);

/* Reads a cursor made for the same `query`; false for any other text. */
bool cursor_read(struct arena *arena, struct str key, struct str query, struct str cursor,
                 int64_t *id);

#endif
