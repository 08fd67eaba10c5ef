/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/quantity.h"

#include <ctype.h>

typedef struct Suffix {
        const char *name;
        uint64_t factor;
} Suffix;

static const Suffix duration_suffixes[] = {
        {"us", 1},
        {"ms", USEC_PER_MSEC},
        {"s", USEC_PER_SEC},
        {"sec", USEC_PER_SEC},
        {"min", USEC_PER_MINUTE},
        {"m", USEC_PER_MINUTE},
        {"h", USEC_PER_HOUR},
        {"d", USEC_PER_DAY},
};

static const Suffix size_suffixes[] = {
        {"", 1},
        {"B", 1},
        {"K", 1ull << 10},
        {"KB", 1ull << 10},
        {"KiB", 1ull << 10},
        {"M", 1ull << 20},
        {"MB", 1ull << 20},
        {"MiB", 1ull << 20},
        {"G", 1ull << 30},
        {"GB", 1ull << 30},
        {"GiB", 1ull << 30},
        {"T", 1ull << 40},
        {"TB", 1ull << 40},
        {"TiB", 1ull << 40},
};

/* "1.5", exact to six places. */
typedef struct Decimal {
        uint64_t whole;
        uint64_t millionths;
} Decimal;

/* Advances *text past the number. -EINVAL, -ERANGE. */
static int parse_decimal(const char **text, Decimal *ret) {
        Decimal decimal = {0};
        uint64_t place = 1000000;
        const char *p = *text;

        if (!isdigit((unsigned char) *p))
                return -EINVAL;
        for (; isdigit((unsigned char) *p); p++)
                if (__builtin_mul_overflow(decimal.whole, (uint64_t) 10, &decimal.whole) ||
                    __builtin_add_overflow(decimal.whole, (uint64_t) (*p - '0'), &decimal.whole))
                        return -ERANGE;
        if (*p == '.') {
                p++;
                if (!isdigit((unsigned char) *p))
                        return -EINVAL;
                for (; isdigit((unsigned char) *p); p++) {
                        place /= 10;
                        if (place == 0)
                                return -EINVAL;
                        decimal.millionths += (uint64_t) (*p - '0') * place;
                }
        }
        *text = p;
        *ret = decimal;
        return 0;
}

/* decimal * factor; -EINVAL when it is not whole, -ERANGE. */
static int scale(Decimal decimal, uint64_t factor, uint64_t *ret) {
        uint64_t whole = 0, part = 0;

        if (__builtin_mul_overflow(decimal.whole, factor, &whole) ||
            __builtin_mul_overflow(decimal.millionths, factor, &part))
                return -ERANGE;
        if (part % 1000000 != 0)
                return -EINVAL;
        if (__builtin_add_overflow(whole, part / 1000000, &whole))
                return -ERANGE;
        *ret = whole;
        return 0;
}

/* One "1.5GiB"; advances *text past it. */
static int
parse_quantity(const char **text, const Suffix *suffixes, size_t n_suffixes, uint64_t *ret) {
        const char *rest = *text;
        Decimal decimal = {0};

        int r = parse_decimal(&rest, &decimal);
        if (r < 0)
                return r;
        rest += strspn(rest, " ");
        size_t n = 0;
        while (isalpha((unsigned char) rest[n]))
                n++;
        for (size_t i = 0; i < n_suffixes; i++)
                if (strlen(suffixes[i].name) == n && strncmp(rest, suffixes[i].name, n) == 0) {
                        r = scale(decimal, suffixes[i].factor, ret);
                        if (r >= 0)
                                *text = rest + n;
                        return r;
                }
        return -EINVAL;
}

int parse_duration(const char *text, usec_t *ret) {
        usec_t total = 0;

        do {
                uint64_t usec = 0;
                int r = parse_quantity(
                        &text, duration_suffixes, ELEMENTSOF(duration_suffixes), &usec);
                if (r < 0)
                        return r;
                if (__builtin_add_overflow(total, usec, &total) || total == USEC_INFINITY)
                        return -ERANGE;
                text += strspn(text, " ");
        } while (*text);
        *ret = total;
        return 0;
}

