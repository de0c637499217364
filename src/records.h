/* SPDX-License-Identifier: MIT */
/* records: reading a file of messages, one record at a time. */
#ifndef RECORDS_H
#define RECORDS_H

#include "arena.h"

#include <stdio.h>

enum records_format {
    RECORDS_JSON,    /* JSON Lines: one object a line */
    RECORDS_PERCENT, /* texts between lines that hold only "%" (the format of fortune(6)) */
    RECORDS_BLANK,   /* texts between blank lines */
};

/* Longest line, and longest record, that is read; longer ones are refused, not held in memory. */
#define RECORDS_LINE_MAX 65536

struct records {
    FILE *file;
    struct str head; /* bytes that were read from the file before */
    enum records_format format;
    uint64_t line; /* number of the last line read, from 1 */
    bool oversized;
};

struct record {
    struct str text; /* in the arena */
    uint64_t line;   /* where it begins */
    bool oversized;  /* longer than RECORDS_LINE_MAX; `text` is the beginning */
};

/* Guesses the format of a file from its first bytes. */
enum records_format records_guess(struct str head);

/* Starts to read `file`, which stays the caller's. `head` is what the caller has read of it
 * already, for instance to guess the format; it is kept by reference. */
void records_init(struct records *records, FILE *file, struct str head, enum records_format format);

/* Reads the next record that is not empty into `*record`; false at the end of the file, or when
 * reading failed (ferror() tells). */
bool records_next(struct records *records, struct arena *arena, struct record *record);

#endif
