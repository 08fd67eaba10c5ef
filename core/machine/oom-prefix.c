/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "core/machine/oom-line.h"

/* Each of these returns where the thing that it knows ends, or NULL when it is not there. */

static const char *skip_digits(const char *p) {
        const char *start = p;
        while (isdigit((unsigned char) *p))
                p++;
        return p > start ? p : NULL;
}

static const char *skip_blanks(const char *p) {
        while (*p == ' ' || *p == '\t')
                p++;
        return p;
}

static const char *skip_word(const char *p) {
        while (*p && !isspace((unsigned char) *p))
                p++;
        return p;
}

/* "12:34:56", with a fraction and a zone behind it. */
static const char *skip_clock(const char *p) {
        for (int i = 0; i < 8; i++)
                if (i % 3 == 2 ? p[i] != ':' : !isdigit((unsigned char) p[i]))
                        return NULL;
        p += 8;
        while (isdigit((unsigned char) *p) || (*p && strchr(".,+-:Z", *p)))
                p++;
        return p;
}

/* "Jan" or "Mon": a capital and two small letters. */
static bool is_name_of_time(const char *p) {
        return isupper((unsigned char) p[0]) && islower((unsigned char) p[1]) &&
               islower((unsigned char) p[2]) && p[3] == ' ';
}

/* "[  123.456789]", "[  +0.000003]", "[Thu Dec  7 00:05:14 2017]" */
static const char *skip_stamp(const char *p) {
        if (*p++ != '[')
                return NULL;
        const char *colon = memchr(p, ':', strnlen(p, 32));
        if (colon && colon - p > 8 && skip_clock(colon - 2)) {
                const char *end = memchr(p, ']', strnlen(p, 48));
                return end ? end + 1 : NULL;
        }
        p = skip_blanks(p);
        p = skip_digits(*p == '+' ? p + 1 : p);
        if (!p || *p != '.')
                return NULL;
        p = skip_digits(p + 1);
        return p && *p == ']' ? p + 1 : NULL;
}

/* "[ T1234]" or "[   C1]": who printed it, CONFIG_PRINTK_CALLER */
static const char *skip_caller(const char *p) {
        p = skip_blanks(p);
        if (*p++ != '[')
                return NULL;
        p = skip_blanks(p);
        if (*p != 'T' && *p != 'C')
                return NULL;
        p = skip_digits(p + 1);
        return p && *p == ']' ? p + 1 : NULL;
}

/* "<4>", "<4>1 " of RFC 5424, "kern  :warn  : " of dmesg -x */
static const char *skip_priority(const char *p) {
        if (text_starts_with(p, "kern")) {
                p = skip_blanks(p + 4);
                const char *end =
                        *p == ':' ? skip_blanks(p + 1 + strspn(p + 1, "abcdefghijklmnopqrstuvwxyz"))
                                  : p;
                return end > p && *end == ':' ? skip_blanks(end + 1) : NULL;
        }
        if (*p++ != '<')
                return NULL;
        p = skip_digits(p);
        if (!p || *p++ != '>')
                return NULL;
        return text_starts_with(p, "1 2") ? p + 2 : p;
}

/* "(0)[1234:comm]" and "c0 1234 (comm) ": the processor, as makers of telephones have it. */
static const char *skip_processor(const char *p) {
        p = skip_blanks(p);
        if (*p == '(') {
                p = skip_digits(p + 1);
                if (!p || !text_starts_with(p, ")["))
                        return NULL;
                const char *end = memchr(p, ']', strnlen(p, 40));
                return end ? end + 1 : NULL;
        }
        if (*p != 'c' || !(p = skip_digits(p + 1)) || *p != ' ')
                return NULL;
        p = skip_digits(skip_blanks(p));
        if (!p || *p != ' ')
                return NULL;
        const char *comm = skip_blanks(p);
        const char *end = *comm == '(' ? memchr(comm, ')', strnlen(comm, 20)) : NULL;
        return end ? end + 1 : p;
}

/* "4,1234,5678,-,caller=T12;": /dev/kmsg as it is read */
static const char *skip_record(const char *p) {
        for (int i = 0; i < 3; i++) {
                p = skip_digits(p);
                if (!p || *p++ != ',')
                        return NULL;
        }
        if (*p != '-' && *p != 'c' && *p != '+')
                return NULL;
        const char *end = memchr(p, ';', strnlen(p, 80));
        return end ? end + 1 : NULL;
}

/* "Dec  5 22:20:29", "Mon 2024-05-27 10:11:12 CEST", "2024-05-27T10:11:12.5+02:00",
 * "05-27 10:11:12.123", "1716797472.123456"; *ret_bare where no host and no program follow (dmesg's
 * own ISO form). */
