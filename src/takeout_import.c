/* SPDX-License-Identifier: MIT */
#include "buf.h"
#include "clock.h"
#include "crypto.h"
#include "db_session.h"
#include "encode.h"
#include "json.h"
#include "records.h"
#include "rfc3339.h"
#include "sql.h"
#include "takeout.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD_LEN 4096 /* identifies a file, and tells its format */
#define BATCH_RECORDS 1000
#define PROGRESS_EVERY_MS 200

struct batch {
    struct buf bodies; /* text[] and timestamptz[] in text form, without the closing brace */
    struct buf times;
    int count;
};

struct import {
    const struct config *config;
    struct db_session *session;
    struct arena arena; /* of the batch */
    const char *name;   /* of the file, for messages */
    char source[2 * SHA256_LEN + 1];
    struct batch batch;
    uint64_t seen;                        /* records read */
    uint64_t done;                        /* records that were in before */
    unsigned char digest[SHA256_LEN];     /* of the records read, each hashed onto the last */
    char done_digest[2 * SHA256_LEN + 1]; /* the same of those that were in before */
    uint64_t refused;
    uint64_t imported;
    int64_t began_ms;
    int64_t shown_ms;
};

static void start_batch(struct import *import)
{
    arena_reset(&import->arena);
    buf_init(&import->batch.bodies, &import->arena, 64 * 1024);
    buf_init(&import->batch.times, &import->arena, 16 * 1024);
    import->batch.count = 0;
}

static void show_progress(struct import *import, bool last)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t took_ms = now_ms - import->began_ms + 1;

    if (!isatty(STDERR_FILENO) || (!last && now_ms - import->shown_ms < PROGRESS_EVERY_MS))
        return;
    import->shown_ms = now_ms;
    fprintf(stderr, "\r%s: %llu imported, %llu refused, %lld/s %s", import->name,
            (unsigned long long)import->imported, (unsigned long long)import->refused,
            (long long)((int64_t)import->imported * 1000 / took_ms), last ? "\n" : "");
}

static void refuse(struct import *import, const struct record *record, struct str why)
{
    import->refused++;
    fprintf(stderr, "%s%s:%llu: %.*s\n", isatty(STDERR_FILENO) ? "\r" : "", import->name,
            (unsigned long long)record->line, STR_ARG(why));
}

/* One element of an array in text form. */
static void add_element(struct buf *array, struct str value)
{
    buf_add(array, array->len == 0 ? STR("{\"") : STR(",\""));
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '"' || value.ptr[i] == '\\')
            buf_add_char(array, '\\');
        buf_add_char(array, value.ptr[i]);
    }
    buf_add_char(array, '"');
}

static void add_time(struct buf *array, struct str time)
{
    if (time.len > 0)
        add_element(array, time);
    else
        buf_add(array, array->len == 0 ? STR("{null") : STR(",null"));
}

static const char *digest_text(struct import *import)
{
    struct str digest = {.ptr = (const char *)import->digest, .len = SHA256_LEN};

    return encode_hex(&import->arena, digest).ptr;
}

static void hash_record(struct import *import, const struct record *record)
{
    struct buf chain;

    buf_init(&chain, &import->arena, SHA256_LEN + record->text.len);
    buf_add(&chain, (struct str){.ptr = (const char *)import->digest, .len = SHA256_LEN});
    buf_add(&chain, record->text);
    crypto_sha256(buf_str(&chain), import->digest);
}

