/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "buf.h"
#include "dburl.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

struct setting {
    struct str name;
    const char *value;
    const struct setting *next;
};

static const struct setting *from_file;

/* The value as a C string in `arena`, without its quotes; NULL when a quote is not closed or
 * something follows it. */
static const char *unquote(struct arena *arena, struct str text)
{
    struct buf out;
    char quote = '\0';
    bool closed = false;

    buf_init(&out, arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (closed)
            return NULL;
        if (i == 0 && (c == '"' || c == '\'')) {
            quote = c;
        } else if (quote && c == quote) {
            closed = true;
        } else if (c == '\\' && quote != '\'' && i + 1 < text.len) {
            buf_add_char(&out, text.ptr[++i]);
        } else {
            buf_add_char(&out, c);
        }
    }
    buf_add_char(&out, '\0');
    return quote && !closed ? NULL : buf_str(&out).ptr;
}

static struct str trim(struct str s)
{
    while (s.len > 0 && isspace((unsigned char)s.ptr[s.len - 1]))
        s.len--;
    while (s.len > 0 && isspace((unsigned char)s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    return s;
}

/* What is wrong with one line, or NULL. */
static const char *read_line(struct arena *arena, struct str line)
{
    struct setting *setting;
    struct str rest = trim(line);
    struct str name;

    if (rest.len == 0 || rest.ptr[0] == '#' || rest.ptr[0] == ';')
        return NULL;
    name = str_cut(&rest, '=');
    if (name.ptr + name.len == rest.ptr)
        return "must be NAME=value";
    if (!config_knows(trim(name)) && !standard_is_origins(trim(name)))
        return "there is no setting of this name; initialsdb --help lists all";
    setting = arena_zalloc(arena, sizeof(*setting));
    setting->name = arena_copy(arena, trim(name));
    setting->value = unquote(arena, trim(rest));
    setting->next = from_file;
    if (setting->value == NULL)
        return "a quote is not closed, or something follows it";
    from_file = setting;
    return NULL;
}

int settings_read_file(struct arena *arena, const char *path, FILE *errors)
{
    char line[LINE_MAX_BYTES];
    FILE *file = fopen(path, "re");
    int number = 0;
    int wrong = 0;

    from_file = NULL;
    if (file == NULL) {
        fprintf(errors, "CONFIG_FILE: cannot read %s: %s\n", path, strerror(errno));
        return 1;
    }
    while (fgets(line, sizeof(line), file)) {
        const char *what = strchr(line, '\n') || feof(file) ? read_line(arena, str_from(line))
                                                            : "the line is too long";
        number++;
        if (what == NULL)
            continue;
        fprintf(errors, "%s:%d: %s\n", path, number, what);
        wrong++;
    }
    if (ferror(file)) {
        fprintf(errors, "CONFIG_FILE: cannot read %s: %s\n", path, strerror(errno));
        wrong++;
    }
    fclose(file);
    return wrong;
}

const char *settings_get(const char *name)
{
    const char *value = getenv(name);

    if (value && *value)
        return value;
    for (const struct setting *setting = from_file; setting; setting = setting->next) {
        if (str_equal(setting->name, str_from(name)))
            return setting->value;
    }
    return NULL;
}

/* What can be read as a text, but makes no sense. */
static int count_wrong_urls(const struct config *config, FILE *errors)
{
    const struct {
        const char *name;
        struct str url;
    } urls[] = {{"DATABASE_URL", config->database_url},
                {"READ_DATABASE_URL", config->read_database_url},
                {"MIGRATE_DATABASE_URL", config->migrate_database_url},
                {"ADMIN_DATABASE_URL", config->admin_database_url}};
    int wrong = 0;

    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
        wrong += !db_url_is_valid(urls[i].name, urls[i].url.ptr, errors);
    return wrong;
}

int settings_load(struct config *config, struct arena *arena, FILE *errors)
{
    const char *path = getenv("CONFIG_FILE");
    int wrong = 0;

    if (path == NULL || *path == '\0') {
        path = standard_file(arena, getenv("BOARD"));
        if (access(path, F_OK) != 0)
            path = "";
    }
    if (*path)
        wrong += settings_read_file(arena, path, errors);
    wrong += config_load(config, arena, settings_get, errors);
    wrong += count_wrong_urls(config, errors);
    from_file = NULL; /* it lives in the arena, which is the caller's */
    return wrong;
}
