/* SPDX-License-Identifier: MIT */
/* Input: a cursor and a query, a line each. */
#include "cursor.h"
#include "fuzz.h"

void fuzz_cursor(struct arena *arena, struct str input)
{
    static const struct str key = {"0123456789abcdef0123456789abcdef", 32};
    struct str cursor = fuzz_line(&input);
    int64_t id = 0;

    if (cursor_read(arena, key, input, cursor, &id))
        FUZZ_CHECK(str_equal(cursor_make(arena, key, input, id), cursor));
    cursor = cursor_make(arena, key, input, (int64_t)input.len);
    FUZZ_CHECK(cursor_read(arena, key, input, cursor, &id));
    FUZZ_CHECK(id == (int64_t)input.len);
}
