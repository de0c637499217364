/* SPDX-License-Identifier: MIT */
/*
 * fuzz: targets for every parser of bytes that come from outside. A target feeds any bytes to its
 * parser and checks what must hold whatever they are; a sanitizer finds the rest.
 *
 * corpus.c runs each file below t/fuzz/corpus through every target, with any compiler, in `make
 * check`; libfuzzer.c lets libFuzzer look for new ones, in `make fuzz`.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "arena.h"

struct fuzz_target {
    const char *name; /* of its directory in the corpus, too */
    void (*run)(struct arena *arena, struct str input);
};

/* Ended by a row without a name. */
extern const struct fuzz_target fuzz_targets[];

/* The target called `name`, or NULL. */
const struct fuzz_target *fuzz_find(const char *name);

/* Gives one input to a target, in memory of its exact size. */
void fuzz_run(const struct fuzz_target *target, const void *bytes, size_t len);

/* Says what does not hold and aborts. */
void fuzz_fail(const char *file, int line, const char *condition) __attribute__((noreturn));

#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fuzz_fail(__FILE__, __LINE__, #condition);                                             \
    } while (0)

/* Cuts the next line off, for inputs of several parts. */
struct str fuzz_line(struct str *rest);

/* Cuts the first byte off; 0 at the end. */
unsigned fuzz_byte(struct str *rest);

void fuzz_address(struct arena *arena, struct str input);
void fuzz_atom(struct arena *arena, struct str input);
void fuzz_config(struct arena *arena, struct str input);
void fuzz_cursor(struct arena *arena, struct str input);
void fuzz_encode(struct arena *arena, struct str input);
void fuzz_json(struct arena *arena, struct str input);
void fuzz_proof(struct arena *arena, struct str input);
void fuzz_records(struct arena *arena, struct str input);
void fuzz_request(struct arena *arena, struct str input);
void fuzz_settings(struct arena *arena, struct str input);
void fuzz_text(struct arena *arena, struct str input);

#endif
