/* SPDX-License-Identifier: MIT */
#include "text.h"

#include "buf.h"
#include "utf8.h"

/* The Unicode property White_Space. */
static bool is_white_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
           c == 0x205F || c == 0x3000;
}

/* The general category Cc. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

static bool is_bidi_control(uint32_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* The blocks Combining Diacritical Marks, its Extended and Supplement, for Symbols, Half Marks. */
static bool is_combining_mark(uint32_t c)
{
    return (c >= 0x0300 && c <= 0x036F) || (c >= 0x1AB0 && c <= 0x1AFF) ||
           (c >= 0x1DC0 && c <= 0x1DFF) || (c >= 0x20D0 && c <= 0x20FF) ||
           (c >= 0xFE20 && c <= 0xFE2F);
}

static size_t decode_last(struct str s, uint32_t *code_point)
{
    for (size_t len = 1; len <= 4 && len <= s.len; len++) {
        struct str tail = {.ptr = s.ptr + s.len - len, .len = len};
        if (utf8_decode(tail, code_point) == len)
            return len;
    }
    return 0;
}

struct str text_trim(struct str s)
{
    uint32_t c;
    size_t len;

    while ((len = utf8_decode(s, &c)) > 0 && is_white_space(c)) {
        s.ptr += len;
        s.len -= len;
    }
    while ((len = decode_last(s, &c)) > 0 && is_white_space(c))
        s.len -= len;
    return s;
}

static struct str without_carriage_returns(struct arena *arena, struct str s)
{
    struct buf out;

    buf_init(&out, arena, s.len);
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\r' && i + 1 < s.len && s.ptr[i + 1] == '\n')
            continue;
        buf_add_char(&out, s.ptr[i]);
    }
    return buf_str(&out);
}

static enum text_verdict judge_characters(struct str s)
{
    int marks = 0;

    while (s.len > 0) {
        uint32_t c;
        size_t len = utf8_decode(s, &c);
        if (len == 0)
            return TEXT_NOT_UTF8;
        if (is_control(c) && c != '\n')
            return TEXT_CONTROL;
        if (is_bidi_control(c))
            return TEXT_BIDI;
        marks = is_combining_mark(c) ? marks + 1 : 0;
        if (marks > TEXT_MAX_MARKS)
            return TEXT_MARKS;
        s.ptr += len;
        s.len -= len;
    }
    return TEXT_OK;
}

enum text_verdict text_check(struct arena *arena, struct str raw, size_t max_chars,
                             struct text *text)
{
    enum text_verdict verdict;

    text->body = text_trim(without_carriage_returns(arena, raw));
    text->code_points = 0;
    if (!utf8_count(text->body, &text->code_points))
        return TEXT_NOT_UTF8;
    if (text->code_points == 0)
        return TEXT_EMPTY;
    verdict = judge_characters(text->body);
    return verdict == TEXT_OK && text->code_points > max_chars ? TEXT_TOO_LONG : verdict;
}

struct str text_explain(struct arena *arena, enum text_verdict verdict, const struct text *text,
                        size_t max_chars)
{
    switch (verdict) {
    case TEXT_EMPTY:
        return STR("The message is empty. Write something first.");
    case TEXT_TOO_LONG:
        return arena_format(arena, "The message has %zu characters; at most %zu are allowed.",
                            text->code_points, max_chars);
    case TEXT_CONTROL:
        return STR("The message holds a control character. Only line breaks are allowed.");
    case TEXT_BIDI:
        return STR("The message holds a character that reverses the order of the text. "
                   "Remove it and post again.");
    case TEXT_MARKS:
        return STR("The message piles up accents on one letter. Remove some and post again.");
    case TEXT_OK:
    case TEXT_NOT_UTF8:
        break;
    }
    return STR("The message is not valid UTF-8.");
}

struct str text_for_terminal(struct arena *arena, struct str s)
{
    struct buf out;

    buf_init(&out, arena, s.len);
    while (s.len > 0) {
        uint32_t c;
        size_t len = utf8_decode(s, &c);
        if (len == 0 || (is_control(c) && c != '\n') || is_bidi_control(c))
            buf_add_char(&out, ' ');
        else
            buf_add(&out, (struct str){.ptr = s.ptr, .len = len});
        len = len > 0 ? len : 1;
        s.ptr += len;
        s.len -= len;
    }
    return buf_str(&out);
}

static bool starts_nocase(struct str s, struct str prefix)
{
    return s.len >= prefix.len &&
           str_equal_nocase((struct str){.ptr = s.ptr, .len = prefix.len}, prefix);
}

size_t text_count_links(struct str body)
{
    static const struct str marks[] = {{"http://", 7}, {"https://", 8}, {"www.", 4}};
    size_t count = 0;

    while (body.len > 0) {
        size_t step = 1;
        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
            if (starts_nocase(body, marks[i]))
                step = marks[i].len;
        }
        if (step > 1) {
            count++;
            if (step > 4 && starts_nocase((struct str){body.ptr + step, body.len - step}, marks[2]))
                step += marks[2].len; /* "https://www." is one link */
        }
        body.ptr += step;
        body.len -= step;
    }
    return count;
}
