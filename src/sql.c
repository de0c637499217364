/* SPDX-License-Identifier: MIT */
#include "sql.h"

#include "buf.h"
#include "crypto.h"
#include "encode.h"

#include <stdlib.h>
#include <string.h>

const char *sql_cli_text(const char *name)
{
    for (const struct sql_file *file = sql_cli; file->name; file++) {
        if (strcmp(file->name, name) == 0)
            return file->text;
    }
    abort();
}

int sql_migration_number(const struct sql_file *migration)
{
    return (int)strtol(migration->name, NULL, 10);
}

int sql_schema_number(void)
{
    int number = 0;

    for (const struct sql_file *file = sql_migrations; file->name; file++)
        number = sql_migration_number(file);
    return number;
}

static struct str digest(struct arena *arena, struct str text)
{
    unsigned char bytes[SHA256_LEN];

    crypto_sha256(text, bytes);
    return encode_hex(arena, (struct str){.ptr = (const char *)bytes, .len = sizeof(bytes)});
}

struct str sql_checksum(struct arena *arena, const struct sql_file *file)
{
    return digest(arena, str_from(file->text));
}

struct str sql_api_digest(struct arena *arena)
{
    struct buf checksums;

    buf_init(&checksums, arena, 1024);
    for (const struct sql_file *file = sql_api; file->name; file++)
        buf_addf(&checksums, "%s %s\n", file->name, sql_checksum(arena, file).ptr);
    return digest(arena, buf_str(&checksums));
}
