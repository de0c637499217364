/* SPDX-License-Identifier: MIT */
/*
 * config: the settings of the program, read once from the environment into types that cannot be
 * wrong. The table is params.def.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "arena.h"
#include "netaddr.h"
#include "standard.h"

#include <stdio.h>

#define SECRET_MIN 32
#define SECRET_MAX 64

struct secret {
    unsigned char bytes[SECRET_MAX];
    size_t len;       /* 0: not given */
    unsigned char id; /* tells two keys apart, usually; says nothing about the key */
    const char *path; /* of the file it is from; NULL: it was given itself */
};

struct config {
#define PARAM_TEXT(field, name, standard, help) struct str field;
#define PARAM_INT(field, name, standard, least, most, help) int64_t field;
#define PARAM_BOOL(field, name, standard, help) bool field;
#define PARAM_CHOICE(field, name, standard, choices, help) int field;
#define PARAM_NETWORKS(field, name, help) struct netlist field;
#define PARAM_SECRET(field, name, required, help) struct secret field;
#include "params.def"
#undef PARAM_TEXT
#undef PARAM_INT
#undef PARAM_BOOL
#undef PARAM_CHOICE
#undef PARAM_NETWORKS
#undef PARAM_SECRET
};

/* Fills `*config` from `source`; texts are kept in `arena`. Writes one line to `errors` for each
 * setting that is wrong, naming it and what it may be. Returns how many are. */
int config_load(struct config *config, struct arena *arena, config_source source, FILE *errors);

/* Whether the table has a setting `name`; NAME_FILE counts for a secret. */
bool config_knows(struct str name);

/* Whether the secrets that `serve` needs are there; one line to `errors` for each that is not.
 * Returns how many are missing. */
int config_require_secrets(const struct config *config, FILE *errors);

/* Writes every setting as NAME=value, secrets only as their length. */
void config_print(const struct config *config, FILE *out);

/* Writes the table of settings: name, default and meaning. */
void config_describe(FILE *out);

#endif
