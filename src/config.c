/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "crypto.h"
#include "encode.h"

#include <errno.h>
#include <string.h>

struct loader {
    struct arena *arena;
    config_source source;
    FILE *errors;
    int wrong;
};

static const char *given(const struct loader *loader, const char *name)
{
    const char *text = loader->source(name);

    return text && *text ? text : standard_setting(loader->arena, loader->source, name);
}

static void complain(struct loader *loader, const char *name, const char *what)
{
    fprintf(loader->errors, "%s: %s\n", name, what);
    loader->wrong++;
}

static void load_text(struct loader *loader, struct str *field, const char *name,
                      const char *standard)
{
    const char *text = given(loader, name);

    *field = arena_copy(loader->arena, str_from(text ? text : standard));
}

static void load_int(struct loader *loader, int64_t *field, const char *name, int64_t standard,
                     int64_t least, int64_t most)
{
    const char *text = given(loader, name);
    uint64_t value;

    *field = standard;
    if (text == NULL)
        return;
    if (!str_to_u64(str_from(text), (uint64_t)most, &value) || (int64_t)value < least) {
        fprintf(loader->errors, "%s: must be a whole number from %lld to %lld, not \"%s\"\n", name,
                (long long)least, (long long)most, text);
        loader->wrong++;
        return;
    }
    *field = (int64_t)value;
}

static void load_bool(struct loader *loader, bool *field, const char *name, bool standard)
{
    const char *text = given(loader, name);
    struct str value = str_from(text);

    *field = standard;
    if (text == NULL)
        return;
    if (str_equal(value, STR("true")) || str_equal(value, STR("1")))
        *field = true;
    else if (str_equal(value, STR("false")) || str_equal(value, STR("0")))
        *field = false;
    else
        complain(loader, name, "must be true or false");
}

/* The place of `value` in a blank-separated list, or -1. */
static int find_choice(struct str choices, struct str value)
{
    for (int i = 0; choices.len > 0; i++) {
        if (str_equal(str_cut(&choices, ' '), value))
            return i;
    }
    return -1;
}

static void load_choice(struct loader *loader, int *field, const char *name, const char *standard,
                        const char *choices)
{
    const char *text = given(loader, name);

    *field = find_choice(str_from(choices), str_from(text ? text : standard));
    if (*field < 0) {
        fprintf(loader->errors, "%s: must be one of: %s, not \"%s\"\n", name, choices, text);
        loader->wrong++;
        *field = 0;
    }
}

static void load_networks(struct loader *loader, struct netlist *field, const char *name)
{
    if (!netlist_parse(str_from(given(loader, name)), field))
        complain(loader, name, "must be networks such as 192.0.2.0/24 2001:db8::/32");
}

/* The file that holds secret `name`: NAME_FILE, else the service manager's credential, which is
 * `*optional`. */
static const char *secret_path(struct loader *loader, const char *name, bool *optional)
{
    struct str variable = arena_format(loader->arena, "%s_FILE", name);
    const char *path = given(loader, variable.ptr);
    const char *directory = given(loader, "CREDENTIALS_DIRECTORY");
    char *credential;

    *optional = path == NULL;
    if (path || directory == NULL)
        return path;
    path = arena_format(loader->arena, "%s/%s", directory, name).ptr;
    credential = strrchr(path, '/') + 1;
    for (; *credential; credential++) {
        if (*credential >= 'A' && *credential <= 'Z')
            *credential += 'a' - 'A';
    }
    return path;
}

static bool read_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    bool read = file && fgets(line, (int)size, file);

    if (file)
        fclose(file);
    if (read)
        line[strcspn(line, "\r\n")] = '\0';
    return read;
}

static void load_secret(struct loader *loader, struct secret *field, const char *name)
{
    bool optional;
    const char *path = secret_path(loader, name, &optional);
    const char *text = given(loader, name);
    unsigned char digest[SHA256_LEN];
    char line[256];

    field->len = 0;
    field->path = NULL;
    errno = 0;
    if (path && read_line(path, line, sizeof(line))) {
        text = line;
        field->path = path;
    } else if (path && !(optional && errno == ENOENT)) {
        fprintf(loader->errors, "%s: cannot read %s: %s\n", name, path,
                errno ? strerror(errno) : "it is empty");
        loader->wrong++;
        return;
    }
    if (text == NULL)
        return;
    if (!decode_base64(str_from(text), BASE64_STANDARD, field->bytes, sizeof(field->bytes),
                       &field->len) ||
        field->len < SECRET_MIN) {
        complain(loader, name, "must be base64 of 32 to 64 random bytes: openssl rand -base64 32");
        field->len = 0;
        return;
    }
    crypto_sha256((struct str){.ptr = (const char *)field->bytes, .len = field->len}, digest);
    field->id = digest[0];
}

int config_load(struct config *config, struct arena *arena, config_source source, FILE *errors)
{
    struct loader loader = {.arena = arena, .source = source, .errors = errors};

#define PARAM_TEXT(field, name, standard, help) load_text(&loader, &config->field, name, standard);
#define PARAM_INT(field, name, standard, least, most, help)                                        \
    load_int(&loader, &config->field, name, standard, least, most);
#define PARAM_BOOL(field, name, standard, help) load_bool(&loader, &config->field, name, standard);
#define PARAM_CHOICE(field, name, standard, choices, help)                                         \
    load_choice(&loader, &config->field, name, standard, choices);
#define PARAM_NETWORKS(field, name, help) load_networks(&loader, &config->field, name);
#define PARAM_SECRET(field, name, required, help) load_secret(&loader, &config->field, name);
#include "params.def"
#undef PARAM_TEXT
#undef PARAM_INT
#undef PARAM_BOOL
#undef PARAM_CHOICE
#undef PARAM_NETWORKS
#undef PARAM_SECRET
    if (config->board.len > 0 && !standard_is_board(config->board))
        complain(&loader, "BOARD", "must be at most 20 of a-z, 0-9 and, not first, the hyphen");
    return loader.wrong;
}

