/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/instant.h"

#include <ctype.h>
#include <strings.h>
#include <time.h>

/* The last year that is four digits. */
#define INSTANT_MAX_USEC ((usec_t) 253402300799 * USEC_PER_SEC)

static const struct {
        const char *name;
        usec_t usec;
} units[] = {
        {"us", 1},
        {"ms", USEC_PER_MSEC},
        {"s", USEC_PER_SEC},
        {"sec", USEC_PER_SEC},
        {"second", USEC_PER_SEC},
        {"m", USEC_PER_MINUTE},
        {"min", USEC_PER_MINUTE},
        {"minute", USEC_PER_MINUTE},
        {"h", USEC_PER_HOUR},
        {"hr", USEC_PER_HOUR},
        {"hour", USEC_PER_HOUR},
        {"d", USEC_PER_DAY},
        {"day", USEC_PER_DAY},
        {"w", 7 * USEC_PER_DAY},
        {"week", 7 * USEC_PER_DAY},
        {"month", 2629800 * USEC_PER_SEC}, /* as systemd has it: a twelfth of 365.25 days */
        {"y", 31557600 * USEC_PER_SEC},
        {"year", 31557600 * USEC_PER_SEC},
};

static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const char *skip_blanks(const char *p) {
        while (*p == ' ' || *p == '\t')
                p++;
        return p;
}

/* Exactly n digits, or any number of them up to 18 for n 0. */
static bool take_number(const char **p, size_t n, int64_t *ret) {
        size_t digits = strspn(*p, "0123456789");
        int64_t value = 0;

        if (digits == 0 || digits > 18 || (n > 0 && digits < n))
                return false;
        n = n > 0 ? n : digits;
        for (size_t i = 0; i < n; i++)
                value = value * 10 + ((*p)[i] - '0');
        *p += n;
        *ret = value;
        return true;
}

static bool take_char(const char **p, char c) {
        bool there = **p == c;
        *p += there;
        return there;
}

/* Letters and no more of them behind; case does not count. */
static bool take_word(const char **p, const char *word) {
        size_t n = strlen(word);

        if (strncasecmp(*p, word, n) != 0 || isalpha((unsigned char) (*p)[n]))
                return false;
        *p += n;
        return true;
}

static bool take_unit(const char **p, usec_t *ret) {
        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                const char *start = *p;
                bool taken = take_word(p, units[i].name);
                if (!taken && strlen(units[i].name) > 1 && text_starts_with(*p, units[i].name)) {
                        *p += strlen(units[i].name);
                        taken = take_word(p, "s");
                }
                if (taken) {
                        *ret = units[i].usec;
                        return true;
                }
                *p = start;
        }
        return false;
}

/* "1h", "1h 30min", "2 days" */
static bool take_span(const char **p, usec_t *ret) {
        usec_t sum = 0, unit, part;
        int64_t number;

        do {
                if (!take_number(p, 0, &number))
                        return false;
                *p = skip_blanks(*p);
                if (!take_unit(p, &unit) || __builtin_mul_overflow((usec_t) number, unit, &part) ||
                    __builtin_add_overflow(sum, part, &sum))
                        return false;
                *p = skip_blanks(*p);
        } while (isdigit((unsigned char) **p));
        *ret = sum;
        return true;
}

/* "-1h", "+5min", "1h ago" */
static bool parse_relative(const char *p, usec_t now_usec, usec_t *ret) {
        bool before = *p == '-', after = *p == '+';
        usec_t span;

        p = skip_blanks(p + (before || after));
        if (!take_span(&p, &span))
                return false;
        if (!before && !after && !(before = take_word(&p, "ago")))
                return false;
        if (*p || (after && span > INSTANT_MAX_USEC - MIN_OF(now_usec, INSTANT_MAX_USEC)))
                return false;
        *ret = after ? now_usec + span : now_usec - MIN_OF(span, now_usec);
        return true;
}

/* ".123456", "" */
static bool take_fraction(const char **p, usec_t *ret) {
        usec_t place = 100000, value = 0;

        *ret = 0;
        if (!take_char(p, '.'))
                return true;
        if (!isdigit((unsigned char) **p))
                return false;
        for (; isdigit((unsigned char) **p); (*p)++, place /= 10)
                value += (usec_t) (**p - '0') * place;
        *ret = value;
        return true;
}

/* "@1795809600.5" */
static bool parse_epoch(const char *p, usec_t *ret) {
        int64_t seconds;
        usec_t fraction;

        if (!take_char(&p, '@') || !take_number(&p, 0, &seconds) || !take_fraction(&p, &fraction))
                return false;
        if (*p || (usec_t) seconds > INSTANT_MAX_USEC / USEC_PER_SEC)
                return false;
        *ret = (usec_t) seconds * USEC_PER_SEC + fraction;
        return true;
}

/* "20:00", "20:00:30", "20:00:30.5" */
static bool take_clock(const char **p, struct tm *tm, usec_t *ret_fraction) {
        int64_t hour, minute, second = 0;

        if (!take_number(p, 2, &hour) || !take_char(p, ':') || !take_number(p, 2, &minute))
                return false;
        if (take_char(p, ':') && (!take_number(p, 2, &second) || !take_fraction(p, ret_fraction)))
                return false;
        tm->tm_hour = (int) hour;
        tm->tm_min = (int) minute;
        tm->tm_sec = (int) second;
        return hour < 24 && minute < 60 && second < 60;
}

