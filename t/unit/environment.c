/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const char *const *current;

static const char *lookup(const char *name)
{
    size_t len = strlen(name);

    for (const char *const *variable = current; *variable; variable++) {
        if (strncmp(*variable, name, len) == 0 && (*variable)[len] == '=')
            return *variable + len + 1;
    }
    return NULL;
}

static struct str taken(FILE *file, char **bytes, size_t *len)
{
    struct str copy;

    fclose(file);
    copy = arena_copy(&test_arena, (struct str){.ptr = *bytes, .len = *len});
    free(*bytes);
    return copy;
}

int environment_load(struct config *config, const char *const *variables, struct str *said)
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *errors = open_memstream(&bytes, &len);
    int wrong;

    ck_assert_ptr_nonnull(errors);
    current = variables;
    wrong = config_load(config, &test_arena, lookup, errors);
    *said = taken(errors, &bytes, &len);
    return wrong;
}

struct str environment_printed(const struct config *config,
                               void (*print)(const struct config *config, FILE *out))
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&bytes, &len);

    ck_assert_ptr_nonnull(out);
    print(config, out);
    return taken(out, &bytes, &len);
}
