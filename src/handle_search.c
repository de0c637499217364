/* SPDX-License-Identifier: MIT */
#include "atom.h"
#include "buf.h"
#include "cursor.h"
#include "etag.h"
#include "find.h"
#include "handle.h"
#include "json.h"
#include "text.h"
#include "utf8.h"

#include <string.h>

#define QUERY_MAX_CHARS 255
#define LIMIT_STANDARD 30
#define LIMIT_MOST 100

/* What the cursors of the log are bound to: no search can be for this. */
#define LOG_QUERY STR("\0log")

/* Reads the words to search for; false when the response is made. */
static bool read_query(struct exchange *exchange, struct search *search)
{
    struct str raw;
    size_t code_points;

    if (!request_query(exchange->request, "q", &raw) || !utf8_count(raw, &code_points) ||
        memchr(raw.ptr, '\0', raw.len)) {
        exchange_refuse_input(exchange, "q", STR("The search is not valid text."));
        return false;
    }
    search->query = text_trim(raw);
    if (code_points > QUERY_MAX_CHARS)
        exchange_refuse_input(exchange, "q", STR("The search is longer than 255 characters."));
    return code_points <= QUERY_MAX_CHARS;
}

/* A cursor outlives a change of keys, as tokens do. */
static bool read_cursor(struct exchange *exchange, struct search *search, struct str cursor)
{
    struct arena *arena = exchange->request->arena;
    struct pow_keys keys = exchange_signing_keys(exchange);

    return cursor_read(arena, keys.current.bytes, search->query, cursor, &search->before) ||
           (keys.previous.bytes.len > 0 &&
            cursor_read(arena, keys.previous.bytes, search->query, cursor, &search->before));
}

static bool read_page(struct exchange *exchange, struct search *search)
{
    const struct request *request = exchange->request;
    struct str limit;
    struct str cursor;

    search->limit = LIMIT_STANDARD;
    search->before = 0;
    if (!request_query(request, "limit", &limit) ||
        (limit.len > 0 && (!str_to_u64(limit, LIMIT_MOST, &search->limit) || search->limit == 0))) {
        exchange_refuse_input(exchange, "limit",
                              STR("The limit must be a whole number from 1 to 100."));
        return false;
    }
    if (!request_query(request, "cursor", &cursor) ||
        (cursor.len > 0 && !read_cursor(exchange, search, cursor))) {
        exchange_refuse_input(exchange, "cursor",
                              STR("The cursor does not belong to this search. Search again."));
        return false;
    }
    return true;
}

static struct str next_cursor(struct exchange *exchange, struct str query, int64_t id)
{
    return cursor_make(exchange->request->arena, exchange_signing_keys(exchange).current.bytes,
                       query, id);
}

/* {"items":[...],"next_cursor":"..."} */
static struct str page_body(struct exchange *exchange, struct str query, struct str items,
                            int64_t next_id)
{
    struct buf body;

    buf_init(&body, exchange->request->arena, items.len + 80);
    buf_addf(&body, "{\"items\":%.*s", STR_ARG(items));
    if (next_id)
        buf_addf(&body, ",\"next_cursor\":\"%s\"", next_cursor(exchange, query, next_id).ptr);
    buf_add_char(&body, '}');
    return buf_str(&body);
}

/* Reads what is searched for; false when the response is made. */
static bool read_search(struct exchange *exchange, struct search *search)
{
    const struct request *request = exchange->request;
    struct str cursor;

    if (!read_query(exchange, search) || !read_page(exchange, search))
        return false;
    /* The cursor stands for the words, the place and the key that signs the page's own cursor. */
    cursor = next_cursor(exchange, search->query, search->before);
    search->seal =
        etag_seal(request->arena,
                  arena_format(request->arena, PACKAGE_VERSION " %s %llu %.*s %.*s://%.*s",
                               exchange->route->path, (unsigned long long)search->limit,
                               STR_ARG(cursor), STR_ARG(request->scheme), STR_ARG(request->host)));
    return true;
}

/* 200 with a page of listings, 304, 400 for a bad q, limit or cursor. */
void handle_search(struct exchange *exchange)
{
    struct search search;
    struct found found;

    if (!read_search(exchange, &search) || !find_page(exchange, &search, &found))
        return;
    if (found.known.len > 0) {
        exchange_respond_unchanged(exchange, found.known);
        return;
    }
    response_json(exchange->response, 200,
                  page_body(exchange, search.query, found.page.items, found.page.next_id));
    exchange_revalidate(exchange, found.page.version, search.seal);
}

/* 200 with a page of what moderators did, 400 for a bad limit or cursor. */
void handle_log(struct exchange *exchange)
{
    struct arena *arena = exchange->request->arena;
    struct search search = {.query = LOG_QUERY};
    struct db_answer answer;

    if (!read_page(exchange, &search))
        return;
    struct db_value values[] = {
        db_value_int(arena, (int64_t)search.limit),
        search.before ? db_value_int(arena, search.before) : db_value_null(),
    };
    if (exchange_call(exchange, values, &answer))
        response_json(exchange->response, 200,
                      page_body(exchange, search.query, answer.body, answer.next_id));
}

static struct str feed_body(struct exchange *exchange, const struct search *search,
                            const struct page *page)
{
    const struct request *request = exchange->request;
    struct atom_feed feed = {.host = request->host, .query = search->query};

    feed.scheme = request->scheme.len > 0 ? request->scheme : STR("https");
    feed.count = json_read_listings(request->arena, page->items, &feed.listings);
    if (page->next_id)
        feed.next_cursor = next_cursor(exchange, search->query, page->next_id);
    return atom_render(request->arena, &feed);
}

/* 200 with an Atom feed of the newest, or of a search; 304; 400 for a bad q, limit or cursor. */
void handle_feed(struct exchange *exchange)
{
    struct response *response = exchange->response;
    struct search search;
    struct found found;

    if (!read_search(exchange, &search) || !find_page(exchange, &search, &found))
        return;
    if (found.known.len > 0) {
        exchange_respond_unchanged(exchange, found.known);
        return;
    }
    response->status = 200;
    response->content_type = STR("application/atom+xml; charset=utf-8");
    response->body = feed_body(exchange, &search, &found.page);
    exchange_revalidate(exchange, found.page.version, search.seal);
}
