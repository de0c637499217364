/* SPDX-License-Identifier: MIT */
#include "encode.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[2][65] = {
    [BASE64_STANDARD] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    [BASE64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

struct str encode_hex(struct arena *arena, struct str bytes)
{
    char *out = arena_alloc(arena, bytes.len * 2 + 1);

    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        out[2 * i] = hex_digits[byte >> 4];
        out[2 * i + 1] = hex_digits[byte & 15];
    }
    out[bytes.len * 2] = '\0';
    return (struct str){.ptr = out, .len = bytes.len * 2};
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool decode_hex(struct str text, unsigned char *out, size_t size)
{
    if (text.len != 2 * size)
        return false;
    for (size_t i = 0; i < size; i++) {
        int high = hex_value(text.ptr[2 * i]);
        int low = hex_value(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

struct str encode_base64(struct arena *arena, struct str bytes, enum base64_alphabet alphabet)
{
    const char *digits = base64_digits[alphabet];
    char *out = arena_alloc(arena, BASE64_LEN(bytes.len) + 1);
    uint32_t bits = 0;
    int have = 0;
    size_t len = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (unsigned char)bytes.ptr[i];
        for (have += 8; have >= 6; have -= 6)
            out[len++] = digits[bits >> (have - 6) & 63];
    }
    if (have > 0)
        out[len++] = digits[bits << (6 - have) & 63];
    out[len] = '\0';
    return (struct str){.ptr = out, .len = len};
}

static int base64_value(char c, enum base64_alphabet alphabet)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == base64_digits[alphabet][62])
        return 62;
    return c == base64_digits[alphabet][63] ? 63 : -1;
}

static struct str without_padding(struct str text)
{
    if (text.len % 4 == 0 && text.len > 0 && text.ptr[text.len - 1] == '=')
        text.len -= text.ptr[text.len - 2] == '=' ? 2 : 1;
    return text;
}

bool decode_base64(struct str text, enum base64_alphabet alphabet, unsigned char *out, size_t size,
                   size_t *len)
{
    uint32_t bits = 0;
    int have = 0;
    size_t count = 0;

    text = without_padding(text);
    if (text.len % 4 == 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.ptr[i], alphabet);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            if (count == size)
                return false;
            have -= 8;
            out[count++] = (unsigned char)(bits >> have & 255);
        }
    }
    *len = count;
    return (bits & ((1u << have) - 1)) == 0;
}

bool decode_form(struct arena *arena, struct str text, struct str *value)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = text.len - i > 2 ? hex_value(text.ptr[i + 1]) : -1;
            int low = text.len - i > 2 ? hex_value(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        out[len++] = c;
    }
    out[len] = '\0';
    *value = (struct str){.ptr = out, .len = len};
    return true;
}
