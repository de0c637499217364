/* SPDX-License-Identifier: MIT */
/* adopt: taking over the messages of the program that this one descends from. */
#ifndef ADOPT_H
#define ADOPT_H

#include "db_session.h"

/* Moves the messages of table public.listings, if there is one, to the board, with their ids and
 * times, in short transactions: killed, it goes on where it was. Then the old tables are put aside
 * in schema origin. Returns false after writing to standard error what went wrong. */
bool adopt(struct db_session *session);

#endif
