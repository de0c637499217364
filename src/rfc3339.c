/* SPDX-License-Identifier: MIT */
#include "rfc3339.h"

/* What Postgres takes (its MAXDATELEN is 128; MAX_TZDISP_HOUR). */
#define LENGTH_MOST 64
#define OFFSET_HOURS_MOST 15

/* Cuts `digits` digits off `*text`; -1 when they are not there. */
static int take_number(struct str *text, size_t digits)
{
    struct str head = {.ptr = text->ptr, .len = digits};
    uint64_t value;

    if (text->len < digits || !str_to_u64(head, 9999, &value))
        return -1;
    text->ptr += digits;
    text->len -= digits;
    return (int)value;
}

static bool take_one_of(struct str *text, char a, char b)
{
    if (text->len == 0 || (text->ptr[0] != a && text->ptr[0] != b))
        return false;
    text->ptr++;
    text->len--;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct str *text)
{
    int year = take_number(text, 4);
    int month = take_one_of(text, '-', '-') ? take_number(text, 2) : -1;
    int day = take_one_of(text, '-', '-') ? take_number(text, 2) : -1;

    return year >= 1970 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days_in_month(year, month);
}

/* "HH:MM" */
static bool take_minutes(struct str *text, int hours_most)
{
    int hour = take_number(text, 2);
    int minute = take_one_of(text, ':', ':') ? take_number(text, 2) : -1;

    return hour >= 0 && hour <= hours_most && minute >= 0 && minute <= 59;
}

static bool take_seconds(struct str *text)
{
    int second = take_one_of(text, ':', ':') ? take_number(text, 2) : -1;

    if (second < 0 || second > 59)
        return false;
    if (!take_one_of(text, '.', '.'))
        return true;
    if (take_number(text, 1) < 0)
        return false;
    while (take_number(text, 1) >= 0)
        ;
    return true;
}

bool rfc3339_is_valid(struct str text)
{
    if (text.len > LENGTH_MOST || !take_date(&text) || !take_one_of(&text, 'T', 't') ||
        !take_minutes(&text, 23) || !take_seconds(&text))
        return false;
    if (take_one_of(&text, 'Z', 'z'))
        return text.len == 0;
    return take_one_of(&text, '+', '-') && take_minutes(&text, OFFSET_HOURS_MOST) && text.len == 0;
}