int parse_size(const char *text, uint64_t *ret_bytes) {
        uint64_t bytes = 0;

        int r = parse_quantity(&text, size_suffixes, ELEMENTSOF(size_suffixes), &bytes);
        if (r < 0)
                return r;
        if (*text)
                return -EINVAL;
        *ret_bytes = bytes;
        return 0;
}

int parse_ratio(const char *text, uint64_t *ret_permyriad) {
        Decimal decimal = {0};

        int r = parse_decimal(&text, &decimal);
        if (r < 0)
                return r;
        text += strspn(text, " ");
        if (!streq(text, "%"))
                return -EINVAL;
        return scale(decimal, 100, ret_permyriad);
}

int parse_share(const char *text, unsigned *ret_permyriad) {
        uint64_t permyriad = 0;

        int r = parse_ratio(text, &permyriad);
        if (r < 0)
                return r;
        if (permyriad > 10000)
                return -ERANGE;
        *ret_permyriad = (unsigned) permyriad;
        return 0;
}

unsigned share_of(uint64_t part, uint64_t whole) {
        if (whole == 0)
                return 0;
        unsigned __int128 share = (unsigned __int128) part * 10000 / whole;
        return share > UINT32_MAX ? UINT32_MAX : (unsigned) share;
}

void format_duration(usec_t usec, char buffer[static 64]) {
        static const Suffix parts[] = {
                {"d", USEC_PER_DAY},
                {"h", USEC_PER_HOUR},
                {"min", USEC_PER_MINUTE},
        };
        size_t used = 0;

        if (usec == USEC_INFINITY) {
                (void) snprintf(buffer, 64, "forever");
                return;
        }
        if (usec == 0) {
                (void) snprintf(buffer, 64, "0s");
                return;
        }
        if (usec < USEC_PER_SEC) {
                if (usec >= USEC_PER_MSEC)
                        (void) snprintf(
                                buffer, 64, "%lums", (unsigned long) (usec / USEC_PER_MSEC));
                else
                        (void) snprintf(buffer, 64, "%luus", (unsigned long) usec);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                if (usec < parts[i].factor)
                        continue;
                used += (size_t) snprintf(buffer + used,
                                          64 - used,
                                          "%s%lu%s",
                                          used > 0 ? " " : "",
                                          (unsigned long) (usec / parts[i].factor),
                                          parts[i].name);
                usec %= parts[i].factor;
        }
        unsigned long tenths = (unsigned long) (usec / (USEC_PER_SEC / 10));
        /* Beside minutes and hours a tenth of a second says nothing. */
        if (used > 0 && tenths < 10)
                return;
        if (used > 0 || tenths % 10 == 0)
                (void) snprintf(
                        buffer + used, 64 - used, "%s%lus", used > 0 ? " " : "", tenths / 10);
        else
                (void) snprintf(buffer, 64, "%lu.%lus", tenths / 10, tenths % 10);
}

void format_size(uint64_t bytes, char buffer[static 32]) {
        static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        size_t unit = 0;
        uint64_t scaled = bytes, rest = 0;

        while (scaled >= 1024 && unit + 1 < ELEMENTSOF(units)) {
                rest = scaled % 1024;
                scaled /= 1024;
                unit++;
        }
        if (unit > 0 && scaled < 100 && rest * 10 / 1024 > 0)
                (void) snprintf(buffer,
                                32,
                                "%lu.%lu %s",
                                (unsigned long) scaled,
                                (unsigned long) (rest * 10 / 1024),
                                units[unit]);
        else
                (void) snprintf(buffer, 32, "%lu %s", (unsigned long) scaled, units[unit]);
}

void format_share(unsigned permyriad, char buffer[static 16]) {
        if (permyriad % 100 == 0)
                (void) snprintf(buffer, 16, "%u %%", permyriad / 100);
        else if (permyriad % 10 == 0 || permyriad >= 1000)
                (void) snprintf(buffer, 16, "%u.%u %%", permyriad / 100, permyriad % 100 / 10);
        else
                (void) snprintf(buffer, 16, "%u.%02u %%", permyriad / 100, permyriad % 100);
}