bool config_knows(struct str name)
{
    static const struct str names[] = {
#define PARAM_TEXT(field, name, standard, help) {name, sizeof(name) - 1},
#define PARAM_INT(field, name, standard, least, most, help) {name, sizeof(name) - 1},
#define PARAM_BOOL(field, name, standard, help) {name, sizeof(name) - 1},
#define PARAM_CHOICE(field, name, standard, choices, help) {name, sizeof(name) - 1},
#define PARAM_NETWORKS(field, name, help) {name, sizeof(name) - 1},
#define PARAM_SECRET(field, name, required, help)                                                  \
    {name, sizeof(name) - 1}, {name "_FILE", sizeof(name) + 4},
#include "params.def"
#undef PARAM_NETWORKS
#undef PARAM_TEXT
#undef PARAM_INT
#undef PARAM_BOOL
#undef PARAM_CHOICE
#undef PARAM_SECRET
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_equal(names[i], name))
            return true;
    }
    return false;
}

int config_require_secrets(const struct config *config, FILE *errors)
{
    int missing = 0;

#define PARAM_TEXT(field, name, standard, help)
#define PARAM_INT(field, name, standard, least, most, help)
#define PARAM_BOOL(field, name, standard, help)
#define PARAM_CHOICE(field, name, standard, choices, help)
#define PARAM_NETWORKS(field, name, help)
#define PARAM_SECRET(field, name, required, help)                                                  \
    if (required && config->field.len == 0) {                                                      \
        fprintf(errors,                                                                            \
                "%s: is missing; give %s_FILE with the output of openssl rand -base64 32\n", name, \
                name);                                                                             \
        missing++;                                                                                 \
    }
#include "params.def"
#undef PARAM_TEXT
#undef PARAM_INT
#undef PARAM_BOOL
#undef PARAM_CHOICE
#undef PARAM_NETWORKS
#undef PARAM_SECRET
    return missing;
}

static struct str nth_choice(struct str choices, int n)
{
    struct str choice = str_cut(&choices, ' ');

    while (n-- > 0)
        choice = str_cut(&choices, ' ');
    return choice;
}

/* A connection string may hold a password: it is not shown, nor what stands behind it. */
static struct str without_password(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        struct str rest = {.ptr = text.ptr + i, .len = text.len - i};
        if (str_starts(rest, STR("password")) || str_starts(rest, STR("://")))
            return (struct str){.ptr = text.ptr, .len = i};
    }
    return text;
}

static void print_text(FILE *out, const char *name, struct str value)
{
    struct str shown = without_password(value);

    fprintf(out, "%s=%.*s%s\n", name, STR_ARG(shown), shown.len < value.len ? "..." : "");
}

static void print_networks(FILE *out, const char *name, const struct netlist *list)
{
    char text[NETADDR_TEXT_MAX];

    fprintf(out, "%s=", name);
    for (int i = 0; i < list->count; i++) {
        netaddr_format(&list->entries[i].network, text);
        fprintf(out, "%s%s/%d", i > 0 ? " " : "", text, list->entries[i].prefix);
    }
    fputc('\n', out);
}

void config_print(const struct config *config, FILE *out)
{
#define PARAM_TEXT(field, name, standard, help) print_text(out, name, config->field);
#define PARAM_INT(field, name, standard, least, most, help)                                        \
    fprintf(out, "%s=%lld\n", name, (long long)config->field);
#define PARAM_BOOL(field, name, standard, help)                                                    \
    fprintf(out, "%s=%s\n", name, config->field ? "true" : "false");
#define PARAM_CHOICE(field, name, standard, choices, help)                                         \
    fprintf(out, "%s=%.*s\n", name, STR_ARG(nth_choice(STR(choices), config->field)));
#define PARAM_NETWORKS(field, name, help) print_networks(out, name, &config->field);
#define PARAM_SECRET(field, name, required, help)                                                  \
    fprintf(out, "%s=(%zu bytes)\n", name, config->field.len);
#include "params.def"
#undef PARAM_TEXT
#undef PARAM_INT
#undef PARAM_BOOL
#undef PARAM_CHOICE
#undef PARAM_NETWORKS
#undef PARAM_SECRET
}

static void describe(FILE *out, const char *name, const char *standard, const char *help)
{
    fprintf(out, "%s%s%s%s\n    %s\n", name, *standard ? " (default " : "", standard,
            *standard ? ")" : "", help);
}

void config_describe(FILE *out)
{
#define PARAM_TEXT(field, name, standard, help) describe(out, name, standard, help);
#define PARAM_INT(field, name, standard, least, most, help) describe(out, name, #standard, help);
#define PARAM_BOOL(field, name, standard, help) describe(out, name, #standard, help);
#define PARAM_CHOICE(field, name, standard, choices, help)                                         \
    describe(out, name, standard, help " One of: " choices ".");
#define PARAM_NETWORKS(field, name, help) describe(out, name, "", help);
#define PARAM_SECRET(field, name, required, help) describe(out, name, "", help);
#include "params.def"
#undef PARAM_TEXT
#undef PARAM_INT
#undef PARAM_BOOL
#undef PARAM_CHOICE
#undef PARAM_NETWORKS
#undef PARAM_SECRET
}
