/* SPDX-License-Identifier: MIT */
#include "exchange.h"
#include "handle.h"
#include "sql.h"

/* 200: this worker answers. */
void handle_health(struct exchange *exchange)
{
    response_json(exchange->response, 200, STR("{\"status\":\"ok\"}"));
}

/* 200 with the schema and whether the database is a primary; 503 when it cannot be reached or
 * its schema is older than this program. A newer one is fine: an upgrade migrates while the old
 * workers still serve. */
void handle_ready(struct exchange *exchange)
{
    struct problem_detail detail = {.message = STR("The database has an older schema."),
                                    .retry_after_s = 5};
    struct db_answer answer;

    if (!exchange_call(exchange, NULL, &answer))
        return;
    if (answer.next_id < sql_schema_number())
        exchange_refuse(exchange, PROBLEM_UNAVAILABLE, &detail);
    else
        response_json(exchange->response, answer.status, answer.body);
}
