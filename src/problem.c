/* SPDX-License-Identifier: MIT */
#include "problem.h"

#include "json.h"

struct row {
    struct str code;
    int status;
    struct str message;
};

static const struct row rows[PROBLEMS] = {
#define PROBLEM(code, status, message)                                                             \
    [PROBLEM_##code] = {{#code, sizeof(#code) - 1}, status, {message, sizeof(message) - 1}},
#include "problem.def"
#undef PROBLEM
};

enum problem problem_from_code(struct str code)
{
    for (int i = 0; i < PROBLEMS; i++) {
        if (str_equal(rows[i].code, code))
            return (enum problem)i;
    }
    return PROBLEM_INTERNAL_ERROR;
}

const char *problem_code(enum problem problem)
{
    return rows[problem].code.ptr;
}

/* Two objects as one (extension members: RFC 9457, 3.2). */
static struct str join(struct arena *arena, struct str object, struct str members)
{
    if (members.len <= 2) /* {} */
        return object;
    return arena_format(arena, "%.*s,%.*s", (int)object.len - 1, object.ptr, (int)members.len - 1,
                        members.ptr + 1);
}

void problem_respond(struct response *response, struct arena *arena, enum problem problem,
                     const struct problem_detail *detail)
{
    static const struct problem_detail nothing;
    const struct row *row = &rows[problem];
    struct json_object *body = json_object(arena);
    struct json_object *error = json_object(arena);
    struct str message;

    detail = detail ? detail : &nothing;
    message = detail->message.len > 0 ? detail->message : row->message;
    json_add_str(error, "code", row->code);
    json_add_str(error, "message", message);
    if (detail->field)
        json_add_str(error, "field", str_from(detail->field));
    if (detail->id)
        json_add_int(error, "id", detail->id);
    if (detail->retry_after_s) {
        json_add_int(error, "retry_after", detail->retry_after_s);
        response_header(response, "Retry-After",
                        arena_format(arena, "%lld", (long long)detail->retry_after_s));
    }
    json_add_str(body, "title", str_from(response_reason(row->status)));
    json_add_int(body, "status", row->status);
    json_add_str(body, "detail", message);
    json_add_object(body, "error", error);
    response->status = row->status;
    response->content_type = STR("application/problem+json");
    response->code = row->code;
    response->body = join(arena, json_print(body), detail->members);
}
