/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct fuzz_target fuzz_targets[] = {
    {"address", fuzz_address},   {"atom", fuzz_atom},       {"config", fuzz_config},
    {"cursor", fuzz_cursor},     {"encode", fuzz_encode},   {"json", fuzz_json},
    {"proof", fuzz_proof},       {"records", fuzz_records}, {"request", fuzz_request},
    {"settings", fuzz_settings}, {"text", fuzz_text},       {NULL, NULL},
};

const struct fuzz_target *fuzz_find(const char *name)
{
    for (const struct fuzz_target *target = fuzz_targets; target->name; target++) {
        if (strcmp(target->name, name) == 0)
            return target;
    }
    return NULL;
}

void fuzz_run(const struct fuzz_target *target, const void *bytes, size_t len)
{
    struct arena arena;
    char *copy = malloc(len > 0 ? len : 1); /* a sanitizer sees what is read behind it */

    if (copy == NULL)
        abort();
    if (len > 0)
        memcpy(copy, bytes, len);
    arena_init(&arena);
    target->run(&arena, (struct str){.ptr = copy, .len = len});
    arena_release(&arena);
    free(copy);
}

void fuzz_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

struct str fuzz_line(struct str *rest)
{
    return str_cut(rest, '\n');
}

unsigned fuzz_byte(struct str *rest)
{
    unsigned byte = 0;

    if (rest->len > 0) {
        byte = (unsigned char)*rest->ptr++;
        rest->len--;
    }
    return byte;
}
