/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/html.h"

#include <stdarg.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* How many bytes the UTF-8 character at p has, *ret what it is; 0: it is none. */
static size_t read_character(const unsigned char *p, uint32_t *ret) {
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
        uint32_t value = n <= 1 ? p[0] : p[0] & (0x7fu >> n);

        if (n == 0 || p[0] > 0xf4)
                return 0;
        for (size_t i = 1; i < n; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
                value = value << 6 | (p[i] & 0x3fu);
        }
        if (value < least[n] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
                return 0;
        *ret = value;
        return n;
}

/* https://www.w3.org/TR/xml/#charsets, without the C1 controls and the marks that turn text. */
static bool is_harmless(uint32_t value) {
        if (value < 0x20)
                return value == '\t' || value == '\n';
        if (value >= 0x7f && value < 0xa0)
                return false;
        if ((value >= 0x202a && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069))
                return false;
        return value != 0xfffe && value != 0xffff;
}

static const char *entity_of(uint32_t value) {
        switch (value) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '"':
                return "&quot;";
        case '\'':
                return "&#39;";
        default:
                return NULL;
        }
}

void html_text(FILE *file, const char *text) {
        const unsigned char *p = (const unsigned char *) text;

        while (*p) {
                uint32_t value = 0;
                size_t n = read_character(p, &value);
                const char *entity = n > 0 ? entity_of(value) : NULL;
                if (entity)
                        (void) fputs(entity, file);
                else if (n > 0 && is_harmless(value))
                        (void) fwrite(p, 1, n, file);
                else
                        (void) fputs(REPLACEMENT, file);
                p += MAX_OF(n, (size_t) 1);
        }
}

void html_format(FILE *file, const char *format, ...) {
        char *text = NULL;
        va_list ap;

        va_start(ap, format);
        int r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0)
                return;
        html_text(file, text);
        free(text);
}

void html_element(FILE *file, const char *name, const char *class, const char *text) {
        (void) fprintf(file, "<%s", name);
        if (class)
                (void) fprintf(file, " class=\"%s\"", class);
        (void) fputc('>', file);
        html_text(file, text);
        (void) fprintf(file, "</%s>\n", name);
}
