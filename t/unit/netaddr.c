/* SPDX-License-Identifier: MIT */
#include "netaddr.h"
#include "encode.h"
#include "unit.h"

static struct netaddr parsed(const char *text)
{
    struct netaddr addr;

    ck_assert_msg(netaddr_parse(str_from(text), &addr), "%s is refused", text);
    return addr;
}

static struct str hex(struct netaddr addr)
{
    return encode_hex(&test_arena, (struct str){.ptr = (const char *)addr.bytes, .len = 16});
}

START_TEST(ipv4_uses_the_first_four_bytes)
{
    ck_assert_int_eq(parsed("192.0.2.1").bits, 32);
    ck_view(hex(parsed("192.0.2.1")), "c0000201000000000000000000000000");
}
END_TEST

START_TEST(ipv6_has_one_form_whatever_its_spelling)
{
    ck_assert_int_eq(parsed("2001:db8::1").bits, 128);
    ck_view(hex(parsed("2001:db8::1")), "20010db8000000000000000000000001");
    ck_view(hex(parsed("2001:0DB8:0:0:0:0:0:1")), "20010db8000000000000000000000001");
}
END_TEST

START_TEST(ipv4_mapped_is_ipv4)
{
    static const char *const spellings[] = {"::ffff:192.0.2.1", "::FFFF:c000:0201",
                                            "0:0:0:0:0:ffff:192.0.2.1", "::ffff:192.0.2.1%eth0"};

    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        ck_assert_int_eq(parsed(spellings[i]).bits, 32);
        ck_view(hex(parsed(spellings[i])), "c0000201000000000000000000000000");
    }
}
END_TEST

START_TEST(ipv4_compatible_stays_ipv6)
{
    ck_assert_int_eq(parsed("::192.0.2.1").bits, 128);
    ck_assert_int_eq(parsed("::1").bits, 128);
    ck_assert_int_eq(parsed("::").bits, 128);
    ck_assert_int_eq(parsed("64:ff9b::192.0.2.1").bits, 128);
}
END_TEST

START_TEST(zone_is_cut_off)
{
    ck_view(hex(parsed("fe80::1%eth0")), "fe800000000000000000000000000001");
    ck_view(hex(parsed("fe80::1%25")), "fe800000000000000000000000000001");
}
END_TEST

START_TEST(b10_garbage_is_refused)
{
    static const char *const garbage[] = {
        "",
        " ",
        "localhost",
        "@",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.4:80",
        "[::1]",
        "[::1]:80",
        " 1.2.3.4",
        "1.2.3.4 ",
        "1.2.3.4\n",
        "01.2.3.4x",
        "0x7f.0.0.1",
        "2130706433",
        "1.2.3.4/32",
        "::1/128",
        "1:2:3",
        ":::",
        "12345::",
        "::g",
        "%eth0",
        "1.2.3.4%eth0",
        "1.2.3.4%",
        "1::2::3",
        "1.2.3.4, 5.6.7.8",
        "unix:",
        "unknown",
        "_hidden",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
    };
    struct netaddr addr;

    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++)
        ck_assert_msg(!netaddr_parse(str_from(garbage[i]), &addr), "\"%s\"", garbage[i]);
}
END_TEST

START_TEST(nul_inside_is_refused)
{
    struct netaddr addr;

    ck_assert(!netaddr_parse(STR("1.2.3.4\0"), &addr));
    ck_assert(!netaddr_parse(STR("1.2.3.4\0x"), &addr));
}
END_TEST

START_TEST(network_keeps_the_prefix_only)
{
    struct netaddr all = parsed("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");

    ck_view(hex(netaddr_network(all, 64)), "ffffffffffffffff0000000000000000");
    ck_view(hex(netaddr_network(all, 60)), "fffffffffffffff00000000000000000");
    ck_view(hex(netaddr_network(all, 1)), "80000000000000000000000000000000");
    ck_view(hex(netaddr_network(all, 0)), "00000000000000000000000000000000");
    ck_view(hex(netaddr_network(all, 128)), "ffffffffffffffffffffffffffffffff");
    ck_view(hex(netaddr_network(parsed("192.0.2.1"), 32)), "c0000201000000000000000000000000");
}
END_TEST

START_TEST(ipv4_is_counted_by_its_address)
{
    struct netaddr addr = parsed("192.0.2.1");
    int prefixes[NETADDR_TIERS];

    ck_assert_int_eq(netaddr_tiers(&addr, prefixes), 1);
    ck_assert_int_eq(prefixes[0], 32);
}
END_TEST

START_TEST(b09_ipv6_is_counted_by_networks_narrowest_first)
{
    struct netaddr addr = parsed("2001:db8::1");
    int prefixes[NETADDR_TIERS];

    ck_assert_int_eq(netaddr_tiers(&addr, prefixes), 3);
    ck_assert_int_eq(prefixes[0], 64);
    ck_assert_int_eq(prefixes[1], 56);
    ck_assert_int_eq(prefixes[2], 48);
}
END_TEST

START_TEST(b09_neighbours_in_a_64_are_one_network)
{
    ck_assert(str_equal(hex(netaddr_network(parsed("2001:db8:1:2::1"), 64)),
                        hex(netaddr_network(parsed("2001:db8:1:2:ffff::"), 64))));
    ck_assert(!str_equal(hex(netaddr_network(parsed("2001:db8:1:2::1"), 64)),
                         hex(netaddr_network(parsed("2001:db8:1:3::1"), 64))));
}
END_TEST

