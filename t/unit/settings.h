/* settings: an environment for tests, and configurations made from it. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "config.h"

/* 32 and 64 bytes in base64. */
#define SETTINGS_KEY "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define SETTINGS_LONG_KEY                                                                          \
    "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg=="

/* Loads `*config` from `variables`, "NAME=value" strings ended by NULL, instead of the
 * environment. Returns how many settings are wrong; what was said of them is in `*said`. */
int settings_load(struct config *config, const char *const *variables, struct str *said);

/* What `print` writes, in the test's arena. */
struct str settings_printed(const struct config *config,
                            void (*print)(const struct config *config, FILE *out));

#endif
