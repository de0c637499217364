/* SPDX-License-Identifier: MIT */
/*
 * text: what may be posted. The page judges by the same rules (static/text.js), and both are
 * tested with the same table, t/text_cases.json.
 */
#ifndef TEXT_H
#define TEXT_H

#include "arena.h"

/* Combining diacritical marks on one letter; written languages need at most four. */
#define TEXT_MAX_MARKS 5

enum text_verdict {
    TEXT_OK,
    TEXT_NOT_UTF8,
    TEXT_EMPTY,
    TEXT_TOO_LONG,
    TEXT_CONTROL, /* a control character other than newline */
    TEXT_BIDI,    /* a bidirectional override, embedding or isolate */
    TEXT_MARKS,   /* more than TEXT_MAX_MARKS combining marks in a row */
};

struct text {
    struct str body;    /* normalised, in the arena */
    size_t code_points; /* of `body` */
};

/* Normalises `raw` (CRLF becomes LF, Unicode White_Space is trimmed at both ends) and judges
 * it: 1..`max_chars` code points, no control characters but newline, none of U+202A..U+202E and
 * U+2066..U+2069, which reorder the text around them (Unicode TR 36), no more than TEXT_MAX_MARKS
 * marks of the blocks "Combining ..." in a row, which would cover the neighbours. On TEXT_TOO_LONG
 * `code_points` says how many there are. */
enum text_verdict text_check(struct arena *arena, struct str raw, size_t max_chars,
                             struct text *text);

/* A sentence for people about `verdict`, which is not TEXT_OK. */
struct str text_explain(struct arena *arena, enum text_verdict verdict, const struct text *text,
                        size_t max_chars);

/* How many links `body` holds: "http://", "https://" and "www." in any case. */
size_t text_count_links(struct str body);

/* `s` as a terminal may have it, in `arena`: blanks instead of control characters but newline, of
 * those that reorder the text, and of bytes that are not UTF-8. */
struct str text_for_terminal(struct arena *arena, struct str s);

/* `s` without Unicode White_Space at both ends. Bytes that are not UTF-8 end the trimming. */
struct str text_trim(struct str s);

#endif
