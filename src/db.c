/* SPDX-License-Identifier: MIT */
#include "db.h"

#include "clock.h"

#include <stdlib.h>

struct db {
    struct db_settings settings;
    struct link *primary;
    struct link *any; /* whoever answers; NULL: there is nobody else to ask */
};

enum columns {
    COLUMN_STATUS,
    COLUMN_CODE,
    COLUMN_BODY,
    COLUMN_RETRY_AFTER_MS,
    COLUMN_QUOTA_REMAINING,
    COLUMN_QUOTA_RESET_MS,
    COLUMN_NEXT_ID,
    COLUMN_CLOCK_MS,
};

struct db *db_new(const struct db_settings *settings)
{
    struct db *db = calloc(1, sizeof(*db));

    if (db == NULL)
        abort();
    db->settings = *settings;
    db->primary = link_new(&db->settings, settings->url, false);
    if (link_has_choice(db->primary))
        db->any = link_new(&db->settings, settings->url, true);
    return db;
}

void db_free(struct db *db)
{
    if (db == NULL)
        return;
    link_free(db->primary);
    link_free(db->any);
    free(db);
}

enum db_status db_connect(struct db *db, const struct db_limits *limits)
{
    return link_open(db->primary, limits);
}

static int64_t get_int(const struct link_row *row, int column)
{
    return row->nulls[column] ? 0 : strtoll(row->columns[column].ptr, NULL, 10);
}

static void decode(const struct link_row *row, struct db_answer *answer)
{
    answer->status = (int)get_int(row, COLUMN_STATUS);
    answer->code = row->columns[COLUMN_CODE];
    answer->body = row->columns[COLUMN_BODY];
    answer->retry_after_ms = (int)get_int(row, COLUMN_RETRY_AFTER_MS);
    answer->charged = !row->nulls[COLUMN_QUOTA_REMAINING];
    answer->quota_remaining = get_int(row, COLUMN_QUOTA_REMAINING);
    answer->quota_reset_ms = get_int(row, COLUMN_QUOTA_RESET_MS);
    answer->next_id = get_int(row, COLUMN_NEXT_ID);
    answer->clock_ms = get_int(row, COLUMN_CLOCK_MS);
}

/* A call through one link; a connection that turns out to be broken is replaced once. */
static enum db_status call(struct db *db, struct link *link, const struct db_function *function,
                           const struct db_value *values, const struct db_limits *limits,
                           struct arena *arena, struct link_row *row)
{
    enum db_status status = DB_UNAVAILABLE;

    for (int attempt = 0; attempt < 2; attempt++) {
        bool fresh = !link_is_open(link);
        status = link_open(link, limits);
        if (status == DB_OK)
            status = link_call(link, function, values, limits, arena, row);
        if (status != DB_UNAVAILABLE || fresh || !limits->idempotent)
            break;
        if (attempt == 0 && db->settings.notice)
            db->settings.notice(db->settings.context, DB_AGAIN);
    }
    return status;
}

enum db_status db_call(struct db *db, const struct db_function *function,
                       const struct db_value *values, const struct db_limits *limits,
                       struct arena *arena, struct db_answer *answer)
{
    struct link_row row;
    enum db_status status;

    if (clock_monotonic_ms() >= limits->deadline_ms)
        return DB_TIMEOUT;
    status = call(db, db->primary, function, values, limits, arena, &row);
    if (status == DB_UNAVAILABLE && db->any) {
        status = call(db, db->any, function, values, limits, arena, &row);
        if (status == DB_OK && db->settings.notice)
            db->settings.notice(db->settings.context, DB_STANDBY);
    } else if (status == DB_OK && db->any && link_is_open(db->any)) {
        link_close(db->any);
    }
    if (status != DB_OK)
        return status;
    decode(&row, answer);
    /* What we took for a primary has become a standby: look for another. */
    if (db->any && str_equal(answer->code, STR("READ_ONLY")))
        link_close(db->primary);
    return DB_OK;
}
