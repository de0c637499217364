/* SPDX-License-Identifier: MIT */
/*
 * etag: validators of representations (RFC 9110, 8.8.3), "VERSION.SEAL.DIGEST".
 *
 * VERSION is the board's, by which the database can tell at once that nothing has changed, SEAL
 * stands for all else that decides what the bytes are, and DIGEST for the bytes themselves, which
 * may be the same though the board has changed. Clients keep the whole.
 */
#ifndef ETAG_H
#define ETAG_H

#include "arena.h"

/* The seal of `decisive`. */
struct str etag_seal(struct arena *arena, struct str decisive);

struct str etag_make(struct arena *arena, struct str version, struct str seal, struct str body);

/* The versions in the field If-None-Match whose tags have this seal, as a text[] in text form with
 * `more` in it, if that is not empty. */
struct str etag_versions(struct arena *arena, struct str if_none_match, struct str seal,
                         struct str more);

/* The tag in the field If-None-Match with this version and seal; empty when there is none. */
struct str etag_of_version(struct str if_none_match, struct str version, struct str seal);

/* The tag in the field If-None-Match that stands for the same bytes as `etag`; `etag` itself for
 * "*"; empty when there is none. */
struct str etag_of_same(struct str if_none_match, struct str etag);

#endif
