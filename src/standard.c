/* SPDX-License-Identifier: MIT */
#include "standard.h"

#include "buf.h"

#include <string.h>

/* The origin had one budget for reads and posts together. Here it is the posts'; reads get eight
 * times as many, as by default. */
#define READS_PER_POST 8
#define BOARD_MAX 20

static const char *const origins[] = {
    "APP_ENV",           "SERVER_ADDR",          "POSTGRES_HOST",
    "POSTGRES_DB",       "POSTGRES_USER",        "POSTGRES_PASSWORD",
    "BODY_LIMIT_ENABLE", "IP_RATE_MAX_REQUESTS", "IP_RATE_WINDOW_MS",
};

struct source {
    struct arena *arena;
    config_source get;
};

static struct str get(const struct source *source, const char *name)
{
    return str_from(source->get(name));
}

bool standard_is_origins(struct str name)
{
    for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
        if (str_equal(name, str_from(origins[i])))
            return true;
    }
    return false;
}

bool standard_is_board(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && i > 0)))
            return false;
    }
    return name.len > 0 && name.len <= BOARD_MAX;
}

const char *standard_file(struct arena *arena, const char *board)
{
    const char *name = standard_is_board(str_from(board)) ? board : "initialsdb";

    return arena_format(arena, SYSCONFDIR "/%s.conf", name).ptr;
}

/* keyword='value' of a connection string. */
static void add_part(struct buf *url, const char *keyword, struct str value, const char *suffix)
{
    if (value.len == 0)
        return;
    buf_addf(url, "%s%s='", url->len > 0 ? " " : "", keyword);
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\'' || value.ptr[i] == '\\')
            buf_add_char(url, '\\');
        buf_add_char(url, value.ptr[i]);
    }
    buf_addf(url, "%s'", suffix);
}

static const char *finish(struct buf *url)
{
    buf_add_char(url, '\0');
    return buf_str(url).ptr;
}

/* The connection that the origin's POSTGRES_HOST, _DB, _USER and _PASSWORD name. */
static const char *origin_url(const struct source *source, const char *suffix)
{
    struct str database = get(source, "POSTGRES_DB");
    struct str user = get(source, "POSTGRES_USER");
    struct str host = get(source, "POSTGRES_HOST");
    struct buf url;

    if (database.len + user.len + host.len == 0)
        return NULL;
    buf_init(&url, source->arena, 256);
    add_part(&url, "host", host, "");
    add_part(&url, "dbname", database.len > 0 ? database : STR("initialsdb"), "");
    add_part(&url, "user", user.len > 0 ? user : STR("initialsdb"), suffix);
    add_part(&url, "password", get(source, "POSTGRES_PASSWORD"), "");
    return finish(&url);
}

static const char *origin_admin_url(const struct source *source)
{
    struct str host = get(source, "POSTGRES_HOST");
    struct buf url;

    if (host.len == 0)
        return NULL;
    buf_init(&url, source->arena, 64);
    add_part(&url, "host", host, "");
    add_part(&url, "dbname", STR("postgres"), "");
    return finish(&url);
}

static const char *database_url(const struct source *source, const char *suffix)
{
    struct str board = get(source, "BOARD");
    const char *url = origin_url(source, suffix);

    if (url || board.len == 0)
        return url;
    return arena_format(source->arena, "dbname=initialsdb-%.*s user=initialsdb-%.*s%s",
                        STR_ARG(board), STR_ARG(board), suffix)
        .ptr;
}

static const char *board_path(const struct source *source, const char *before, const char *behind)
{
    struct str board = get(source, "BOARD");

    if (board.len == 0)
        return NULL;
    return arena_format(source->arena, "%s-%.*s%s", before, STR_ARG(board), behind).ptr;
}

static const char *read_budget(const struct source *source)
{
    uint64_t posts;

    if (!str_to_u64(get(source, "IP_RATE_MAX_REQUESTS"), 1000000 / READS_PER_POST, &posts))
        return NULL;
    return arena_format(source->arena, "%llu", (unsigned long long)posts * READS_PER_POST).ptr;
}

const char *standard_setting(struct arena *arena, config_source get_setting, const char *name)
{
    struct source source = {.arena = arena, .get = get_setting};

    if (strcmp(name, "DATABASE_URL") == 0)
        return database_url(&source, "");
    if (strcmp(name, "MIGRATE_DATABASE_URL") == 0)
        return database_url(&source, "_owner");
    if (strcmp(name, "ADMIN_DATABASE_URL") == 0)
        return origin_admin_url(&source);
    if (strcmp(name, "SOCKET_PATH") == 0)
        return board_path(&source, "/run/initialsdb", "/initialsdb.sock");
    if (strcmp(name, "BACKUP_DIR") == 0)
        return board_path(&source, LOCALSTATEDIR "/lib/initialsdb", "/backup");
    if (strcmp(name, "POST_RATE_MAX_REQUESTS") == 0)
        return get_setting("IP_RATE_MAX_REQUESTS");
    if (strcmp(name, "READ_RATE_MAX_REQUESTS") == 0)
        return read_budget(&source);
    if (strcmp(name, "POST_RATE_WINDOW_MS") == 0 || strcmp(name, "READ_RATE_WINDOW_MS") == 0)
        return get_setting("IP_RATE_WINDOW_MS");
    return NULL;
}
