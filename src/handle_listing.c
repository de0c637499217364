/* SPDX-License-Identifier: MIT */
#include "buf.h"
#include "etag.h"
#include "exchange.h"
#include "handle.h"
#include "json.h"
#include "text.h"

#define REASON_MAX_CHARS 255

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

#define PROOF_VALUES 3

/* The first arguments of what a proof pays for: its token and expiry, null when proofs are switched
 * off, and a digest of what is bought, by which a retry is told from another purchase. */
static void pay(const struct exchange *exchange, struct str bought,
                struct db_value values[PROOF_VALUES])
{
    struct arena *arena = exchange->request->arena;
    unsigned char *token = arena_alloc(arena, SHA256_LEN);
    unsigned char *digest = arena_alloc(arena, SHA256_LEN);
    bool proven = exchange->server->config->pow_enable;

    crypto_sha256(exchange->request->pow_token, token);
    crypto_sha256(bought, digest);
    values[0] = proven ? db_value_bytes(token, SHA256_LEN) : db_value_null();
    values[1] = proven ? db_value_int(arena, exchange->proof.expires_ms) : db_value_null();
    values[2] = db_value_bytes(digest, SHA256_LEN);
}

/* 201 for a new listing, 202 for one that waits for approval, 200 with Idempotent-Replayed for a
 * retry of the same post, 400 for a body or text that is not accepted, 422 for too many links. */
void handle_create(struct exchange *exchange)
{
    struct arena *arena = exchange->request->arena;
    struct db_value values[PROOF_VALUES + 4];
    struct str duplicate;
    struct text text;
    struct db_answer answer;

    if (!read_text(exchange, &text))
        return;
    exchange_learn_netkeys(exchange);
    exchange->limits.idempotent = exchange->server->config->pow_enable;
    pay(exchange, text.body, values);
    duplicate = duplicate_key(exchange, values[2].bytes);
    values[3] = db_value_text(text.body);
    values[4] = duplicate.len > 0 ? db_value_bytes(duplicate.ptr, duplicate.len) : db_value_null();
    values[5] = db_value_int(arena, exchange->server->config->post_duplicate_secs * 1000);
    values[6] = db_value_text(exchange_known_as(exchange));
    if (!exchange_call(exchange, values, &answer))
        return;
    response_json(exchange->response, answer.status, answer.body);
    if (answer.status != 202)
        response_header(exchange->response, "Location",
                        arena_format(arena, "/m/%lld", (long long)answer.next_id));
    if (answer.status == 200) {
        response_header(exchange->response, "Idempotent-Replayed", STR("true"));
        metrics_count(exchange->server->metrics, COUNT_REPLAYED);
    }
}

/* What a count or a message is known by: it says itself whether anything has changed. */
static void respond_with_json(struct exchange *exchange, const struct db_answer *answer)
{
    response_json(exchange->response, answer->status, answer->body);
    exchange_revalidate(exchange, STR(""),
                        etag_seal(exchange->request->arena, exchange->request->path));
}

/* 200, 304 */
void handle_count(struct exchange *exchange)
{
    struct db_answer answer;

    if (exchange_call(exchange, NULL, &answer))
        respond_with_json(exchange, &answer);
}

/* 200, 304; 404 and 410 come from the database. */
void handle_get(struct exchange *exchange)
{
    struct db_value id = db_value_int(exchange->request->arena, exchange->id);
    struct db_answer answer;

    if (exchange_call(exchange, &id, &answer))
        respond_with_json(exchange, &answer);
}

/* Reads the reason of a report, which may be absent; false when the response is made. */
static bool read_reason(struct exchange *exchange, struct str *reason)
{
    struct arena *arena = exchange->request->arena;
    struct json_member member = {.name = "reason"};
    struct problem_detail detail = {.field = NULL};
    struct text text;
    enum text_verdict verdict;

    *reason = STR("");
    if (exchange->request->body.len == 0)
        return true;
    detail.message =
        str_from(json_read(arena, exchange->request->body, &member, 1, JSON_REFUSE_UNKNOWN));
    if (detail.message.len > 0) {
        exchange_refuse(exchange, PROBLEM_INVALID_JSON, &detail);
        return false;
    }
    verdict = text_check(arena, member.value, REASON_MAX_CHARS, &text);
    if (verdict != TEXT_OK && verdict != TEXT_EMPTY) {
        exchange_refuse_input(exchange, "reason",
                              text_explain(arena, verdict, &text, REASON_MAX_CHARS));
        return false;
    }
    *reason = text.body;
    return true;
}

/* 202, also for a repeated report; 400 for a reason that is not accepted. */
void handle_report(struct exchange *exchange)
{
    struct arena *arena = exchange->request->arena;
    struct db_value values[PROOF_VALUES + 3];
    struct str reason;
    struct db_answer answer;

    if (!read_reason(exchange, &reason))
        return;
    exchange_learn_netkeys(exchange);
    pay(exchange, arena_format(arena, "report %lld %.*s", (long long)exchange->id, STR_ARG(reason)),
        values);
    values[3] = db_value_int(arena, exchange->id);
    values[4] = db_value_text(reason);
    values[5] = db_value_text(exchange_known_as(exchange));
    if (exchange_call(exchange, values, &answer))
        response_json(exchange->response, answer.status, answer.body);
}
