/* SPDX-License-Identifier: MIT */
/* problem: refusals as application/problem+json (RFC 9457). The table is problem.def. */
#ifndef PROBLEM_H
#define PROBLEM_H

#include "response.h"

enum problem {
#define PROBLEM(code, status, message) PROBLEM_##code,
#include "problem.def"
#undef PROBLEM
    PROBLEMS,
};

/* What a refusal says beyond its code; zero fields are left out. */
struct problem_detail {
    struct str message;    /* instead of the table's */
    const char *field;     /* the parameter that is wrong */
    int64_t id;            /* the listing it is about */
    int64_t retry_after_s; /* seconds after which trying again helps */
    struct str members;    /* a JSON object whose members go beside the standard ones */
};

/* The problem whose code is `code`, or PROBLEM_INTERNAL_ERROR: the database answered a code that
 * this program does not know. */
enum problem problem_from_code(struct str code);

const char *problem_code(enum problem problem);

/* Makes `*response` the refusal `problem`, keeping the headers it has. `detail` may be NULL. */
void problem_respond(struct response *response, struct arena *arena, enum problem problem,
                     const struct problem_detail *detail);

#endif
