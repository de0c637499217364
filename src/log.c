/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048
#define QUOTED_MAX 200

static enum log_level threshold = LOG_INFO;
static bool to_journal;
static const char *const priorities[] = {"<3>", "<4>", "<6>", "<7>"}; /* sd-daemon(3) */
static const char *const level_names[] = {"error", "warn", "info", "debug"};

void log_detect_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    char here[64];

    if (stream == NULL || fstat(STDERR_FILENO, &status) != 0)
        return;
    snprintf(here, sizeof(here), "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    to_journal = strcmp(stream, here) == 0;
}

void log_set_level(enum log_level level)
{
    threshold = level;
}

static size_t clamp(int len, size_t room)
{
    if (len < 0)
        return 0;
    return (size_t)len < room ? (size_t)len : room - 1;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    size_t len;
    va_list args;

    if (level > threshold)
        return;
    len = clamp(snprintf(line, sizeof(line), "%slevel=%s event=%s ",
                         to_journal ? priorities[level] : "", level_names[level], event),
                sizeof(line));
    va_start(args, format);
    len += clamp(vsnprintf(line + len, sizeof(line) - len, format, args), sizeof(line) - len);
    va_end(args);
    line[len++] = '\n';
    /* One write(), so that lines of different processes do not mix. */
    if (write(STDERR_FILENO, line, len) < 0)
        return; /* nobody reads the log: nothing sensible is left to do */
}

const char *log_quote(struct str text)
{
    static char slots[4][QUOTED_MAX + 3];
    static unsigned next;
    char *slot = slots[next++ % 4];
    size_t len = 0;

    slot[len++] = '"';
    for (size_t i = 0; i < text.len && i < QUOTED_MAX; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            c = '\'';
        slot[len++] = (char)(c < 0x20 || c == 0x7F ? ' ' : c);
    }
    slot[len++] = '"';
    slot[len] = '\0';
    return slot;
}
