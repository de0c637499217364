/* SPDX-License-Identifier: MIT */
#include "netkeys.h"
#include "encode.h"
#include "unit.h"

#include <string.h>

#define HEX_A "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX_B "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const struct str salt = {"salt of at least thirty-two bytes", 33};

static struct netkeys keys_from(const char *text)
{
    struct netkeys keys = {0};

    ck_assert(netkeys_read(&keys, salt, str_from(text)));
    return keys;
}

static struct str digest(const struct netkeys *keys, int index, const char *address, int prefix)
{
    struct netaddr addr;

    ck_assert(netaddr_parse(str_from(address), &addr));
    return netkeys_digest(keys, index, &test_arena, &addr, prefix);
}

START_TEST(keys_are_read_newest_first)
{
    struct netkeys keys = keys_from("20500:" HEX_A " 20499:" HEX_B);

    ck_assert_int_eq(keys.count, 2);
    ck_assert_int_eq(keys.keys[0].day, 20500);
    ck_assert_int_eq(keys.keys[1].day, 20499);
    ck_assert_mem_ne(keys.keys[0].bytes, keys.keys[1].bytes, SHA256_LEN);
    ck_assert_int_eq(keys_from("20500:" HEX_A).count, 1);
    ck_assert_int_eq(keys_from("").count, 0);
}
END_TEST

START_TEST(anything_else_leaves_no_keys)
{
    static const char *const wrong[] = {
        "x:" HEX_A,  "20500",   "20500:",        "20500:" HEX_A "0",
        "20500:abc", ":" HEX_A, " 20500:" HEX_A, "20500:" HEX_A "  20499:" HEX_B,
        "-1:" HEX_A,
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct netkeys keys = keys_from("20500:" HEX_A);
        ck_assert_msg(!netkeys_read(&keys, salt, str_from(wrong[i])), "\"%s\"", wrong[i]);
        ck_assert_int_eq(keys.count, 0);
    }
}
END_TEST

START_TEST(digest_stands_for_the_network)
{
    struct netkeys keys = keys_from("20500:" HEX_A);

    ck_assert_uint_eq(digest(&keys, 0, "2001:db8::1", 64).len, NETKEYS_DIGEST_LEN);
    ck_assert(str_equal(digest(&keys, 0, "2001:db8::1", 64), digest(&keys, 0, "2001:db8::2", 64)));
    ck_assert(
        !str_equal(digest(&keys, 0, "2001:db8::1", 64), digest(&keys, 0, "2001:db8:0:1::", 64)));
}
END_TEST

START_TEST(tiers_of_one_address_have_different_digests)
{
    struct netkeys keys = keys_from("20500:" HEX_A);

    ck_assert(!str_equal(digest(&keys, 0, "2001:db8::", 64), digest(&keys, 0, "2001:db8::", 56)));
    ck_assert(!str_equal(digest(&keys, 0, "2001:db8::", 56), digest(&keys, 0, "2001:db8::", 48)));
}
END_TEST

START_TEST(families_have_different_digests)
{
    struct netkeys keys = keys_from("20500:" HEX_A);

    ck_assert(!str_equal(digest(&keys, 0, "32.1.13.184", 32), digest(&keys, 0, "2001:db8::", 32)));
    ck_assert(
        str_equal(digest(&keys, 0, "192.0.2.1", 32), digest(&keys, 0, "::ffff:192.0.2.1", 32)));
}
END_TEST

START_TEST(b25_digest_depends_on_day_and_salt)
{
    struct netkeys keys = keys_from("20500:" HEX_A " 20499:" HEX_B);
    struct netkeys other = {0};

    ck_assert(!str_equal(digest(&keys, 0, "192.0.2.1", 32), digest(&keys, 1, "192.0.2.1", 32)));
    ck_assert(netkeys_read(&other, STR("another salt"), STR("20500:" HEX_A)));
    ck_assert(!str_equal(digest(&keys, 0, "192.0.2.1", 32), digest(&other, 0, "192.0.2.1", 32)));
}
END_TEST

Suite *netkeys_suite(void)
{
    const TTest *tests[] = {
        keys_are_read_newest_first,      anything_else_leaves_no_keys,
        digest_stands_for_the_network,   tiers_of_one_address_have_different_digests,
        families_have_different_digests, b25_digest_depends_on_day_and_salt,
    };

    return UNIT_SUITE("netkeys", tests);
}
