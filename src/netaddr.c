#include "netaddr.h"

#include <arpa/inet.h>
#include <string.h>

static const unsigned char mapped_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

static void fold_mapped(struct netaddr *addr)
{
    if (memcmp(addr->bytes, mapped_prefix, sizeof(mapped_prefix)) != 0)
        return;
    memmove(addr->bytes, addr->bytes + 12, 4);
    memset(addr->bytes + 4, 0, 12);
    addr->bits = 32;
}

bool netaddr_parse(struct str text, struct netaddr *addr)
{
    char name[INET6_ADDRSTRLEN];
    struct str host = str_cut(&text, '%');

    memset(addr, 0, sizeof(*addr));
    if (host.len == 0 || host.len >= sizeof(name) || memchr(host.ptr, '\0', host.len))
        return false;
    memcpy(name, host.ptr, host.len);
    name[host.len] = '\0';
    if (inet_pton(AF_INET, name, addr->bytes) == 1) {
        addr->bits = 32;
        return text.len == 0;
    }
    if (inet_pton(AF_INET6, name, addr->bytes) != 1)
        return false;
    addr->bits = 128;
    fold_mapped(addr);
    return true;
}

struct netaddr netaddr_network(struct netaddr addr, int prefix)
{
    for (int i = 0; i < 16; i++) {
        int keep = prefix - 8 * i;
        if (keep <= 0)
            addr.bytes[i] = 0;
        else if (keep < 8)
            addr.bytes[i] &= (unsigned char)(0xFF << (8 - keep));
    }
    return addr;
}

int netaddr_tiers(const struct netaddr *addr, int prefixes[NETADDR_TIERS])
{
    if (addr->bits == 32) {
        prefixes[0] = 32;
        return 1;
    }
    prefixes[0] = 64;
    prefixes[1] = 56;
    prefixes[2] = 48;
    return 3;
}
