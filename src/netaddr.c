/* SPDX-License-Identifier: MIT */
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
    struct str zone = text;
    struct str host = str_cut(&zone, '%');

    memset(addr, 0, sizeof(*addr));
    if (host.len == 0 || host.len >= sizeof(name) || memchr(host.ptr, '\0', host.len))
        return false;
    memcpy(name, host.ptr, host.len);
    name[host.len] = '\0';
    if (inet_pton(AF_INET, name, addr->bytes) == 1) {
        addr->bits = 32;
        return host.len == text.len;
    }
    if (inet_pton(AF_INET6, name, addr->bytes) != 1)
        return false;
    addr->bits = 128;
    fold_mapped(addr);
    return true;
}

void netaddr_format(const struct netaddr *addr, char text[NETADDR_TEXT_MAX])
{
    int family = addr->bits == 32 ? AF_INET : AF_INET6;

    if (inet_ntop(family, addr->bytes, text, NETADDR_TEXT_MAX) == NULL)
        text[0] = '\0';
}

/* What stands in the brackets of "[v6]" or "[v6]:port"; empty for anything else. */
static struct str within_brackets(struct str text)
{
    struct str rest = {.ptr = text.ptr + 1, .len = text.len - 1};
    struct str inside = str_cut(&rest, ']');
    bool closed = inside.len + 1 < text.len;

    return closed && (rest.len == 0 || rest.ptr[0] == ':') ? inside : STR("");
}

/* Cuts "[v6]:port" and "v4:port" down to the address. */
static struct str without_port(struct str text)
{
    struct str rest = text;
    struct str head = str_cut(&rest, ':');

    if (text.len > 0 && text.ptr[0] == '[')
        return within_brackets(text);
    return memchr(rest.ptr, ':', rest.len) ? text : head; /* two colons: bare IPv6 */
}

bool netaddr_parse_hop(struct str text, struct netaddr *addr)
{
    return netaddr_parse(without_port(str_trim_blank(text)), addr);
}

static bool same_network(const struct netaddr *a, const struct netaddr *b)
{
    return a->bits == b->bits && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool add_network(struct netlist *list, struct str text)
{
    struct str prefix_text = text;
    struct str address = str_cut(&prefix_text, '/');
    struct netaddr addr;
    struct netaddr network;
    uint64_t prefix;

    if (list->count == NETLIST_MAX || !netaddr_parse(address, &addr))
        return false;
    prefix = (uint64_t)addr.bits;
    if (address.len < text.len && !str_to_u64(prefix_text, (uint64_t)addr.bits, &prefix))
        return false;
    network = netaddr_network(addr, (int)prefix);
    list->entries[list->count].network = network;
    list->entries[list->count++].prefix = (int)prefix;
    return same_network(&network, &addr);
}

bool netlist_parse(struct str text, struct netlist *list)
{
    list->count = 0;
    while (text.len > 0) {
        size_t len = 0;
        while (len < text.len && text.ptr[len] != ' ' && text.ptr[len] != ',')
            len++;
        if (len > 0 && !add_network(list, (struct str){.ptr = text.ptr, .len = len}))
            return false;
        if (len < text.len)
            len++;
        text.ptr += len;
        text.len -= len;
    }
    return true;
}

bool netlist_contains(const struct netlist *list, const struct netaddr *addr)
{
    for (int i = 0; i < list->count; i++) {
        struct netaddr network = netaddr_network(*addr, list->entries[i].prefix);
        if (same_network(&network, &list->entries[i].network))
            return true;
    }
    return false;
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
