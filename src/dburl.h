/* SPDX-License-Identifier: MIT */
/* dburl: what a connection string or URI says, as libpq reads it. */
#ifndef DBURL_H
#define DBURL_H

#include "arena.h"

#include <stdio.h>

#define DBURL_HOSTS 8

/* One of several servers; NULL is left to the rest of the URL. */
struct dburl_host {
    char *host;
    char *hostaddr;
    char *port;
};

struct dburl_hosts {
    struct dburl_host list[DBURL_HOSTS]; /* empty when there is only one */
    int count;                           /* at least 1 */
};

/* Splits the lists of hosts in `url`. libpq tries them in turn by itself, but without a time limit
 * on each when it must not block: one dead host would cost every attempt its whole deadline. */
void dburl_hosts_init(struct dburl_hosts *hosts, const char *url);

void dburl_hosts_release(struct dburl_hosts *hosts);

/* The part `keyword` ("user", "dbname") of connection string or URI `url`, in `arena`; empty when
 * it has none or cannot be read. */
struct str db_url_part(struct arena *arena, const char *url, const char *keyword);

/* Whether libpq can read `url`; if not, says why of the setting `name`, but shows no password. */
bool db_url_is_valid(const char *name, const char *url, FILE *errors);

/* `url` as a connection string that may be shown: without its passwords, and to `database` unless
 * that is NULL. In `arena`. */
struct str db_url_without_password(struct arena *arena, const char *url, const char *database);

#endif
