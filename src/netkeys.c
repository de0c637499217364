/* SPDX-License-Identifier: MIT */
#include "netkeys.h"

#include <string.h>

static bool read_key(struct netkeys *keys, struct str salt, struct str text)
{
    struct str digits = str_cut(&text, ':');
    uint64_t day;

    if (!str_to_u64(digits, INT32_MAX, &day) || text.len != 2 * SHA256_LEN)
        return false;
    keys->keys[keys->count].day = (int64_t)day;
    crypto_hmac(salt, text, keys->keys[keys->count].bytes);
    keys->count++;
    return true;
}

bool netkeys_read(struct netkeys *keys, struct str salt, struct str text)
{
    keys->count = 0;
    while (text.len > 0) {
        if (keys->count == NETKEYS_MAX || !read_key(keys, salt, str_cut(&text, ' '))) {
            keys->count = 0;
            return false;
        }
    }
    return true;
}

int netkeys_counted(const struct netkeys *keys, int64_t now_ms, int64_t window_ms)
{
    bool yesterday = keys->count > 1 && keys->keys[1].day == keys->keys[0].day - 1;

    if (keys->count == 0)
        return 0;
    return yesterday && now_ms % DAY_MS <= window_ms ? 2 : 1;
}

struct str netkeys_digest(const struct netkeys *keys, int index, struct arena *arena,
                          const struct netaddr *addr, int prefix)
{
    struct netaddr network = netaddr_network(*addr, prefix);
    char message[2 + sizeof(network.bytes)] = {(char)network.bits, (char)prefix};
    unsigned char *digest = arena_alloc(arena, SHA256_LEN);

    memcpy(message + 2, network.bytes, sizeof(network.bytes));
    crypto_hmac((struct str){.ptr = (const char *)keys->keys[index].bytes, .len = SHA256_LEN},
                (struct str){.ptr = message, .len = sizeof(message)}, digest);
    return (struct str){.ptr = (const char *)digest, .len = NETKEYS_DIGEST_LEN};
}
