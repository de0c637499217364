/* SPDX-License-Identifier: MIT */
#include "db.h"

#include "clock.h"
#include "pace.h"

#include <stdlib.h>

/* For how long a replica that has failed is left alone. */
#define LEAVE_LEAST_MS 1000
#define LEAVE_MOST_MS 30000

const struct db_function db_replayed = {"replayed", 0};

struct db {
    struct db_settings settings;
    struct link *primary;
    struct link *any;     /* whoever answers; NULL: there is nobody else to ask */
    struct link *replica; /* NULL: there is none */
    int64_t replayed;     /* up to there, as it last said */
    struct pace replica_pace;
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
    db->primary = link_new(&db->settings, settings->url, LINK_PRIMARY);
    if (link_has_choice(db->primary))
        db->any = link_new(&db->settings, settings->url, LINK_ANY);
    if (settings->read_url)
        db->replica = link_new(&db->settings, settings->read_url, LINK_REPLICA);
    db->replica_pace = (struct pace){.least_ms = LEAVE_LEAST_MS, .most_ms = LEAVE_MOST_MS};
    return db;
}

void db_free(struct db *db)
{
    if (db == NULL)
        return;
    link_free(db->primary);
    link_free(db->any);
    link_free(db->replica);
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

static void tell(const struct db *db, enum db_event event)
{
    if (db->settings.notice)
        db->settings.notice(db->settings.context, event);
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
        if (attempt == 0)
            tell(db, DB_AGAIN);
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
        if (status == DB_OK)
            tell(db, DB_STANDBY);
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

bool db_has_replica(const struct db *db)
{
    return db->replica != NULL;
}

enum db_status db_ask_replica(struct db *db, const struct db_function *function,
                              const struct db_value *values, const struct db_limits *limits,
                              struct arena *arena, struct db_answer *answer)
{
    struct link_row row;
    enum db_status status;

    if (!link_is_open(db->replica))
        db->replayed = 0; /* the next connection may lead to another server */
    status = link_open(db->replica, limits);
    if (status == DB_OK)
        status = link_call(db->replica, function, values, limits, arena, &row);
    if (status == DB_OK)
        decode(&row, answer);
    return status;
}

/* Learns how far the replica is, unless it is known to be far enough. */
static enum db_status follow(struct db *db, int64_t position, const struct db_limits *limits,
                             struct arena *arena)
{
    struct db_answer answer;
    enum db_status status;

    if (position == 0 || (link_is_open(db->replica) && db->replayed >= position))
        return DB_OK;
    status = db_ask_replica(db, &db_replayed, NULL, limits, arena, &answer);
    if (status == DB_OK)
        db->replayed = answer.next_id;
    return status;
}

/* DB_OK with `*served` false: it is behind. */
static enum db_status read_replica(struct db *db, const struct db_function *function,
                                   const struct db_value *values, int64_t position,
                                   const struct db_limits *limits, struct arena *arena,
                                   struct db_answer *answer, bool *served)
{
    enum db_status status = follow(db, position, limits, arena);

    *served = status == DB_OK && db->replayed >= position;
    if (*served)
        status = db_ask_replica(db, function, values, limits, arena, answer);
    return status;
}

/* Whether the charge of this read was already answered by a standby, and told. */
static bool has_told_standby(const struct db *db)
{
    return db->any && link_is_open(db->any);
}

enum db_status db_read(struct db *db, const struct db_function *function,
                       const struct db_value *values, int64_t position,
                       const struct db_limits *limits, struct arena *arena,
                       struct db_answer *answer)
{
    struct db_limits half = *limits;
    enum db_status status;
    bool served;

    if (!pace_allows(&db->replica_pace))
        return db_call(db, function, values, limits, arena, answer);
    half.deadline_ms -= (limits->deadline_ms - clock_monotonic_ms()) / 2;
    status = read_replica(db, function, values, position, &half, arena, answer, &served);
    if (status == DB_CALLER_LEFT)
        return status;
    if (status == DB_OK)
        pace_succeeded(&db->replica_pace);
    else
        pace_failed(&db->replica_pace);
    if (status == DB_OK && !served)
        tell(db, DB_BEHIND);
    else if (status == DB_OK && position > 0)
        tell(db, DB_REPLICA);
    else if (status == DB_OK && !has_told_standby(db))
        tell(db, DB_STANDBY);
    if (status == DB_OK && served)
        return DB_OK;
    return db_call(db, function, values, limits, arena, answer);
}
