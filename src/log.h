/* SPDX-License-Identifier: MIT */
/*
 * log: one line per event on standard error, in logfmt: level, event, then pairs. Never a text
 * that somebody posted, never a client's address.
 */
#ifndef LOG_H
#define LOG_H

#include "str.h"

/* In the order of LOG_LEVEL's choices in params.def. */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines less urgent than `level` are dropped from now on. */
void log_set_level(enum log_level level);

/* From now on each line begins with its priority as the journal understands it ("<3>"), if the
 * standard error is the journal (JOURNAL_STREAM, systemd.exec(5)). */
void log_detect_journal(void);

/* Writes one line. `format` and what follows give the pairs, for instance "pid=%d code=%d". A
 * value that may hold blanks or quotes goes through log_quote(). */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* `text` as a logfmt value in double quotes; control characters become blanks, quotes and
 * backslashes single quotes. Cut off after 200 bytes. Valid until the fourth call after this. */
const char *log_quote(struct str text);

#endif
