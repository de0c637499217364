/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "buf.h"
#include "rfc3339.h"

#include <stddef.h>
#include <string.h>

/* A date stands for its beginning. */
#define DATE_LEN (sizeof("2026-11-21") - 1)

struct option {
    const char *name;
    size_t offset; /* of a const char * in struct options */
    bool (*is_valid)(struct str value);
    const char *what;
};

static bool is_anything(struct str value)
{
    return value.len > 0;
}

static bool is_number(struct str value)
{
    uint64_t number;

    return str_to_u64(value, INT64_MAX, &number) && number > 0;
}

/* At most ten years, so that a sum with the present time exists. */
static bool is_count(struct str value)
{
    uint64_t number;

    return str_to_u64(value, 87600, &number) && number > 0;
}

static const struct option options_with_value[] = {
    {"--search", offsetof(struct options, search), is_anything, "words"},
    {"--network-of", offsetof(struct options, network_of), is_number, "the number of a message"},
    {"--since", offsetof(struct options, since), rfc3339_is_valid, "a date or an RFC 3339 time"},
    {"--until", offsetof(struct options, until), rfc3339_is_valid, "a date or an RFC 3339 time"},
    {"--reason", offsetof(struct options, reason), is_anything, "a sentence"},
    {"--hours", offsetof(struct options, hours), is_count, "a number of hours up to 87600"},
    {"--limit", offsetof(struct options, limit), is_count, "a number up to 87600"},
};

/* Reads an option with a value. Returns how many words it took, 0 when it is none, -1 when it is
 * wrong. */
static int read_valued(struct options *options, struct arena *arena, int argc, char **argv,
                       FILE *errors)
{
    for (size_t i = 0; i < sizeof(options_with_value) / sizeof(options_with_value[0]); i++) {
        const struct option *option = &options_with_value[i];
        const char *value = argc > 1 ? argv[1] : "";
        if (strcmp(argv[0], option->name) != 0)
            continue;
        if (option->is_valid == rfc3339_is_valid && strlen(value) == DATE_LEN)
            value = arena_format(arena, "%sT00:00:00Z", value).ptr;
        if (!option->is_valid(str_from(value))) {
            fprintf(errors, "initialsdb: %s needs %s\n", option->name, option->what);
            return -1;
        }
        memcpy((char *)options + option->offset, &value, sizeof(value));
        return 2;
    }
    return 0;
}

static bool read_flag(struct options *options, const char *word)
{
    if (strcmp(word, "--dry-run") == 0)
        options->dry_run = true;
    else if (strcmp(word, "--json") == 0)
        options->json = true;
    else if (strcmp(word, "--hidden") == 0)
        options->place = "hidden";
    else if (strcmp(word, "--held") == 0)
        options->place = "held";
    else
        return false;
    return true;
}

/* A number that is mistyped must not widen what the others choose: false, after saying so, when
 * one of several arguments is none. */
static bool add_argument(struct options *options, struct buf *ids, const char *word, FILE *errors)
{
    bool number = is_number(str_from(word));

    if (options->word && !(number && options->only_numbers)) {
        fprintf(errors, "initialsdb: %s is not a number\n", number ? options->word : word);
        return false;
    }
    if (options->word == NULL)
        options->word = word;
    if (number)
        buf_addf(ids, "%s%s", ids->len > 1 ? "," : "", word);
    else
        options->only_numbers = false;
    return true;
}

bool options_read(struct options *options, struct arena *arena, int argc, char **argv, FILE *errors)
{
    struct buf ids;

    memset(options, 0, sizeof(*options));
    options->only_numbers = true;
    buf_init(&ids, arena, 64);
    buf_add_char(&ids, '{');
    while (argc > 0) {
        int taken = read_valued(options, arena, argc, argv, errors);
        if (taken < 0)
            return false;
        if (taken == 0 && argv[0][0] == '-' && !read_flag(options, argv[0])) {
            fprintf(errors, "initialsdb: there is no option %s\n", argv[0]);
            return false;
        }
        if (argv[0][0] != '-' && !add_argument(options, &ids, argv[0], errors))
            return false;
        argc -= taken > 0 ? taken : 1;
        argv += taken > 0 ? taken : 1;
    }
    if (ids.len > 1) {
        buf_add(&ids, (struct str){"}", 2}); /* with its NUL */
        options->ids = (struct str){.ptr = ids.ptr, .len = ids.len - 1};
    }
    return true;
}