/* Sends what the batch holds and starts the next. */
static bool send_batch(struct import *import)
{
    struct str records = arena_format(&import->arena, "%llu", (unsigned long long)import->seen);
    const char *values[5] = {NULL, NULL, import->source, records.ptr, digest_text(import)};

    if (import->batch.count == 0)
        return true;
    buf_add(&import->batch.bodies, (struct str){.ptr = "}", .len = 2}); /* with its NUL */
    buf_add(&import->batch.times, (struct str){.ptr = "}", .len = 2});
    values[0] = buf_str(&import->batch.bodies).ptr;
    values[1] = buf_str(&import->batch.times).ptr;
    if (!db_session_run(import->session, sql_cli_text("import_batch"), 5, values)) {
        db_session_complain(import->session);
        fputs("initialsdb: run the same command again to go on where it stopped\n", stderr);
        return false;
    }
    import->imported += strtoull(db_session_get(import->session, 0, 0), NULL, 10);
    show_progress(import, false);
    start_batch(import);
    return true;
}

/* Plain text is laid out with tabs, which the board does not accept in messages. */
static struct str with_blanks_for_tabs(struct arena *arena, struct str text)
{
    struct str copy = arena_copy(arena, text);
    char *bytes = (char *)copy.ptr;

    for (size_t i = 0; i < copy.len; i++) {
        if (bytes[i] == '\t')
            bytes[i] = ' ';
    }
    return copy;
}

/* Takes body and time out of a record. Returns what is wrong with it; empty: nothing. */
static struct str read_record(struct import *import, const struct record *record, bool json,
                              struct str *body, struct str *time)
{
    struct json_member members[] = {{.name = "body"}, {.name = "created_at"}};
    struct arena *arena = &import->arena;
    size_t max_chars = (size_t)import->config->post_max_chars;
    struct text text;
    enum text_verdict verdict;

    *time = STR("");
    if (record->oversized)
        return STR("The record is longer than 65536 bytes.");
    if (json) {
        const char *wrong = json_read(arena, record->text, members, 2, JSON_IGNORE_UNKNOWN);
        if (wrong)
            return str_from(wrong);
        *time = members[1].value;
        if (members[1].found && !rfc3339_is_valid(*time))
            return STR("The member created_at is not a time of RFC 3339.");
    }
    verdict = text_check(arena, json ? members[0].value : with_blanks_for_tabs(arena, record->text),
                         max_chars, &text);
    *body = text.body;
    return verdict == TEXT_OK ? STR("") : text_explain(arena, verdict, &text, max_chars);
}

/* Passes over a record that is in already. Returns false when the last of them shows that it was
 * another file that is in, which only began like this one. Releases before 0011 kept no digest. */
static bool pass_over(struct import *import)
{
    if (import->seen % BATCH_RECORDS == 0)
        start_batch(import); /* which gives memory back */
    if (import->seen < import->done || import->done_digest[0] == '\0' ||
        strcmp(digest_text(import), import->done_digest) == 0)
        return true;
    fprintf(stderr,
            "initialsdb: %s begins like a file that was imported, but goes on differently. "
            "Use --again to import all of it.\n",
            import->name);
    return false;
}

static bool take_record(struct import *import, const struct record *record, bool json)
{
    struct str body = STR("");
    struct str time = STR("");
    struct str wrong = read_record(import, record, json, &body, &time);

    if (wrong.len > 0) {
        refuse(import, record, wrong);
    } else {
        add_element(&import->batch.bodies, body);
        add_time(&import->batch.times, time);
        import->batch.count++;
    }
    if (import->seen % BATCH_RECORDS > 0)
        return true;
    if (import->batch.count > 0)
        return send_batch(import);
    start_batch(import);
    return true;
}

static bool import_records(struct import *import, struct records *records)
{
    struct record record;
    bool done = true;

    start_batch(import);
    while (done && records_next(records, &import->arena, &record)) {
        hash_record(import, &record);
        if (++import->seen <= import->done)
            done = pass_over(import);
        else
            done = take_record(import, &record, records->format == RECORDS_JSON);
    }
    if (ferror(records->file))
        fprintf(stderr, "initialsdb: %s: %s\n", import->name, strerror(errno));
    return done && send_batch(import) && !ferror(records->file);
}

