/* SPDX-License-Identifier: MIT */
#include "records.h"

#include "buf.h"

#include <string.h>

/* Cuts the first line off, without its end. */
static struct str cut_line(struct str *text)
{
    struct str line = str_cut(text, '\n');

    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

enum records_format records_guess(struct str head)
{
    struct str rest = head;

    while (rest.len > 0) {
        struct str line = str_trim_blank(cut_line(&rest));
        if (line.len > 0 && line.ptr[0] == '{')
            return RECORDS_JSON;
        if (line.len > 0)
            break;
    }
    while (head.len > 0) {
        if (str_equal(cut_line(&head), STR("%")))
            return RECORDS_PERCENT;
    }
    return RECORDS_BLANK;
}

void records_init(struct records *records, FILE *file, struct str head, enum records_format format)
{
    *records = (struct records){.file = file, .head = head, .format = format};
}

static int next_byte(struct records *records)
{
    if (records->head.len == 0)
        return getc_unlocked(records->file);
    records->head.len--;
    return (unsigned char)*records->head.ptr++;
}

/* Reads one line without its end; false at the end of the file. */
static bool read_line(struct records *records, struct arena *arena, struct str *line)
{
    struct buf buf;
    int c = next_byte(records);

    records->oversized = false;
    if (c == EOF)
        return false;
    buf_init(&buf, arena, 256);
    for (; c != EOF && c != '\n'; c = next_byte(records)) {
        if (buf.len < RECORDS_LINE_MAX)
            buf_add_char(&buf, (char)c);
        else
            records->oversized = true;
    }
    *line = buf_str(&buf);
    if (line->len > 0 && line->ptr[line->len - 1] == '\r')
        line->len--;
    records->line++;
    return true;
}

static bool is_separator(const struct records *records, struct str line)
{
    if (records->format == RECORDS_PERCENT)
        return str_equal(line, STR("%"));
    return str_trim_blank(line).len == 0;
}

static bool next_json(struct records *records, struct arena *arena, struct record *record)
{
    while (read_line(records, arena, &record->text)) {
        record->line = records->line;
        record->oversized = records->oversized;
        if (str_trim_blank(record->text).len > 0)
            return true;
    }
    return false;
}

static bool next_text(struct records *records, struct arena *arena, struct record *record)
{
    struct str line;
    struct buf text;

    buf_init(&text, arena, 256);
    record->line = 0;
    record->oversized = false;
    while (read_line(records, arena, &line)) {
        if (is_separator(records, line) && record->line > 0)
            break;
        if (record->line == 0 && (is_separator(records, line) || str_trim_blank(line).len == 0))
            continue;
        if (record->line == 0)
            record->line = records->line;
        if (records->oversized || text.len + line.len >= RECORDS_LINE_MAX) {
            record->oversized = true;
            continue;
        }
        if (text.len > 0)
            buf_add_char(&text, '\n');
        buf_add(&text, line);
    }
    record->text = buf_str(&text);
    return record->line > 0;
}

bool records_next(struct records *records, struct arena *arena, struct record *record)
{
    if (records->format == RECORDS_JSON)
        return next_json(records, arena, record);
    return next_text(records, arena, record);
}
