/* SPDX-License-Identifier: MIT */
#include "log.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int saved;
static int pipe_fds[2];

/* From here on standard error goes into a pipe. */
static void capture(void)
{
    ck_assert_int_eq(pipe(pipe_fds), 0);
    ck_assert_int_eq(fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK), 0);
    saved = dup(STDERR_FILENO);
    dup2(pipe_fds[1], STDERR_FILENO);
}

/* What was written since capture(). */
static struct str captured(void)
{
    static char bytes[8192];
    ssize_t len = read(pipe_fds[0], bytes, sizeof(bytes));

    dup2(saved, STDERR_FILENO);
    close(saved);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return (struct str){.ptr = bytes, .len = len > 0 ? (size_t)len : 0};
}

START_TEST(event_is_one_line_with_level_and_name)
{
    capture();
    log_event(LOG_WARN, "thing", "a=%d b=%s", 1, "x");
    ck_view(captured(), "level=warn event=thing a=1 b=x\n");
}
END_TEST

START_TEST(less_urgent_events_are_dropped)
{
    capture();
    log_set_level(LOG_WARN);
    log_event(LOG_INFO, "dropped", "a=%d", 1);
    log_event(LOG_DEBUG, "dropped", "a=%d", 1);
    log_event(LOG_WARN, "kept", "a=%d", 1);
    log_event(LOG_ERROR, "kept", "a=%d", 2);
    log_set_level(LOG_INFO);
    ck_view(captured(), "level=warn event=kept a=1\nlevel=error event=kept a=2\n");
}
END_TEST

START_TEST(overlong_event_is_cut_and_still_one_line)
{
    struct str line;

    capture();
    log_event(LOG_INFO, "long", "a=%0*d", 5000, 1);
    line = captured();
    ck_assert_uint_eq(line.len, 2048);
    ck_assert_int_eq(line.ptr[line.len - 1], '\n');
    ck_assert_ptr_eq(memchr(line.ptr, '\n', line.len), line.ptr + line.len - 1);
}
END_TEST

START_TEST(nobody_reading_is_no_failure)
{
    capture();
    close(STDERR_FILENO);
    log_event(LOG_INFO, "lost", "a=%d", 1);
    dup2(pipe_fds[1], STDERR_FILENO);
    ck_view(captured(), "");
}
END_TEST

START_TEST(quoted_text_cannot_end_its_quotes_or_line)
{
    ck_assert_str_eq(log_quote(STR("plain text")), "\"plain text\"");
    ck_assert_str_eq(log_quote(STR("a\"b\\c")), "\"a'b'c\"");
    ck_assert_str_eq(log_quote(STR("a\nlevel=error\r\t\x1B[31m\x7F\0b")),
                     "\"a level=error   [31m  b\"");
    ck_assert_str_eq(log_quote(STR("")), "\"\"");
}
END_TEST

START_TEST(quoted_text_is_cut_after_200_bytes)
{
    char text[400];
    const char *quoted;

    memset(text, 'x', sizeof(text));
    quoted = log_quote((struct str){.ptr = text, .len = sizeof(text)});
    ck_assert_uint_eq(strlen(quoted), 202);
    ck_assert_int_eq(quoted[201], '"');
    ck_assert_uint_eq(strlen(log_quote((struct str){.ptr = text, .len = 200})), 202);
    ck_assert_uint_eq(strlen(log_quote((struct str){.ptr = text, .len = 199})), 201);
}
END_TEST

START_TEST(four_quoted_texts_live_at_once)
{
    const char *a = log_quote(STR("a"));
    const char *b = log_quote(STR("b"));
    const char *c = log_quote(STR("c"));
    const char *d = log_quote(STR("d"));

    ck_assert_str_eq(a, "\"a\"");
    ck_assert_str_eq(b, "\"b\"");
    ck_assert_str_eq(c, "\"c\"");
    ck_assert_str_eq(d, "\"d\"");
}
END_TEST

Suite *log_suite(void)
{
    const TTest *tests[] = {
        event_is_one_line_with_level_and_name,
        less_urgent_events_are_dropped,
        overlong_event_is_cut_and_still_one_line,
        nobody_reading_is_no_failure,
        quoted_text_cannot_end_its_quotes_or_line,
        quoted_text_is_cut_after_200_bytes,
        four_quoted_texts_live_at_once,
    };

    return UNIT_SUITE("log", tests);
}
