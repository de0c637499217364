/* SPDX-License-Identifier: MIT */
/* The entry points of libFuzzer; FUZZ_TARGET names the target. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("FUZZ_TARGET");

    (void)argc;
    (void)argv;
    target = name ? fuzz_find(name) : NULL;
    if (target == NULL) {
        fprintf(stderr, "FUZZ_TARGET must be one of:");
        for (const struct fuzz_target *row = fuzz_targets; row->name; row++)
            fprintf(stderr, " %s", row->name);
        fprintf(stderr, "\n");
        exit(EXIT_FAILURE);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    fuzz_run(target, bytes, len);
    return 0;
}
