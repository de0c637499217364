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
    return verdict == TEXT_OK;
}

/* 201 for a new listing, 200 with Idempotent-Replayed for a retry of the same post, 400 for a
 * body or text that is not accepted. */
void handle_create(struct exchange *exchange)
{
    struct arena *arena = exchange->request->arena;
    bool proven = exchange->server->config->pow_enable;
    unsigned char token[SHA256_LEN];
    unsigned char digest[SHA256_LEN];
    struct text text;
    struct db_answer answer;

    if (!read_text(exchange, &text))
        return;
    crypto_sha256(exchange->request->pow_token, token);
    crypto_sha256(text.body, digest);
    exchange->limits.idempotent = proven;
    struct db_value values[] = {
        proven ? db_value_bytes(token, sizeof(token)) : db_value_null(),
        proven ? db_value_int(arena, exchange->proof.expires_ms) : db_value_null(),
        db_value_bytes(digest, sizeof(digest)),
        db_value_text(text.body),
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
        (cursor.len > 0 && !cursor_read(request->arena, exchange_signing_key(exchange),
                                        search->query, cursor, &search->before))) {
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
        struct str key = exchange_signing_key(exchange);
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