/* "2026-11-27" */
static bool take_date(const char **p, struct tm *tm) {
        const char *start = *p;
        int64_t year, month, day;

        if (!take_number(p, 4, &year) || !take_char(p, '-') || !take_number(p, 2, &month) ||
            !take_char(p, '-') || !take_number(p, 2, &day) || year < 1970) {
                *p = start;
                return false;
        }
        struct tm given = {.tm_year = (int) year - 1900,
                           .tm_mon = (int) month - 1,
                           .tm_mday = (int) day,
                           .tm_hour = 12},
                  real = given;
        (void) timegm(&real);
        if (real.tm_mday != given.tm_mday || real.tm_mon != given.tm_mon) {
                *p = start;
                return false;
        }
        *tm = given;
        tm->tm_hour = 0;
        return true;
}

/* "today", "yesterday", "tomorrow" */
static bool take_day(const char **p, usec_t now_usec, struct tm *tm) {
        time_t now = (time_t) (now_usec / USEC_PER_SEC);
        int days = take_word(p, "today") ? 0 : take_word(p, "yesterday") ? -1 : 1;

        if (days == 1 && !take_word(p, "tomorrow"))
                return false;
        if (!localtime_r(&now, tm))
                return false;
        tm->tm_mday += days;
        tm->tm_hour = tm->tm_min = tm->tm_sec = 0;
        return true;
}

typedef struct Zone {
        bool local;
        int is_dst; /* as mktime() has it: -1 is not known */
        int64_t east_sec;
} Zone;

/* "", "Z", "UTC", "CET" where that is the local zone, "+01:00", "+0100" */
static bool take_zone(const char **p, Zone *zone) {
        int64_t hours, minutes;

        *p = skip_blanks(*p);
        *zone = (Zone){.local = **p == '\0', .is_dst = -1};
        if (zone->local || take_word(p, "UTC") || take_word(p, "Z"))
                return true;
        for (int i = 0; i < 2; i++)
                if (take_word(p, tzname[i])) {
                        zone->local = true;
                        zone->is_dst = i;
                        return true;
                }
        bool west = **p == '-';
        if (!west && **p != '+')
                return false;
        (*p)++;
        if (!take_number(p, 2, &hours))
                return false;
        (void) take_char(p, ':');
        if (!take_number(p, 2, &minutes) || hours > 14 || minutes > 59)
                return false;
        zone->east_sec = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
        return true;
}

/* "Fri", "Friday": not compared with the date. */
static const char *skip_weekday(const char *p) {
        for (size_t i = 0; i < ELEMENTSOF(weekdays); i++)
                if (strncasecmp(p, weekdays[i], 3) == 0 && strcspn(p, " ,") <= strlen("wednesday"))
                        return skip_blanks(p + strcspn(p, " ,") + (p[strcspn(p, " ,")] == ','));
        return p;
}

static bool parse_calendar(const char *p, usec_t now_usec, usec_t *ret) {
        struct tm tm = {0};
        usec_t fraction = 0;
        Zone zone;

        p = skip_weekday(p);
        bool dated = take_date(&p, &tm) || take_day(&p, now_usec, &tm);
        bool more = dated && (*p == 'T' || *p == ' ') && isdigit((unsigned char) p[1]);
        if (!dated) {
                time_t now = (time_t) (now_usec / USEC_PER_SEC);
                if (!localtime_r(&now, &tm))
                        return false;
        }
        p += more;
        if ((more || !dated) && !take_clock(&p, &tm, &fraction))
                return false;
        if (!take_zone(&p, &zone) || *p)
                return false;
        tm.tm_isdst = zone.is_dst;
        time_t seconds = zone.local ? mktime(&tm) : timegm(&tm) - zone.east_sec;
        if (seconds < 0)
                return false;
        *ret = (usec_t) seconds * USEC_PER_SEC + fraction;
        return true;
}

int parse_instant(const char *text, usec_t now_usec, usec_t *ret) {
        usec_t usec = now_usec;

        tzset();
        text = skip_blanks(text);
        if (!streq(text, "now") && !parse_relative(text, now_usec, &usec) &&
            !parse_epoch(text, &usec) && !parse_calendar(text, now_usec, &usec))
                return -EINVAL;
        *ret = usec;
        return 0;
}

void format_instant(usec_t realtime_usec, char buffer[static 64]) {
        time_t seconds = (time_t) (realtime_usec / USEC_PER_SEC);
        struct tm local;

        if (realtime_usec > INSTANT_MAX_USEC || !localtime_r(&seconds, &local) ||
            strftime(buffer, 64, "%a %Y-%m-%d %H:%M:%S %Z", &local) == 0)
                (void) snprintf(buffer, 64, "-");
}

void format_instant_utc(usec_t realtime_usec, char buffer[static 64]) {
        time_t seconds = (time_t) (realtime_usec / USEC_PER_SEC);
        struct tm utc;
        size_t n;

        if (realtime_usec > INSTANT_MAX_USEC || !gmtime_r(&seconds, &utc) ||
            (n = strftime(buffer, 64, "%Y-%m-%dT%H:%M:%S", &utc)) == 0)
                (void) snprintf(buffer, 64, "-");
        else
                (void) snprintf(
                        buffer + n, 64 - n, ".%06uZ", (unsigned) (realtime_usec % USEC_PER_SEC));
}
