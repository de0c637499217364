/* SPDX-License-Identifier: MIT */
/* rfc3339: times as text. */
#ifndef RFC3339_H
#define RFC3339_H

#include "str.h"

/* Whether `text` is a date-time of RFC 3339, section 5.6, that the database will take: a date that
 * exists from the year 1970 on, no leap second, within 16 hours of UTC, at most 64 characters. */
bool rfc3339_is_valid(struct str text);

#endif
