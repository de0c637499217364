/* SPDX-License-Identifier: MIT */
/* Input: an address, a list of hops, a list of networks, a line each. */
#include "fuzz.h"
#include "netaddr.h"

#include <string.h>

static void check_round_trip(const struct netaddr *addr)
{
    char text[NETADDR_TEXT_MAX];
    struct netaddr again;

    FUZZ_CHECK(addr->bits == 32 || addr->bits == 128);
    netaddr_format(addr, text);
    FUZZ_CHECK(netaddr_parse(str_from(text), &again));
    FUZZ_CHECK(again.bits == addr->bits);
    FUZZ_CHECK(memcmp(again.bytes, addr->bytes, sizeof(addr->bytes)) == 0);
}

static void check_list(const struct netlist *list, const struct netaddr *addr)
{
    FUZZ_CHECK(list->count <= NETLIST_MAX);
    for (int i = 0; i < list->count; i++) {
        FUZZ_CHECK(list->entries[i].prefix <= list->entries[i].network.bits);
        FUZZ_CHECK(netlist_contains(list, &list->entries[i].network));
    }
    netlist_contains(list, addr);
}

void fuzz_address(struct arena *arena, struct str input)
{
    struct str text = fuzz_line(&input);
    struct str hops = fuzz_line(&input);
    struct netaddr addr = {.bits = 32};
    struct netlist list;

    (void)arena;
    if (netaddr_parse(text, &addr))
        check_round_trip(&addr);
    if (netlist_parse(fuzz_line(&input), &list))
        check_list(&list, &addr);
    while (hops.len > 0) {
        if (netaddr_parse_hop(str_cut_last(&hops, ','), &addr))
            check_round_trip(&addr);
    }
}
