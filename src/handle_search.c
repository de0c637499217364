/* SPDX-License-Identifier: MIT */
#include "atom.h"
#include "buf.h"
#include "cursor.h"
#include "encode.h"
#include "exchange.h"
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

struct search {
    struct str query; /* trimmed */
    uint64_t limit;
    int64_t before; /* 0: from the newest */
};

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
static void respond_with_page(struct exchange *exchange, struct str query,
                              const struct db_answer *answer)
{
    struct buf body;

    buf_init(&body, exchange->request->arena, answer->body.len + 80);
    buf_addf(&body, "{\"items\":%.*s", STR_ARG(answer->body));
    if (answer->next_id)
        buf_addf(&body, ",\"next_cursor\":\"%s\"",
                 next_cursor(exchange, query, answer->next_id).ptr);
    buf_add_char(&body, '}');
    response_json(exchange->response, 200, buf_str(&body));
}

static bool call_search(struct exchange *exchange, const struct search *search,
                        struct db_answer *answer)
{
    struct arena *arena = exchange->request->arena;
    struct db_value values[] = {
        db_value_text(search->query),
        db_value_int(arena, (int64_t)search->limit),
        search->before ? db_value_int(arena, search->before) : db_value_null(),
    };

    return exchange_call(exchange, values, answer);
}

/* 200 with a page of listings, 400 for a bad q, limit or cursor. */
void handle_search(struct exchange *exchange)
{
    struct search search;
    struct db_answer answer;

    if (read_query(exchange, &search) && read_page(exchange, &search) &&
        call_search(exchange, &search, &answer))
        respond_with_page(exchange, search.query, &answer);
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
        respond_with_page(exchange, search.query, &answer);
}

/* Whether the client has this representation already (RFC 9110, 13.1.2). */
static bool is_known(struct str if_none_match, struct str etag)
{
    while (if_none_match.len > 0) {
        struct str known = str_trim_blank(str_cut(&if_none_match, ','));
        if (str_starts(known, STR("W/")))
            known = (struct str){.ptr = known.ptr + 2, .len = known.len - 2};
        if (str_equal(known, etag) || str_equal(known, STR("*")))
            return true;
    }
    return false;
}

static void respond_with_feed(struct exchange *exchange, struct str xml)
{
    struct arena *arena = exchange->request->arena;
    unsigned char digest[SHA256_LEN];
    struct str etag;

    crypto_sha256(xml, digest);
    etag = encode_hex(arena, (struct str){.ptr = (const char *)digest, .len = 16});
    etag = arena_format(arena, "\"%s\"", etag.ptr);
    response_header(exchange->response, "ETag", etag);
    response_header(exchange->response, "Cache-Control", STR("no-cache"));
    if (is_known(exchange->request->if_none_match, etag)) {
        exchange->response->status = 304;
        return;
    }
    exchange->response->status = 200;
    exchange->response->content_type = STR("application/atom+xml; charset=utf-8");
    exchange->response->body = xml;
}

/* 200 with an Atom feed of the newest, or of a search; 304; 400 for a bad q, limit or cursor. */
void handle_feed(struct exchange *exchange)
{
    const struct request *request = exchange->request;
    struct search search;
    struct db_answer answer;
    struct atom_feed feed = {.host = request->host};

    if (!read_query(exchange, &search) || !read_page(exchange, &search) ||
        !call_search(exchange, &search, &answer))
        return;
    feed.scheme = request->scheme.len > 0 ? request->scheme : STR("https");
    feed.query = search.query;
    feed.count = json_read_listings(request->arena, answer.body, &feed.listings);
    if (answer.next_id)
        feed.next_cursor = next_cursor(exchange, search.query, answer.next_id);
    respond_with_feed(exchange, atom_render(request->arena, &feed));
}
