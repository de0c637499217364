/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "encode.h"
#include "exchange.h"
#include "handle.h"
#include "json.h"
#include "price.h"

static struct price current_price(struct exchange *exchange)
{
    const struct server *server = exchange->server;
    int64_t now_ms = clock_monotonic_ms();
    struct str network;

    exchange_learn_netkeys(exchange);
    network = exchange_network(exchange);
    return price_of_post(server->config,
                         network.len > 0 ? load_network(server->load, network, now_ms) : 0,
                         load_board(server->load, now_ms));
}

static void respond(struct exchange *exchange, const struct pow_challenge *challenge,
                    struct str text, struct str token)
{
    struct json_object *body = json_object(exchange->request->arena);

    json_add_str(body, "challenge", text);
    json_add_int(body, "difficulty", challenge->difficulty);
    json_add_int(body, "rounds", challenge->rounds);
    json_add_int(body, "ttl_secs", exchange->server->config->pow_ttl_secs);
    json_add_int(body, "max_chars", exchange->server->config->post_max_chars);
    json_add_str(body, "token", token);
    response_json(exchange->response, 200, json_print(body));
}

/* 200. With proofs switched off, difficulty and rounds are 0 and the rest is empty. */
void handle_challenge(struct exchange *exchange)
{
    const struct config *config = exchange->server->config;
    struct arena *arena = exchange->request->arena;
    struct pow_keys keys = exchange_signing_keys(exchange);
    struct pow_client client = exchange_pow_client(exchange);
    struct pow_challenge challenge = {.difficulty = 0};
    struct str bytes = {.ptr = (const char *)challenge.challenge, .len = POW_CHALLENGE_LEN};
    struct price price;

    if (!config->pow_enable) {
        respond(exchange, &challenge, STR(""), STR(""));
        return;
    }
    price = current_price(exchange);
    challenge.difficulty = price.difficulty;
    challenge.rounds = price.rounds;
    challenge.expires_ms = dbclock_now_ms(exchange->server->clock) + config->pow_ttl_secs * 1000;
    pow_draw(&challenge);
    respond(exchange, &challenge, encode_base64(arena, bytes, BASE64_STANDARD),
            pow_token(arena, &keys.current, &challenge, &client));
}