static const char *skip_date(const char *p, bool *ret_bare) {
        const char *start;

        *ret_bare = false;
        if (is_name_of_time(p)) {
                p = skip_blanks(p + 3);
                if (!isdigit((unsigned char) *p))
                        return NULL;
                p = skip_blanks(skip_word(p));
                const char *year = skip_digits(p);
                return skip_clock(year && year - p == 4 ? skip_blanks(year) : p);
        }
        start = p;
        while (isdigit((unsigned char) *p) || *p == '-')
                p++;
        if (p - start == 10 && *p == '.')
                return skip_digits(p + 1);
        if ((p - start != 10 && p - start != 5) || (*p != 'T' && *p != ' '))
                return NULL;
        start = skip_blanks(p + 1);
        p = skip_clock(start);
        *ret_bare = p && start[8] == ',';
        return p;
}

/* "host kernel: ", "kernel: ", "1234 1240 I kernel  : "; NULL when another program is named. */
static const char *skip_program(const char *p) {
        const char *limit = p + strnlen(p, 300);
        const char *found = strstr(p, "kernel");

        for (; found && found < limit; found = strstr(found + 6, "kernel")) {
                const char *end = found + 6;
                if (*end == '[')
                        end += strcspn(end, "]") + 1;
                end = skip_blanks(end);
                if (*end == '(')
                        end += strcspn(end, ")") + 1;
                if (end > limit)
                        return NULL;
                bool word = found == p || found[-1] == ' ' || found[-1] == '/';
                if (word && text_starts_with(end, "- - - "))
                        return end + 5;
                if (!word || *end != ':')
                        continue;
                /* A message that quotes the word: what is before it is more than a host. */
                if (memchr(p, ':', (size_t) (found - p)))
                        return NULL;
                return end + 1;
        }
        return NULL;
}

/* "     0     0 W " of logcat: the kernel's own lines, whose tag is the message's first word. */
static const char *skip_logcat(const char *p) {
        for (int i = 0; i < 2; i++) {
                p = skip_blanks(p);
                if (*p++ != '0' || *p != ' ')
                        return NULL;
        }
        p = skip_blanks(p);
        if (!*p || !strchr("VDIWEF", *p) || p[1] != ' ')
                return NULL;
        const char *rest = skip_blanks(p + 1);
        return *rest == ':' ? rest + 1 : p + 1;
}

/* "[123.4] host kernel: " as journalctl -o short-monotonic has it. */
static const char *skip_host(const char *p) {
        p = skip_blanks(p);
        const char *end = skip_word(p);
        if (!text_starts_with(p, "kernel:"))
                p = skip_blanks(end);
        return text_starts_with(p, "kernel:") ? p + 7 : NULL;
}

/* A stamp behind what a program wrote to the same console. */
static const char *find_stamp(const char *text) {
        for (const char *p = strchr(text, '['); p; p = strchr(p + 1, '[')) {
                const char *end = skip_stamp(p);
                if (end && end - p >= 9 && p > text && end[0] == ' ')
                        return end;
        }
        return NULL;
}

static const char *take(const char **p, const char *end) {
        if (end)
                *p = end;
        return end;
}

static const char *skip_stamps(const char **text) {
        const char *p = *text, *start = p;

        while (take(&p, skip_priority(p)) || take(&p, skip_record(p)) ||
               take(&p, skip_stamp(skip_blanks(p))))
                ;
        if (p == start)
                return NULL;
        if (p[-1] == ']') {
                (void) take(&p, skip_caller(p));
                (void) take(&p, skip_host(p));
                (void) take(&p, skip_processor(p));
        }
        *text = p;
        return p;
}

OomOrigin oom_line_prefix(const char *text, size_t n, size_t *ret_skip) {
        const char *p = text;
        bool bare, known = false;

        while (*p == '>')
                p = skip_blanks(p + 1);
        const char *quoted = p;
        known = skip_stamps(&p);
        const char *date = skip_date(skip_blanks(p), &bare);
        if (date) {
                const char *program = bare ? date : skip_program(date);
                if (!program)
                        program = skip_logcat(date);
                if (!program) {
                        *ret_skip = n;
                        return OOM_ORIGIN_FOREIGN;
                }
                p = program;
                (void) (*p == ' ' && p++);
                (void) skip_stamps(&p);
                known = true;
        }
        if (!known && !date && take(&p, find_stamp(p))) {
                (void) take(&p, skip_caller(p));
                known = true;
        }
        if (!known)
                p = quoted;
        /* The one blank that parts the message; more of them are its own indent. */
        if (known && *p == ' ')
                p++;
        *ret_skip = (size_t) (p - text);
        return known ? OOM_ORIGIN_KERNEL : OOM_ORIGIN_NONE;
}
