/* SPDX-License-Identifier: MIT */
#include "crypto.h"
#include "encode.h"
#include "unit.h"

#include <string.h>

static struct str hex(const unsigned char *bytes)
{
    return encode_hex(&test_arena, (struct str){.ptr = (const char *)bytes, .len = SHA256_LEN});
}

static struct str repeated(char c, size_t len)
{
    return (struct str){.ptr = memset(arena_alloc(&test_arena, len), c, len), .len = len};
}

START_TEST(sha256_agrees_with_fips_180)
{
    unsigned char digest[SHA256_LEN];

    crypto_sha256(STR("abc"), digest);
    ck_view(hex(digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    crypto_sha256(STR(""), digest);
    ck_view(hex(digest), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    crypto_sha256(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), digest);
    ck_view(hex(digest), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    crypto_sha256(repeated('a', 1000000), digest);
    ck_view(hex(digest), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(hmac_agrees_with_rfc_4231)
{
    unsigned char mac[SHA256_LEN];

    crypto_hmac(repeated(0x0b, 20), STR("Hi There"), mac);
    ck_view(hex(mac), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    crypto_hmac(STR("Jefe"), STR("what do ya want for nothing?"), mac);
    ck_view(hex(mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    crypto_hmac(repeated((char)0xaa, 20), repeated((char)0xdd, 50), mac);
    ck_view(hex(mac), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
}
END_TEST

START_TEST(hmac_hashes_a_key_longer_than_a_block)
{
    unsigned char mac[SHA256_LEN];

    crypto_hmac(repeated((char)0xaa, 131),
                STR("Test Using Larger Than Block-Size Key - Hash Key First"), mac);
    ck_view(hex(mac), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
END_TEST

START_TEST(random_bytes_differ)
{
    unsigned char first[SHA256_LEN] = {0};
    unsigned char second[SHA256_LEN] = {0};

    crypto_random(first, sizeof(first));
    crypto_random(second, sizeof(second));
    ck_assert_mem_ne(first, second, sizeof(first));
}
END_TEST

START_TEST(random_fills_no_more_than_asked)
{
    unsigned char bytes[10] = {0};

    crypto_random(bytes, 8);
    ck_assert_uint_eq(bytes[8] | bytes[9], 0);
}
END_TEST

START_TEST(comparison_sees_every_byte)
{
    unsigned char a[SHA256_LEN] = {0};
    unsigned char b[SHA256_LEN] = {0};

    ck_assert(crypto_equal(a, b, sizeof(a)));
    for (size_t i = 0; i < sizeof(a); i++) {
        b[i] = 0x80;
        ck_assert(!crypto_equal(a, b, sizeof(a)));
        b[i] = 0;
    }
}
END_TEST

Suite *crypto_suite(void)
{
    const TTest *tests[] = {
        sha256_agrees_with_fips_180,           hmac_agrees_with_rfc_4231,
        hmac_hashes_a_key_longer_than_a_block, random_bytes_differ,
        random_fills_no_more_than_asked,       comparison_sees_every_byte,
    };

    return UNIT_SUITE("crypto", tests);
}
