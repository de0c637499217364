#include "buf.h"
#include "cursor.h"
#include "exchange.h"
#include "handle.h"
#include "json.h"
#include "text.h"
#include "utf8.h"

#include <string.h>

#define QUERY_MAX_CHARS 255
#define LIMIT_STANDARD 30
#define LIMIT_MOST 100

/* Choices of POST_DUPLICATE_SCOPE in params.def. */
enum duplicate_scope { DUPLICATE_OF_NETWORK, DUPLICATE_OF_BOARD };

/* The rule about links; false when the response is made. */
static bool has_few_links(struct exchange *exchange, struct str body)
{
    int64_t most = exchange->server->config->post_max_links;
    struct problem_detail detail = {.field = "text"};
    bool few = text_count_links(body) <= (size_t)most;

    detail.message = arena_format(exchange->request->arena,
                                  "At most %lld links are allowed in a message.", (long long)most);
    if (!few)
        exchange_refuse(exchange, PROBLEM_TEXT_REFUSED, &detail);
    return few;
}

/* Reads the body's text; false when the response is made. */
static bool read_text(struct exchange *exchange, struct text *text)
{
    struct arena *arena = exchange->request->arena;
    size_t max_chars = (size_t)exchange->server->config->post_max_chars;
    struct json_member member = {.name = "text"};
    const char *wrong = json_read(arena, exchange->request->body, &member, 1, JSON_REFUSE_UNKNOWN);
    struct problem_detail detail = {.message = str_from(wrong)};
    enum text_verdict verdict;

    if (wrong == NULL && !member.found)
        detail.message = STR("The object must have the member \"text\".");
    if (detail.message.len > 0) {
        exchange_refuse(exchange, PROBLEM_INVALID_JSON, &detail);
        return false;
    }
    verdict = text_check(arena, member.value, max_chars, text);
    if (verdict != TEXT_OK)
        exchange_refuse_input(exchange, "text", text_explain(arena, verdict, text, max_chars));
    return verdict == TEXT_OK && has_few_links(exchange, text->body);
}

/* What the same text posted again is known by, in the request's arena; empty when that is allowed
 * here. */
static struct str duplicate_key(const struct exchange *exchange, struct str digest)
{
    const struct config *config = exchange->server->config;
    struct arena *arena = exchange->request->arena;
    unsigned char *key = arena_alloc(arena, SHA256_LEN);
    struct buf message;

    if (config->post_duplicate_secs == 0)
        return STR("");
    buf_init(&message, arena, 64);
    buf_add(&message, digest);
    if (config->post_duplicate_scope == DUPLICATE_OF_NETWORK)
        buf_add(&message, exchange_network(exchange));
    crypto_sha256(buf_str(&message), key);
    return (struct str){.ptr = (const char *)key, .len = SHA256_LEN};
}

/* 201 for a new listing, 200 with Idempotent-Replayed for a retry of the same post, 400 for a
 * body or text that is not accepted, 422 for too many links. */
void handle_create(struct exchange *exchange)
{
    struct arena *arena = exchange->request->arena;
    bool proven = exchange->server->config->pow_enable;
    unsigned char token[SHA256_LEN];
    unsigned char digest[SHA256_LEN];
    struct str duplicate;
    struct text text;
    struct db_answer answer;

    if (!read_text(exchange, &text))
        return;
    crypto_sha256(exchange->request->pow_token, token);
    crypto_sha256(text.body, digest);
    exchange_learn_netkeys(exchange);
    duplicate = duplicate_key(exchange, (struct str){(const char *)digest, sizeof(digest)});
    exchange->limits.idempotent = proven;
    struct db_value values[] = {
        proven ? db_value_bytes(token, sizeof(token)) : db_value_null(),
        proven ? db_value_int(arena, exchange->proof.expires_ms) : db_value_null(),
        db_value_bytes(digest, sizeof(digest)),
        db_value_text(text.body),
        duplicate.len > 0 ? db_value_bytes(duplicate.ptr, duplicate.len) : db_value_null(),
        db_value_int(arena, exchange->server->config->post_duplicate_secs * 1000),
    };
    if (!exchange_call(exchange, values, &answer))
        return;
    response_json(exchange->response, answer.status, answer.body);
    response_header(exchange->response, "Location",
                    arena_format(arena, "/m/%lld", (long long)answer.next_id));
    if (answer.status == 200)
        response_header(exchange->response, "Idempotent-Replayed", STR("true"));
}

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

/* 200 with a page of listings, 400 for a bad q, limit or cursor. */
void handle_search(struct exchange *exchange)
{
    struct arena *arena = exchange->request->arena;
    struct search search;
    struct db_answer answer;
    struct buf body;

    if (!read_query(exchange, &search) || !read_page(exchange, &search))
        return;
    struct db_value values[] = {
        db_value_text(search.query),
        db_value_int(arena, (int64_t)search.limit),
        search.before ? db_value_int(arena, search.before) : db_value_null(),
    };
    if (!exchange_call(exchange, values, &answer))
        return;
    buf_init(&body, arena, answer.body.len + 80);
    buf_addf(&body, "{\"items\":%.*s", STR_ARG(answer.body));
    if (answer.next_id) {
        struct str key = exchange_signing_keys(exchange).current.bytes;
        struct str cursor = cursor_make(arena, key, search.query, answer.next_id);
        buf_addf(&body, ",\"next_cursor\":\"%.*s\"", STR_ARG(cursor));
    }
    buf_add_char(&body, '}');
    response_json(exchange->response, 200, buf_str(&body));
}

/* 200 */
void handle_count(struct exchange *exchange)
{
    struct db_answer answer;

    if (exchange_call(exchange, NULL, &answer))
        response_json(exchange->response, answer.status, answer.body);
}

/* 200; 404 and 410 come from the database. */
void handle_get(struct exchange *exchange)
{
    struct db_value id = db_value_int(exchange->request->arena, exchange->id);
    struct db_answer answer;

    if (exchange_call(exchange, &id, &answer))
        response_json(exchange->response, answer.status, answer.body);
}
