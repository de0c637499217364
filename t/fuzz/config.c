/* SPDX-License-Identifier: MIT */
/* Input: NAME=value lines. Settings that name files are left out: a fuzzer would read the machine.
 */
#include "config.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static struct arena *memory;
static struct str environment;

static const char *lookup(const char *name)
{
    struct str wanted = str_from(name);
    struct str rest = environment;

    if (strstr(name, "_FILE") || strcmp(name, "CREDENTIALS_DIRECTORY") == 0)
        return NULL;
    while (rest.len > 0) {
        struct str value = fuzz_line(&rest);
        if (str_equal(str_cut(&value, '='), wanted))
            return arena_copy(memory, value).ptr;
    }
    return NULL;
}

static void check_ranges(const struct config *config)
{
#define PARAM_TEXT(field, name, standard, help)                                                    \
    FUZZ_CHECK(config->field.ptr[config->field.len] == '\0');
#define PARAM_INT(field, name, standard, least, most, help)                                        \
    FUZZ_CHECK(config->field >= (least) && config->field <= (most));
#define PARAM_BOOL(field, name, standard, help)
#define PARAM_CHOICE(field, name, standard, choices, help) FUZZ_CHECK(config->field >= 0);
#define PARAM_NETWORKS(field, name, help) FUZZ_CHECK(config->field.count <= NETLIST_MAX);
#define PARAM_SECRET(field, name, required, help)                                                  \
    FUZZ_CHECK(config->field.len == 0 ||                                                           \
               (config->field.len >= SECRET_MIN && config->field.len <= SECRET_MAX));
#include "params.def"
#undef PARAM_TEXT
#undef PARAM_INT
#undef PARAM_BOOL
#undef PARAM_CHOICE
#undef PARAM_NETWORKS
#undef PARAM_SECRET
}

void fuzz_config(struct arena *arena, struct str input)
{
    struct config config;
    char *printed = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&printed, &len);

    if (out == NULL)
        abort();
    memory = arena;
    environment = input;
    config_load(&config, arena, lookup, out);
    check_ranges(&config);
    config_require_secrets(&config, out);
    config_print(&config, out);
    fclose(out);
    free(printed);
}
