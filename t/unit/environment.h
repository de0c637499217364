/* SPDX-License-Identifier: MIT */
/* environment: settings for tests, and configurations made from it. */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include "config.h"

/* 32 and 64 bytes in base64. */
#define TEST_KEY "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define TEST_LONG_KEY                                                                              \
    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg=="

/* Loads `*config` from `variables`, "NAME=value" strings ended by NULL, instead of the
 * environment. Returns how many settings are wrong; what was said of them is in `*said`. */
int environment_load(struct config *config, const char *const *variables, struct str *said);

/* What `print` writes, in the test's arena. */
struct str environment_printed(const struct config *config,
                               void (*print)(const struct config *config, FILE *out));

#endif
