/* SPDX-License-Identifier: MIT */
#include "response.h"

#include <stdlib.h>
#include <string.h>

struct reason {
    int status;
    const char *phrase;
};

static const struct reason reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

void response_init(struct response *response)
{
    memset(response, 0, sizeof(*response));
    response->body = STR("");
    response->code = STR("");
}

void response_header(struct response *response, const char *name, struct str value)
{
    if (response->header_count == RESPONSE_MAX_HEADERS)
        abort();
    response->headers[response->header_count++] = (struct header){.name = name, .value = value};
}

void response_json(struct response *response, int status, struct str json)
{
    response->status = status;
    response->content_type = STR("application/json");
    response->body = json;
}

const char *response_reason(int status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status)
            return reasons[i].phrase;
    }
    return "Unknown";
}

static bool has_header(const struct response *response, const char *name)
{
    for (int i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, name) == 0)
            return true;
    }
    return false;
}

struct str response_render(const struct response *response, struct arena *arena,
                           struct str request_id, bool without_body)
{
    struct buf out;

    buf_init(&out, arena, 512 + response->body.len);
    buf_addf(&out, "Status: %d %s\r\n", response->status, response_reason(response->status));
    if (response->body.len > 0)
        buf_addf(&out, "Content-Type: %.*s\r\n", STR_ARG(response->content_type));
    if (response->status != 204 && response->status != 304)
        buf_addf(&out, "Content-Length: %zu\r\n", response->body.len);
    buf_addf(&out, "X-Request-Id: %.*s\r\n", STR_ARG(request_id));
    buf_add(&out, STR("X-Content-Type-Options: nosniff\r\n"));
    if (!has_header(response, "Cache-Control"))
        buf_add(&out, STR("Cache-Control: no-store\r\n"));
    for (int i = 0; i < response->header_count; i++) {
        const struct header *header = &response->headers[i];
        buf_addf(&out, "%s: %.*s\r\n", header->name, STR_ARG(header->value));
    }
    buf_add(&out, STR("\r\n"));
    if (!without_body)
        buf_add(&out, response->body);
    return buf_str(&out);
}
