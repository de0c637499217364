/* SPDX-License-Identifier: MIT */
/* Input: a byte for the longest text, then the text. */
#include "text.h"
#include "fuzz.h"
#include "utf8.h"

static void check_accepted(struct arena *arena, const struct text *text, size_t max_chars)
{
    struct text again;
    size_t count;

    FUZZ_CHECK(utf8_count(text->body, &count));
    FUZZ_CHECK(count == text->code_points && count >= 1 && count <= max_chars);
    for (size_t i = 0; i < text->body.len; i++) {
        unsigned char c = (unsigned char)text->body.ptr[i];
        FUZZ_CHECK(c == '\n' || (c >= 0x20 && c != 0x7F));
    }
    /* What is stored would be accepted, and stored as it is. */
    FUZZ_CHECK(text_check(arena, text->body, max_chars, &again) == TEXT_OK);
    FUZZ_CHECK(str_equal(again.body, text->body));
    FUZZ_CHECK(str_equal(text_for_terminal(arena, text->body), text->body));
}

void fuzz_text(struct arena *arena, struct str input)
{
    size_t max_chars = 1 + fuzz_byte(&input);
    struct str trimmed = text_trim(input);
    struct text text;
    enum text_verdict verdict = text_check(arena, input, max_chars, &text);
    size_t count;

    FUZZ_CHECK(utf8_count(text_for_terminal(arena, input), &count));
    FUZZ_CHECK(str_equal(text_trim(trimmed), trimmed));
    FUZZ_CHECK(text_count_links(input) <= input.len / 4);
    if (verdict == TEXT_OK)
        check_accepted(arena, &text, max_chars);
    else
        FUZZ_CHECK(text_explain(arena, verdict, &text, max_chars).len > 0);
}
