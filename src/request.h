/* SPDX-License-Identifier: MIT */
/* request: what a client asked, parsed once from CGI variables (RFC 3875) and a bounded body. */
#ifndef REQUEST_H
#define REQUEST_H

#include "arena.h"

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_OPTIONS, METHOD_OTHER };

enum body_state {
    BODY_WHOLE,
    BODY_TOO_LARGE, /* more bytes than the limit, whatever length was announced */
    BODY_BROKEN,    /* ended early, or not as long as announced */
};

struct request {
    struct arena *arena;
    int64_t started_us; /* clock_monotonic_us() when it arrived, at the web server if that tells */
    int64_t queue_us;   /* between there and here; 0 when unknown */
    struct str id;      /* made here, 16 hexadecimal digits */
    enum method method;
    struct str path;           /* decoded by the web server */
    struct str query;          /* raw */
    struct str remote_addr;    /* the TCP peer, or CLIENT_IP where the web server sets it */
    struct str forwarded_for;  /* hops before it, where the web server passes them on */
    struct str content_length; /* as announced */
    struct str content_type;
    struct str user_agent;
    struct str host;
    struct str origin;
    struct str fetch_site;
    struct str if_none_match;
    struct str scheme; /* "http" or "https" */
    struct str pow_challenge;
    struct str pow_token;
    struct str pow_nonces;
    struct str body;
    enum body_state body_state;
};

/* Fills `*request` from `variables`, "NAME=value" strings ended by NULL, which must outlive it.
 * The body is empty. Identity comes from variables that only the web server can set, never from
 * a header (HTTP_*). */
void request_init(struct request *request, struct arena *arena, char *const *variables);

/* Hands over the body: `body` is all of it, or at least `limit` + 1 bytes of it; `complete` says
 * that the stream ended as it should. */
void request_set_body(struct request *request, struct str body, size_t limit, bool complete);

/* Looks up the form value `name` in the query string, decoded, in the request's arena; `*value`
 * is empty when it is absent. Returns false for a broken escape or when `name` occurs twice. */
bool request_query(const struct request *request, const char *name, struct str *value);

#endif
