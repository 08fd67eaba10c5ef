/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/text-check.h"

/* How many bytes the UTF-8 sequence at p has, and its character; 0 when it is none. */
static size_t decode(const unsigned char *p, size_t left, uint32_t *ret) {
        static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
        size_t n = p[0] < 0x80             ? 1
                   : (p[0] & 0xe0) == 0xc0 ? 2
                   : (p[0] & 0xf0) == 0xe0 ? 3
                   : (p[0] & 0xf8) == 0xf0 ? 4
                                           : 0;

        if (n == 0 || n > left)
                return 0;
        uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
        for (size_t i = 1; i < n; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (p[i] & 0x3f);
        }
        if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;
        *ret = c;
        return n;
}

/* U+0085, U+2028 and U+2029 end a line for YAML 1.1 and for nobody else: line numbers would be
 * wrong. */
static bool is_control(uint32_t c) {
        return (c < ' ' && c != '\t' && c != '\n') || (c >= 0x7f && c <= 0x9f) || c == 0x2028 ||
               c == 0x2029 || c == 0xfffe || c == 0xffff;
}

static int refuse_utf8(const Location *where, const char *text, size_t left, Problems *problems) {
        bool marked = where->line == 1 && where->column == 1 && left >= 2;

        if (marked && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
                return problem_add(problems,
                                   PROBLEM_ERROR,
                                   where,
                                   "save the file as UTF-8",
                                   "the text is UTF-16; a profile is UTF-8");
        return problem_add(problems,
                           PROBLEM_ERROR,
                           where,
                           NULL,
                           "the text is not UTF-8 here (byte 0x%02x)",
                           (unsigned) (unsigned char) text[0]);
}

static int refuse_control(const Location *where, uint32_t c, Problems *problems) {
        if (c == 0)
                return problem_add(
                        problems, PROBLEM_ERROR, where, NULL, "a NUL byte; a profile is text");
        return problem_add(problems,
                           PROBLEM_ERROR,
                           where,
                           NULL,
                           "control character U+%04X; a profile is text",
                           (unsigned) c);
}

int text_check(const char *file, const char *text, size_t size, Problems *problems) {
        Location where = {.file = file, .line = 1, .column = 1};
        uint32_t c = 0;

        for (size_t i = 0, n; i < size; i += n) {
                n = decode((const unsigned char *) text + i, size - i, &c);
                if (n == 0)
                        return refuse_utf8(&where, text + i, size - i, problems);
                if (c == '\r' && i + 1 < size && text[i + 1] == '\n')
                        continue;
                if (is_control(c))
                        return refuse_control(&where, c, problems);
                where.column++;
                if (c == '\n') {
                        where.line++;
                        where.column = 1;
                }
        }
        return 0;
}

bool text_has_control(const char *text, size_t size, bool allow_breaks) {
        uint32_t c = 0;

        for (size_t i = 0, n; i < size; i += n) {
                n = decode((const unsigned char *) text + i, size - i, &c);
                if (n == 0 || is_control(c) || (!allow_breaks && (c == '\n' || c == '\t')))
                        return true;
        }
        return false;
}
