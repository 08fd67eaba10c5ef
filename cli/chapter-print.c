/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/chapter.h"
#include "cli/print.h"

/* Chapters are written for 80 columns, so that a line may stay a line. */

typedef struct Renderer {
        bool code;    /* inside a fenced block */
        bool comment; /* inside one that goes on over lines */
        bool blank;   /* the last line printed was empty: a comment left out leaves no hole */
} Renderer;

/* Characters that this terminal may not have become ASCII of the same width. */
static void put_harmless(const char *text, size_t n) {
        for (size_t i = 0; i < n; i++) {
                unsigned char c = (unsigned char) text[i];
                if (c < 0x80 || print_is_unicode())
                        (void) putchar(c);
                else if ((c & 0xc0) != 0x80)
                        (void) putchar(strncmp(text + i, "…", strlen("…")) == 0 ? '~' : '#');
        }
}

/* "02-buddy.md" and "02-buddy.md#see-it-here" are a chapter. */
static const Chapter *chapter_of_link(const char *target, size_t n) {
        for (size_t i = 0; i < chapter_count(); i++) {
                char file[64];
                int length = snprintf(file,
                                      sizeof(file),
                                      "%02u-%s.md",
                                      chapter_at(i)->number,
                                      chapter_at(i)->name);
                if ((size_t) length <= n && strncmp(target, file, (size_t) length) == 0)
                        return chapter_at(i);
        }
        return NULL;
}

/* "[text](target)" at p becomes its text, and the command where it leads to a chapter. Returns what
 * was consumed; 0 when there is no link. */
static size_t put_link(const char *p, const char *end) {
        const char *middle = memmem(p, (size_t) (end - p), "](", 2);
        const char *close = middle ? memchr(middle, ')', (size_t) (end - middle)) : NULL;

        if (!close)
                return 0;
        const Chapter *chapter = chapter_of_link(middle + 2, (size_t) (close - middle - 2));
        put_harmless(p + 1, (size_t) (middle - p - 1));
        if (chapter && !(strncmp(p + 1, chapter->name, strlen(chapter->name)) == 0 &&
                         p + 1 + strlen(chapter->name) == middle))
                print_styled(STYLE_DIM, " (memctl explain %s)", chapter->name);
        return (size_t) (close + 1 - p);
}

/* Prose: "**" begins and ends what stands out. */
static void put_prose(const char *p, const char *end) {
        bool bold = false, quoted = false;

        while (p < end) {
                size_t link = *p == '[' && !quoted ? put_link(p, end) : 0;
                if (link > 0) {
                        p += link;
                } else if (!quoted && p + 1 < end && p[0] == '*' && p[1] == '*') {
                        bold = !bold;
                        (void) fputs(bold ? style_begin(STYLE_BOLD) : style_end(STYLE_BOLD),
                                     stdout);
                        p += 2;
                } else {
                        quoted ^= *p == '`';
                        put_harmless(p++, 1);
                }
        }
        if (bold)
                (void) fputs(style_end(STYLE_BOLD), stdout);
}

/* How many "#" stand before a heading's blank; 0 for what is none. */
static size_t heading_level(const char *p, const char *end) {
        size_t level = 0;

        while (p + level < end && p[level] == '#')
                level++;
        return p + level < end && p[level] == ' ' ? level : 0;
}

static void put_heading(const Chapter *chapter, const char *p, const char *end) {
        size_t level = heading_level(p, end);

        (void) fputs(style_begin(STYLE_BOLD), stdout);
        if (level == 1 && chapter->number > 0)
                (void) printf("%u. ", chapter->number);
        put_harmless(p + level + 1, (size_t) (end - p) - level - 1);
        (void) fputs(style_end(STYLE_BOLD), stdout);
}

/* True for the lines of a comment, which may begin and end on one. */
static bool is_comment(Renderer *renderer, const char *p, const char *end) {
        bool inside = renderer->comment || (end - p >= 4 && strncmp(p, "<!--", 4) == 0);

        renderer->comment = inside && !memmem(p, (size_t) (end - p), "-->", 3);
        return inside;
}

static void put_line(Renderer *renderer, const Chapter *chapter, const char *p, const char *end) {
        if (end - p >= 3 && strncmp(p, "```", 3) == 0) {
                renderer->code = !renderer->code;
                return;
        }
        if (!renderer->code && is_comment(renderer, p, end))
                return;
        if (p == end && renderer->blank)
                return;
        if (renderer->code) {
                (void) fputs(p < end ? "    " : "", stdout);
                put_harmless(p, (size_t) (end - p));
        } else if (heading_level(p, end) > 0) {
                put_heading(chapter, p, end);
        } else if (p < end && *p == '|') {
                put_harmless(p, (size_t) (end - p));
        } else {
                put_prose(p, end);
        }
        renderer->blank = p == end;
        (void) putchar('\n');
}

void chapter_print(const Chapter *chapter) {
        Renderer renderer = {0};

        for (const char *p = chapter->text; *p;) {
                const char *end = strchrnul(p, '\n');
                put_line(&renderer, chapter, p, end);
                p = end + (*end == '\n');
        }
}
