/* SPDX-License-Identifier: MIT */
/* response: an answer under construction, and the bytes of it as CGI has them (RFC 3875, 6). */
#ifndef RESPONSE_H
#define RESPONSE_H

#include "buf.h"

#define RESPONSE_MAX_HEADERS 12

struct header {
    const char *name;
    struct str value;
};

struct response {
    int status;
    struct str content_type;
    struct str body;
    struct str code; /* of the problem; empty for a success. For the log. */
    struct header headers[RESPONSE_MAX_HEADERS];
    int header_count;
};

/* Makes an answer without a status; whoever handles the request sets one. */
void response_init(struct response *response);

/* Adds a header. `value` must outlive the response and hold no line break. */
void response_header(struct response *response, const char *name, struct str value);

/* Sets a success with a JSON body. */
void response_json(struct response *response, int status, struct str json);

/* The reason phrase of `status` (RFC 9110), for the statuses in use. */
const char *response_reason(int status);

/* The whole answer as bytes, in `arena`: Status, headers, an empty line and, unless
 * `without_body` (HEAD), the body. Content-Length is always there, so that a client can tell a
 * cut-off answer. */
struct str response_render(const struct response *response, struct arena *arena,
                           struct str request_id, bool without_body);

#endif
