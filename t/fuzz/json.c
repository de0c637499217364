/* SPDX-License-Identifier: MIT */
#include "json.h"
#include "fuzz.h"
#include "utf8.h"

#include <string.h>

/* A value that was read can be written, and reads as the same. */
static void check_round_trip(struct arena *arena, struct str value)
{
    struct json_object *object = json_object(arena);
    struct json_member member = {.name = "text"};

    json_add_str(object, "text", value);
    FUZZ_CHECK(json_read(arena, json_print(object), &member, 1, JSON_REFUSE_UNKNOWN) == NULL);
    FUZZ_CHECK(member.found && str_equal(member.value, value));
}

static void check_value(struct arena *arena, const struct json_member *member)
{
    size_t count;

    FUZZ_CHECK(member->found || member->value.len == 0);
    FUZZ_CHECK(utf8_count(member->value, &count));
    FUZZ_CHECK(memchr(member->value.ptr, '\0', member->value.len) == NULL);
    check_round_trip(arena, member->value);
}

void fuzz_json(struct arena *arena, struct str input)
{
    struct json_member strict = {.name = "text"};
    struct json_member members[] = {{.name = "body"}, {.name = "created_at"}};

    if (json_read(arena, input, &strict, 1, JSON_REFUSE_UNKNOWN) == NULL)
        check_value(arena, &strict);
    if (json_read(arena, input, members, 2, JSON_IGNORE_UNKNOWN) == NULL) {
        check_value(arena, &members[0]);
        check_value(arena, &members[1]);
    }
}