START_TEST(hop_may_have_brackets_and_a_port)
{
    static const char *const hops[] = {"192.0.2.1", " 192.0.2.1 ", "192.0.2.1:80", "[::1]",
                                       "[::1]:80",  "::1",         "fe80::1%eth0"};
    struct netaddr addr;

    for (size_t i = 0; i < sizeof(hops) / sizeof(hops[0]); i++)
        ck_assert_msg(netaddr_parse_hop(str_from(hops[i]), &addr), "\"%s\"", hops[i]);
}
END_TEST

START_TEST(hop_that_is_no_address_is_refused)
{
    static const char *const hops[] = {
        "",  "unknown", "_hidden", "[]",   "[",          "[::1",         "]",
        ":", ":80",     "[::1]x",  "a:80", "[192.0.2.1", "for=192.0.2.1"};
    struct netaddr addr;

    for (size_t i = 0; i < sizeof(hops) / sizeof(hops[0]); i++)
        ck_assert_msg(!netaddr_parse_hop(str_from(hops[i]), &addr), "\"%s\"", hops[i]);
}
END_TEST

static struct netlist list_of(const char *text)
{
    struct netlist list;

    ck_assert_msg(netlist_parse(str_from(text), &list), "\"%s\" is refused", text);
    return list;
}

static bool lies_in(const char *address, const char *networks)
{
    struct netlist list = list_of(networks);
    struct netaddr addr = parsed(address);

    return netlist_contains(&list, &addr);
}

START_TEST(network_contains_its_addresses_only)
{
    ck_assert(lies_in("192.0.2.255", "192.0.2.0/24"));
    ck_assert(!lies_in("192.0.3.0", "192.0.2.0/24"));
    ck_assert(lies_in("2001:db8:ffff::", "2001:db8::/32"));
    ck_assert(!lies_in("2001:db9::", "2001:db8::/32"));
    ck_assert(lies_in("::ffff:192.0.2.9", "192.0.2.0/24"));
    ck_assert(lies_in("192.0.2.9", "2001:db8::/32, 192.0.2.8/31"));
    ck_assert(!lies_in("192.0.2.9", ""));
}
END_TEST

START_TEST(all_of_one_family_is_not_all_of_the_other)
{
    ck_assert(lies_in("192.0.2.1", "0.0.0.0/0"));
    ck_assert(!lies_in("2001:db8::1", "0.0.0.0/0"));
    ck_assert(lies_in("2001:db8::1", "::/0"));
    ck_assert(!lies_in("192.0.2.1", "::/0"));
}
END_TEST

START_TEST(bare_address_is_a_network_of_its_own)
{
    ck_assert(lies_in("192.0.2.1", "192.0.2.1"));
    ck_assert(!lies_in("192.0.2.2", "192.0.2.1"));
    ck_assert(lies_in("::1", "::1"));
}
END_TEST

START_TEST(networks_are_separated_by_blanks_and_commas)
{
    ck_assert_int_eq(list_of(" 10.0.0.0/8,, 192.0.2.1 ").count, 2);
    ck_assert_int_eq(list_of("").count, 0);
}
END_TEST

START_TEST(wrong_networks_are_refused)
{
    static const char *const wrong[] = {
        "10.0.0.1/8", "10.0.0.0/33",    "::/129", "10.0.0.0/",    "10.0.0.0/-1", "x",
        "10/8",       "10.0.0.0/8;::1", "::1/0",  "10.0.0.0/8/8", "/8",          "private"};
    struct netlist list;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(!netlist_parse(str_from(wrong[i]), &list), "\"%s\"", wrong[i]);
}
END_TEST

START_TEST(more_networks_than_there_is_room_for_are_refused)
{
    struct str text = STR("");
    struct netlist list;

    for (int i = 0; i < NETLIST_MAX; i++)
        text = arena_format(&test_arena, "%.*s 10.0.0.%d", STR_ARG(text), i);
    ck_assert(netlist_parse(text, &list));
    ck_assert(!netlist_parse(arena_format(&test_arena, "%s ::1", text.ptr), &list));
}
END_TEST

START_TEST(address_is_written_in_its_one_form)
{
    char text[NETADDR_TEXT_MAX];
    struct netaddr addr = parsed("2001:0DB8:0:0:0:0:0:1");

    netaddr_format(&addr, text);
    ck_assert_str_eq(text, "2001:db8::1");
    addr = parsed("::ffff:192.0.2.1");
    netaddr_format(&addr, text);
    ck_assert_str_eq(text, "192.0.2.1");
}
END_TEST

Suite *netaddr_suite(void)
{
    const TTest *tests[] = {
        ipv4_uses_the_first_four_bytes,
        ipv6_has_one_form_whatever_its_spelling,
        ipv4_mapped_is_ipv4,
        ipv4_compatible_stays_ipv6,
        zone_is_cut_off,
        b10_garbage_is_refused,
        nul_inside_is_refused,
        network_keeps_the_prefix_only,
        ipv4_is_counted_by_its_address,
        b09_ipv6_is_counted_by_networks_narrowest_first,
        b09_neighbours_in_a_64_are_one_network,
        hop_may_have_brackets_and_a_port,
        hop_that_is_no_address_is_refused,
        network_contains_its_addresses_only,
        all_of_one_family_is_not_all_of_the_other,
        bare_address_is_a_network_of_its_own,
        networks_are_separated_by_blanks_and_commas,
        wrong_networks_are_refused,
        more_networks_than_there_is_room_for_are_refused,
        address_is_written_in_its_one_form,
    };

    return UNIT_SUITE("netaddr", tests);
}