/* Asks how many records of this source are in. */
static bool read_progress(struct import *import)
{
    const char *const values[] = {import->source};

    if (!db_session_run(import->session, sql_cli_text("import_progress"), 1, values)) {
        db_session_complain(import->session);
        return false;
    }
    if (db_session_rows(import->session) > 0) {
        const char *digest = db_session_get(import->session, 0, 1);
        import->done = strtoull(db_session_get(import->session, 0, 0), NULL, 10);
        snprintf(import->done_digest, sizeof(import->done_digest), "%s", digest ? digest : "");
    }
    if (import->done > 0)
        fprintf(stderr, "%s: going on behind %llu records that are in already\n", import->name,
                (unsigned long long)import->done);
    return true;
}

/* Names the source by the beginning of its content, not by its path, which may change. */
static void name_source(struct import *import, struct str head, bool again)
{
    struct arena arena;
    struct buf identity;
    unsigned char digest[SHA256_LEN];

    arena_init(&arena);
    buf_init(&identity, &arena, head.len + 64);
    buf_add(&identity, head);
    if (again) {
        unsigned char salt[16];
        crypto_random(salt, sizeof(salt));
        buf_add(&identity, (struct str){.ptr = (const char *)salt, .len = sizeof(salt)});
    }
    crypto_sha256(buf_str(&identity), digest);
    memcpy(import->source,
           encode_hex(&arena, (struct str){.ptr = (const char *)digest, .len = SHA256_LEN}).ptr,
           sizeof(import->source));
    arena_release(&arena);
}

static void summarise(const struct import *import)
{
    printf("%s: %llu imported, %llu refused\n", import->name, (unsigned long long)import->imported,
           (unsigned long long)import->refused);
}

/* Imports one open file. */
static bool import_file(struct import *import, FILE *file, bool again)
{
    char bytes[HEAD_LEN];
    struct str head = {.ptr = bytes, .len = fread(bytes, 1, sizeof(bytes), file)};
    struct records records;
    bool done;

    import->seen = import->done = import->refused = import->imported = 0;
    memset(import->digest, 0, sizeof(import->digest));
    import->began_ms = import->shown_ms = clock_monotonic_ms();
    name_source(import, head, again);
    if (!read_progress(import))
        return false;
    records_init(&records, file, head, records_guess(head));
    done = import_records(import, &records);
    show_progress(import, true);
    summarise(import);
    return done;
}

static bool import_path(struct import *import, const char *path, bool again)
{
    FILE *file;
    bool done;

    import->name = path;
    if (strcmp(path, "-") == 0)
        return import_file(import, stdin, again);
    file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "initialsdb: %s: %s\n", path, strerror(errno));
        return false;
    }
    done = import_file(import, file, again);
    fclose(file);
    return done;
}

/* What comes before the first file and after the last. */
static bool frame(struct import *import, const char *script)
{
    bool done = db_session_run(import->session, sql_cli_text(script), 0, NULL);

    if (!done)
        db_session_complain(import->session);
    return done;
}

int takeout_import(const struct config *config, int argc, char **argv)
{
    static char dash[] = "-";
    static char *const standard_input[] = {dash};
    struct import import = {.config = config};
    bool again = argc > 0 && strcmp(argv[0], "--again") == 0;
    char *const *paths = argc > again ? argv + again : standard_input;
    int count = argc > again ? argc - again : 1;
    uint64_t refused = 0;
    bool done = true;

    import.session = db_session_open(config->migrate_database_url.ptr, NULL);
    if (import.session == NULL)
        return EXIT_FAILURE;
    arena_init(&import.arena);
    done = frame(&import, "import_begin");
    for (int i = 0; i < count; i++) {
        done = import_path(&import, paths[i], again) && done;
        refused += import.refused;
    }
    done = frame(&import, "import_index") && done;
    done = frame(&import, "import_learn") && done;
    arena_release(&import.arena);
    db_session_close(import.session);
    if (!done)
        return EXIT_FAILURE;
    return refused > 0 ? EXIT_DATA_REFUSED : EXIT_SUCCESS;
}
