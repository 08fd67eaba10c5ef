/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-line.h"

#include <ctype.h>

/* Where a new message begins, although the line has no prefix: the logger repeats the stamp only
 * for the first line of a message of several. */
static const char *const beginnings[] = {
        "Node ",           "lowmem_reserve",
        "oom-kill:",       "Out of memory",
        "Memory cgroup ",  "Killed process ",
        "memory: usage",   "memory+swap: usage",
        "kmem: usage",     "swap: usage",
        "Free swap",       "Total swap",
        "Tasks state",     "Mem-Info",
        "Swap cache",      "CPU",
        "Hardware name",   "Call Trace",
        "Call trace",      "Task in ",
        "Unreclaimable s", "Kernel panic",
        "Huh VM_FAULT",    "[",
        "Tasks in ",       "...",
        "active_anon:",    "active_file:",
        "unevictable:",    "slab_reclaim",
        "mapped:",         "free:",
};

/* Where a line that a mail broke goes on, in a log that has no prefixes. */
static const char *const continuations[] = {
        "oom-killer: ",
        "gfp_mask=",
        "order=",
        "oom_score_adj=",
        "mode:0x",
        "total-vm:",
        "anon-rss:",
        "file-rss:",
        "shmem-rss:",
};

static bool begins_with_one_of(const char *text, const char *const words[], size_t n) {
        for (size_t i = 0; i < n; i++)
                if (text_starts_with(text, words[i]))
                        return true;
        return false;
}

/* "anon 1234", a line of memory.stat, or "1234 pages RAM". */
static bool is_counter(const char *p) {
        const char *start = p;

        if (isdigit((unsigned char) *p)) {
                while (isdigit((unsigned char) *p))
                        p++;
                return text_starts_with(p, " pages ") || text_starts_with(p, " total pagecache");
        }
        while (islower((unsigned char) *p) || isdigit((unsigned char) *p) || *p == '_')
                p++;
        if (p == start || *p++ != ' ')
                return false;
        start = p;
        while (isdigit((unsigned char) *p))
                p++;
        return p > start && *p == '\0';
}

static bool begins_message(const char *text) {
        while (*text == ' ' || *text == '\t')
                text++;
        return begins_with_one_of(text, beginnings, ELEMENTSOF(beginnings)) || is_counter(text) ||
               strstr(text, " invoked oom-killer") || strstr(text, ": page allocation failure");
}

int oom_lines_init(OomLines *lines, OomLineFunc func, void *userdata) {
        *lines = (OomLines){.func = func, .userdata = userdata};
        lines->pending = malloc(OOM_LINE_MAX + 1);
        return lines->pending ? 0 : -ENOMEM;
}

void oom_lines_done(OomLines *lines) {
        free(lines->pending);
        *lines = (OomLines){0};
}

/* Newlines within one message, as rsyslog ("#012") and /dev/kmsg ("\x0a") write them. */
static char *find_escaped_newline(char *text) {
        for (char *p = strpbrk(text, "#\\"); p; p = strpbrk(p + 1, "#\\"))
                if (text_starts_with(p, "#012") || text_starts_with(p, "\\x0a"))
                        return p;
        return NULL;
}

static int hand_over(OomLines *lines, char *text, size_t n) {
        while (n > 0 && isspace((unsigned char) text[n - 1]))
                n--;
        text[n] = '\0';
        return n > 0 ? lines->func(text, n, lines->userdata) : 0;
}

int oom_lines_flush(OomLines *lines) {
        char *text = lines->pending, *end;
        int r = 0;

        while (lines->n > 0 && r >= 0 && (end = find_escaped_newline(text))) {
                *end = '\0';
                r = hand_over(lines, text, (size_t) (end - text));
                text = end + 4;
        }
        if (lines->n > 0 && r >= 0)
                r = hand_over(lines, text, (size_t) (lines->pending + lines->n - text));
        lines->n = 0;
        return r < 0 ? r : 0;
}

static void append(OomLines *lines, const char *text, size_t n) {
        n = MIN_OF(n, OOM_LINE_MAX - lines->n);
        memcpy(lines->pending + lines->n, text, n);
        lines->n += n;
        lines->pending[lines->n] = '\0';
}

/* A mail breaks at blanks and eats them, a terminal breaks anywhere. The line that names the
 * cgroups has no blanks, so that one is put together without. */
static void join(OomLines *lines, const char *text, size_t n) {
        bool glue = lines->blank || *text == ' ' || text_starts_with(lines->pending, "oom-kill:");

        if (!glue)
                append(lines, " ", 1);
        append(lines, text, n);
}

static bool continues(const OomLines *lines, const char *text) {
        if (lines->n == 0)
                return false;
        if (lines->wrapping)
                return !begins_message(text);
        return begins_with_one_of(text, continuations, ELEMENTSOF(continuations));
}

/* Mail programs turn blanks into no-break spaces (U+00A0); the line's new length. */
static size_t plain_blanks(char *text, size_t n) {
        char *from = memchr(text, 0xc2, n), *to = from, *end = text + n;

        if (!from)
                return n;
        while (from < end) {
                bool blank = from[0] == '\xc2' && from + 1 < end && from[1] == '\xa0';
                *to++ = blank ? ' ' : *from;
                from += blank ? 2 : 1;
        }
        return (size_t) (to - text);
}

int oom_lines_push(OomLines *lines, char *text, size_t n) {
        size_t skip;
        int r = 0;

        while (n > 0 && text[n - 1] == '\r')
                n--;
        n = plain_blanks(text, n);
        text[n] = '\0';
        /* A damaged log holds zeros; they must not end the line early. */
        for (char *p = memchr(text, '\0', n); p; p = memchr(p, '\0', n - (size_t) (p - text)))
                *p = ' ';
        OomOrigin origin = oom_line_prefix(text, n, &skip);
        const char *message = text + skip;
        size_t length = n - skip;
        if (origin == OOM_ORIGIN_NONE && continues(lines, message)) {
                if (message[strspn(message, " \t")] == '\0')
                        return 0;
                join(lines, message, length);
        } else {
                r = oom_lines_flush(lines);
                size_t n_prefix = MIN_OF(skip, OOM_PREFIX_MAX - 1);
                memcpy(lines->prefix, text, n_prefix);
                lines->prefix[n_prefix] = '\0';
                if (origin != OOM_ORIGIN_FOREIGN)
                        append(lines, message, length);
                lines->wrapping = lines->wrapping || origin == OOM_ORIGIN_KERNEL;
        }
        lines->blank = n > 0 && text[n - 1] == ' ';
        return r;
}
