/* SPDX-License-Identifier: MIT */
/* netaddr: the address of a client, and the networks that it stands for. */
#ifndef NETADDR_H
#define NETADDR_H

#include "str.h"

struct netaddr {
    int bits;                /* 32: IPv4, 128: IPv6 */
    unsigned char bytes[16]; /* network byte order; IPv4 uses the first four */
};

/* Room for an address as text, with its NUL. */
#define NETADDR_TEXT_MAX 46

/* Writes `addr` as text (RFC 5952). */
void netaddr_format(const struct netaddr *addr, char text[NETADDR_TEXT_MAX]);

/* Networks in CIDR notation (RFC 4632). */
#define NETLIST_MAX 64

struct netlist {
    struct {
        struct netaddr network;
        int prefix;
    } entries[NETLIST_MAX];
    int count;
};

/* The most prefix lengths at which one client is counted. */
#define NETADDR_TIERS 3

/* Reads an IPv4 or IPv6 address as CGI's REMOTE_ADDR has it (RFC 3875, 4.1.8). An IPv6 zone
 * ("%eth0") is cut off, an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) becomes IPv4. Returns
 * false for everything else: names, ports, brackets, blanks. */
bool netaddr_parse(struct str text, struct netaddr *addr);

/* Reads one hop of X-Forwarded-For: an address, also in brackets, also with a port behind it. */
bool netaddr_parse_hop(struct str text, struct netaddr *addr);

/* Reads networks separated by blanks or commas; a bare address is a network of its own. Returns
 * false for anything else, for bits set behind a prefix, and for more than NETLIST_MAX. */
bool netlist_parse(struct str text, struct netlist *list);

/* Whether `addr` lies in one of the networks. */
bool netlist_contains(const struct netlist *list, const struct netaddr *addr);

/* Sets every bit behind the first `prefix` bits to zero. */
struct netaddr netaddr_network(struct netaddr addr, int prefix);

/* The prefix lengths at which a client is counted, narrowest first: /32 for IPv4; /64, /56 and
 * /48 for IPv6, since a subscriber usually commands a whole /64 and often a /56 or /48 (RFC
 * 6177). Returns how many. */
int netaddr_tiers(const struct netaddr *addr, int prefixes[NETADDR_TIERS]);

#endif
