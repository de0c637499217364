/* SPDX-License-Identifier: MIT */
#include "cursor.h"

#include "buf.h"
#include "crypto.h"
#include "encode.h"

#include <string.h>

#define MAC_LEN 16
#define CURSOR_LEN (8 + MAC_LEN)

static void seal(struct arena *arena, struct str key, struct str query, int64_t id,
                 unsigned char bytes[CURSOR_LEN])
{
    unsigned char mac[SHA256_LEN];
    struct buf message;

    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)id >> (56 - 8 * i));
    buf_init(&message, arena, 64 + query.len);
    buf_add(&message, STR("cursor"));
    buf_add(&message, (struct str){.ptr = (const char *)bytes, .len = 8});
    buf_add(&message, query); /* the only field without a fixed length, hence the last */
    crypto_hmac(key, buf_str(&message), mac);
    memcpy(bytes + 8, mac, MAC_LEN);
}

struct str cursor_make(struct arena *arena, struct str key, struct str query, int64_t id)
{
    unsigned char bytes[CURSOR_LEN];

    seal(arena, key, query, id, bytes);
    return encode_base64(arena, (struct str){.ptr = (const char *)bytes, .len = CURSOR_LEN},
                         BASE64_URL);
}

bool cursor_read(struct arena *arena, struct str key, struct str query, struct str cursor,
                 int64_t *id)
{
    unsigned char bytes[CURSOR_LEN];
    unsigned char expected[CURSOR_LEN];
    uint64_t value = 0;
    size_t len;

    if (cursor.len != BASE64_LEN(CURSOR_LEN) ||
        !decode_base64(cursor, BASE64_URL, bytes, sizeof(bytes), &len) || len != CURSOR_LEN)
        return false;
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    seal(arena, key, query, (int64_t)value, expected);
    if (!crypto_equal(bytes, expected, CURSOR_LEN))
        return false;
    *id = (int64_t)value;
    return true;
}
