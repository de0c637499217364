/* SPDX-License-Identifier: MIT */
/*
 * fcgi: one FastCGI request at a time on an accepted connection. The only user of libfcgi.
 *
 * The library is given a connection that we accepted ourselves, so that time limits hold from the
 * first byte on; it never accepts by itself.
 */
#ifndef FCGI_H
#define FCGI_H

#include "arena.h"

/* Prepares the library; once a process, before any signal handler is installed (it installs its
 * own). */
void fcgi_init(void);

/* Reads the variables of the request that comes on `connection` (the descriptor is this module's
 * from here on, closed by fcgi_finish() or on failure). The request must be there, with its body,
 * within `timeout_ms`. Returns "NAME=value" strings ended by NULL, valid until fcgi_finish(); NULL
 * when no whole request came. */
char *const *fcgi_begin(int connection, int timeout_ms);

/* The descriptor of the request being handled; its peer closing means that nobody waits. */
int fcgi_connection(void);

/* Reads the body into `arena`: all of it, or `most` + 1 bytes if there is more; then reads a
 * bounded rest away, because a web server that still writes misses an early answer. `*complete`
 * says whether the stream ended as it should. */
struct str fcgi_read_body(struct arena *arena, size_t most, bool *complete);

/* Sends `answer` within `timeout_ms` and closes the connection. Returns false when it could not be
 * sent whole. */
bool fcgi_finish(struct str answer, int timeout_ms);

/* Ends the process in so many seconds. For signal handlers. */
void fcgi_exit_after(unsigned secs);

#endif
