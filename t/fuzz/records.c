/* SPDX-License-Identifier: MIT */
/* Input: two bytes for the format and for how much was read ahead, then the file. */
#include "records.h"
#include "fuzz.h"
#include "rfc3339.h"

#include <stdlib.h>
#include <string.h>

static void check_record(const struct records *records, const struct record *record,
                         uint64_t last_line)
{
    FUZZ_CHECK(record->line > last_line && record->line <= records->line);
    FUZZ_CHECK(record->text.len <= RECORDS_LINE_MAX);
    FUZZ_CHECK(record->oversized || record->text.len > 0);
    if (records->format == RECORDS_JSON)
        FUZZ_CHECK(memchr(record->text.ptr, '\n', record->text.len) == NULL);
}

static void read_all(struct arena *arena, FILE *file, struct str head, enum records_format format)
{
    struct records records;
    struct record record;
    uint64_t last_line = 0;

    records_init(&records, file, head, format);
    while (records_next(&records, arena, &record)) {
        check_record(&records, &record, last_line);
        last_line = record.line;
        rfc3339_is_valid(record.text);
    }
    FUZZ_CHECK(!records_next(&records, arena, &record));
}

void fuzz_records(struct arena *arena, struct str input)
{
    unsigned format = fuzz_byte(&input) % 4;
    size_t ahead = fuzz_byte(&input);
    struct str head = {.ptr = input.ptr, .len = ahead < input.len ? ahead : input.len};
    FILE *file;

    if (head.len == input.len)
        file = fopen("/dev/null", "r");
    else
        file = fmemopen((char *)input.ptr + head.len, input.len - head.len, "r");
    if (file == NULL)
        abort();
    read_all(arena, file, head, format == 3 ? records_guess(head) : (enum records_format)format);
    fclose(file);
}
