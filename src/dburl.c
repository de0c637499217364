/* SPDX-License-Identifier: MIT */
#include "dburl.h"

#include "buf.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_HOST, LIST_HOSTADDR, LIST_PORT, LISTS };

static const char *const keywords[LISTS] = {"host", "hostaddr", "port"};

static int count_items(const char *list)
{
    int count = 1;

    for (; list && *list; list++)
        count += *list == ',';
    return count;
}

/* Item `n` of a list; a list of one is the same for all. */
static char *nth(const char *list, int n)
{
    struct str rest = str_from(list);
    struct str item = str_cut(&rest, ',');

    if (list == NULL)
        return NULL;
    while (n-- > 0 && count_items(list) > 1)
        item = str_cut(&rest, ',');
    return strndup(item.ptr, item.len);
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

void dburl_hosts_init(struct dburl_hosts *hosts, const char *url)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    const char *lists[LISTS] = {NULL};

    for (PQconninfoOption *option = options; option && option->keyword; option++) {
        for (int i = 0; i < LISTS; i++) {
            if (strcmp(option->keyword, keywords[i]) == 0)
                lists[i] = option->val;
        }
    }
    memset(hosts, 0, sizeof(*hosts));
    hosts->count = larger(count_items(lists[LIST_HOST]), count_items(lists[LIST_HOSTADDR]));
    if (hosts->count > DBURL_HOSTS)
        hosts->count = DBURL_HOSTS;
    for (int i = 0; hosts->count > 1 && i < hosts->count; i++)
        hosts->list[i] = (struct dburl_host){nth(lists[LIST_HOST], i), nth(lists[LIST_HOSTADDR], i),
                                             nth(lists[LIST_PORT], i)};
    PQconninfoFree(options);
}

void dburl_hosts_release(struct dburl_hosts *hosts)
{
    for (int i = 0; i < hosts->count; i++) {
        free(hosts->list[i].host);
        free(hosts->list[i].hostaddr);
        free(hosts->list[i].port);
    }
}

/* What libpq cannot read it quotes. Where a password may stand that is not shown. */
static void complain(const char *name, const char *url, const char *message, FILE *errors)
{
    const char *first = strchr(message, '"');
    bool secret = strstr(url, "password") || strstr(url, "://");

    if (first && secret)
        fprintf(errors, "%s: %.*s\"...%s", name, (int)(first - message), message,
                strrchr(message, '"'));
    else
        fprintf(errors, "%s: %s", name, message);
}

bool db_url_is_valid(const char *name, const char *url, FILE *errors)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &message);

    if (options == NULL)
        complain(name, url, message ? message : "no memory\n", errors);
    PQconninfoFree(options);
    PQfreemem(message);
    return options != NULL;
}

struct str db_url_part(struct arena *arena, const char *url, const char *keyword)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    struct str part = STR("");

    for (PQconninfoOption *option = options; option && option->keyword; option++) {
        if (option->val && strcmp(option->keyword, keyword) == 0)
            part = arena_copy(arena, str_from(option->val));
    }
    PQconninfoFree(options);
    return part;
}

struct str db_url_without_password(struct arena *arena, const char *url, const char *database)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    struct buf parts;

    buf_init(&parts, arena, 256);
    for (PQconninfoOption *option = options; option && option->keyword; option++) {
        bool name = strcmp(option->keyword, "dbname") == 0;
        const char *value = name && database ? database : option->val;
        if (value == NULL || *option->dispchar == '*') /* a password, or the one of a key */
            continue;
        buf_addf(&parts, "%s%s='", parts.len > 0 ? " " : "", option->keyword);
        for (; *value; value++) {
            if (*value == '\'' || *value == '\\')
                buf_add_char(&parts, '\\');
            buf_add_char(&parts, *value);
        }
        buf_add_char(&parts, '\'');
    }
    PQconninfoFree(options);
    return arena_copy(arena, buf_str(&parts));
}
