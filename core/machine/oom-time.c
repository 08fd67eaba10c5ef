/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-time.h"

#include <ctype.h>

#include "core/base/instant.h"

static void set_text(OomTime *time, const char *start, const char *end) {
        size_t n = MIN_OF((size_t) (end - start), (size_t) OOM_TIME_MAX - 1);

        memcpy(time->text, start, n);
        time->text[n] = '\0';
}

/* Does the text look so? 'd' is a digit, 'A' and 'a' are letters, all else itself. */
static bool looks(const char *p, const char *pattern) {
        for (; *pattern; p++, pattern++) {
                unsigned char c = (unsigned char) *p;
                bool same = *pattern == 'd'   ? isdigit(c)
                            : *pattern == 'A' ? isupper(c)
                            : *pattern == 'a' ? islower(c)
                                              : c == (unsigned char) *pattern;
                if (!same)
                        return false;
        }
        return true;
}

/* "2024-05-27T10:11:12,123456+02:00"; only with a zone is it a point in time. */
static bool read_iso(const char *p, OomTime *ret) {
        char text[OOM_TIME_MAX];
        const char *end = p + 19;

        if (!looks(p, "dddd-dd-dd") || (p[10] != 'T' && p[10] != ' ') || !looks(p + 11, "dd:dd:dd"))
                return false;
        if (*end == '.' || *end == ',')
                end += 1 + strspn(end + 1, "0123456789");
        const char *zone = end + (text_starts_with(end, " UTC") ? 1 : 0);
        const char *zone_end = zone;
        if (*zone == '+' || *zone == '-')
                zone_end += 1 + strspn(zone + 1, "0123456789:");
        else if (*zone == 'Z' || *zone == 'U')
                zone_end += *zone == 'Z' ? 1 : 3;
        set_text(ret, p, zone_end > zone ? zone_end : end);
        (void) snprintf(text, sizeof(text), "%s", ret->text);
        for (char *comma = strchr(text, ','); comma; comma = NULL)
                *comma = '.';
        if (zone_end > zone && parse_instant(text, 0, &ret->realtime_usec) < 0)
                ret->realtime_usec = 0;
        return true;
}

/* "Dec  5 22:20:29", "Thu Dec  7 00:05:14 2017" */
static bool read_named(const char *start, OomTime *ret) {
        const char *p = start;

        if (looks(p, "Aaa Aaa "))
                p += 4;
        if (!looks(p, "Aaa ") || !(looks(p + 4, " d ") || looks(p + 4, "dd ")))
                return false;
        if (looks(p + 7, "dddd dd:dd:dd"))
                p += 5;
        if (!looks(p + 7, "dd:dd:dd"))
                return false;
        p += 15;
        p += looks(p, " dddd") ? 5 : 0;
        set_text(ret, start, p);
        return true;
}

/* "1716797472.123456", as journalctl -o short-unix */
static bool read_epoch(const char *p, OomTime *ret) {
        char text[OOM_TIME_MAX];
        size_t n = 11;

        if (!looks(p, "dddddddddd."))
                return false;
        n += strspn(p + n, "0123456789");
        set_text(ret, p, p + n);
        (void) snprintf(text, sizeof(text), "@%.38s", ret->text);
        if (parse_instant(text, 0, &ret->realtime_usec) < 0)
                ret->realtime_usec = 0;
        return true;
}

/* "[  123.456789]" */
static bool read_stamp(const char *p, OomTime *ret) {
        if (*p++ != '[')
                return false;
        p += strspn(p, " ");
        size_t n = strspn(p, "0123456789.");
        if (n == 0 || p[n] != ']' || !memchr(p, '.', n))
                return false;
        (void) snprintf(ret->text, sizeof(ret->text), "[%.*s]", (int) MIN_OF(n, 32U), p);
        return true;
}

/* "4,1234,5678901,-;" of /dev/kmsg: the third is in microseconds. */
static bool read_record(const char *p, OomTime *ret) {
        unsigned long long usec;
        int n = 0;

        if (sscanf(p, "%*3[0-9],%*20[0-9],%18llu%n", &usec, &n) != 1 || p[n] != ',')
                return false;
        (void) snprintf(ret->text,
                        sizeof(ret->text),
                        "[%llu.%06llu]",
                        usec / USEC_PER_SEC,
                        usec % USEC_PER_SEC);
        return true;
}

void oom_time_read(const char *prefix, OomTime *ret) {
        OomTime since_boot = {0};

        *ret = (OomTime){0};
        if (read_record(prefix, ret))
                return;
        /* A date says more than the seconds since boot, wherever it stands. */
        for (const char *p = prefix; *p; p++) {
                bool begins = p == prefix || !isalnum((unsigned char) p[-1]);
                if (begins && (read_iso(p, ret) || read_named(p, ret) || read_epoch(p, ret)))
                        return;
                if (!*since_boot.text)
                        (void) read_stamp(p, &since_boot);
        }
        *ret = since_boot;
}
