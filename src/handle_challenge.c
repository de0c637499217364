#include "encode.h"
#include "exchange.h"
#include "handle.h"
#include "json.h"

/* 200. With proofs switched off, difficulty and rounds are 0 and the rest is empty. */
void handle_challenge(struct exchange *exchange)
{
    const struct config *config = exchange->server->config;
    struct arena *arena = exchange->request->arena;
    struct pow_challenge challenge = {
        .difficulty = (int)config->pow_difficulty,
        .rounds = (int)config->pow_rounds,
        .expires_ms = dbclock_now_ms(exchange->server->clock) + config->pow_ttl_secs * 1000,
    };
    struct str bytes = {.ptr = (const char *)challenge.challenge, .len = POW_CHALLENGE_LEN};
    struct pow_client client = exchange_pow_client(exchange);
    struct json_object *body = json_object(arena);
    bool on = config->pow_enable;

    pow_draw(&challenge);
    json_add_str(body, "challenge", on ? encode_base64(arena, bytes, BASE64_STANDARD) : STR(""));
    json_add_int(body, "difficulty", on ? challenge.difficulty : 0);
    json_add_int(body, "rounds", on ? challenge.rounds : 0);
    json_add_int(body, "ttl_secs", config->pow_ttl_secs);
    json_add_str(body, "token",
                 on ? pow_token(arena, exchange_signing_key(exchange), &challenge, &client)
                    : STR(""));
    response_json(exchange->response, 200, json_print(body));
}
