/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/print.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include "cli/pager.h"

/* Longer lines of prose are hard to read; without a terminal it is set as for a small one. */
#define WRAP_MAX ((size_t) 100)
#define WRAP_PLAIN ((size_t) 80)

static bool is_terminal;
static bool has_colour;
static bool has_unicode;
static pid_t pager;

/* https://no-color.org: set and not empty. */
static bool colour_is_wanted(void) {
        const char *no_colour = getenv("NO_COLOR");
        const char *term = getenv("TERM");

        return !(no_colour && no_colour[0]) && term && !streq(term, "dumb");
}

void print_init(void) {
        (void) setlocale(LC_CTYPE, "");
        has_unicode = streq(nl_langinfo(CODESET), "UTF-8");
        is_terminal = isatty(STDOUT_FILENO);
        has_colour = is_terminal && colour_is_wanted();
        pager = 0;
}

void print_pager_start(void) {
        if (is_terminal && arg_pager && !print_is_json())
                pager = pager_start();
}

bool print_done(void) {
        bool written = fflush(stdout) == 0 && !ferror(stdout);

        if (pager > 0) {
                /* Whoever leaves the pager has read enough. */
                pager_finish(pager);
                return true;
        }
        return written;
}

bool print_is_json(void) {
        return arg_json != JSON_OFF;
}

bool print_is_live(void) {
        const char *term = getenv("TERM");
        return is_terminal && term && !streq(term, "dumb") && !arg_quiet && !print_is_json();
}

bool print_is_unicode(void) {
        return has_unicode;
}

size_t print_width(void) {
        struct winsize size;

        if (!is_terminal)
                return SIZE_MAX;
        if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
                return size.ws_col;
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
                return size.ws_col;
        return 80;
}

const char *style_begin(Style style) {
        static const char *const sequences[_STYLE_MAX] = {
                [STYLE_PLAIN] = "",
                [STYLE_BOLD] = "\033[1m",
                [STYLE_DIM] = "\033[2m",
                [STYLE_GOOD] = "\033[1;32m",
                [STYLE_WARN] = "\033[1;33m",
                [STYLE_BAD] = "\033[1;31m",
        };

        return has_colour ? sequences[style] : "";
}

const char *style_end(Style style) {
        return has_colour && style != STYLE_PLAIN ? "\033[0m" : "";
}

const char *glyph(Glyph which) {
        static const char *const glyphs[_GLYPH_MAX][2] = {
                [GLYPH_DOT] = {"*", "●"},
                [GLYPH_ARROW] = {"->", "→"},
                [GLYPH_ELLIPSIS] = {"...", "…"},
                [GLYPH_FULL] = {"#", "█"},
                [GLYPH_EMPTY] = {".", "░"},
                [GLYPH_BEYOND] = {">", "▶"},
        };

        return glyphs[which][has_unicode];
}

size_t text_width(const char *text) {
        size_t width = 0;

        /* Every byte but UTF-8 continuations begins a character. */
        for (; *text; text++)
                width += ((unsigned char) *text & 0xc0) != 0x80;
        return width;
}

char *text_harmless(const char *text, bool keep_newlines) {
        char *copy = strdup(text);

        for (unsigned char *p = (unsigned char *) copy; p && *p; p++) {
                if (*p == '\n' && keep_newlines)
                        continue;
                if (*p == '\n' || *p == '\t')
                        *p = ' ';
                else if (*p < ' ' || *p == 0x7f)
                        *p = '?';
                else if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
                        p[0] = p[1] = '?'; /* C1 controls: 0x9b begins an escape sequence */
        }
        return copy;
}

void print_styled(Style style, const char *format, ...) {
        va_list ap;

        (void) fputs(style_begin(style), stdout);
        va_start(ap, format);
        (void) vprintf(format, ap);
        va_end(ap);
        (void) fputs(style_end(style), stdout);
}

/* As many words as fit a line that is indented already; returns the rest. */
static const char *print_line(const char *text, size_t indent, size_t width) {
        size_t column = 0;

        while (*text && *text != '\n') {
                size_t n = strcspn(text, " \n");
                _cleanup_(freep) char *word = strndup(text, n);
                size_t columns = word ? text_width(word) : n;
                if (column > 0 && indent + column + 1 + columns > width)
                        break;
                (void) printf("%s%.*s", column > 0 ? " " : "", (int) n, text);
                column += columns + (column > 0);
                text += n;
                text += strspn(text, " ");
        }
        (void) putchar('\n');
        return text;
}

static void print_words(size_t column, size_t width, const char *text) {
        _cleanup_(freep) char *harmless = text_harmless(text, true);
        const char *p = harmless ? harmless + strspn(harmless, " ") : "";

        p = print_line(p, column, width);
        while (*p) {
                /* Past the newline that ended the line, if one did. */
                p += *p == '\n';
                p += strspn(p, " ");
                if (*p && *p != '\n')
                        (void) printf("%*s", (int) column, "");
                if (*p)
                        p = print_line(p, column, width);
        }
}

void print_beside(size_t column, const char *text) {
        print_words(column, is_terminal ? MIN_OF(print_width(), WRAP_MAX) : SIZE_MAX, text);
}

void print_wrapped_beside(size_t column, const char *text) {
        print_words(column, is_terminal ? MIN_OF(print_width(), WRAP_MAX) : WRAP_PLAIN, text);
}

void print_wrapped(size_t indent, const char *text) {
        (void) printf("%*s", (int) indent, "");
        print_wrapped_beside(indent, text);
}

_printf_(2, 0) static void print_to_stderr(const char *before, const char *format, va_list ap) {
        _cleanup_(freep) char *text = NULL;

        if (vasprintf(&text, format, ap) < 0) {
                text = NULL;
                return;
        }
        _cleanup_(freep) char *harmless = text_harmless(text, true);
        (void) fflush(stdout);
        if (harmless)
                (void) fprintf(stderr, "%s%s\n", before, harmless);
}

void print_note(const char *format, ...) {
        va_list ap;

        if (arg_quiet)
                return;
        va_start(ap, format);
        print_to_stderr("", format, ap);
        va_end(ap);
}

void print_error(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        print_to_stderr("memctl: ", format, ap);
        va_end(ap);
}

ExitCode print_errno(int r, const char *what) {
        print_error("%s: %s", what, strerror(-r));
        return EXIT_CODE_FAILED;
}

void print_problems(const Problems *problems) {
        _cleanup_(freep) char *text = problems_format(problems);
        _cleanup_(freep) char *harmless = text ? text_harmless(text, true) : NULL;

        (void) fflush(stdout);
        if (harmless)
                (void) fputs(harmless, stderr);
}

static int json_flags(void) {
        return JSON_C_TO_STRING_NOSLASHESCAPE |
               (arg_json == JSON_PRETTY ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
                                        : JSON_C_TO_STRING_PLAIN);
}

static ExitCode print_json_as(json_object *object, int flags) {
        if (!object)
                return print_errno(-ENOMEM, "JSON");
        (void) puts(json_object_to_json_string_ext(object, flags));
        (void) json_object_put(object);
        return EXIT_CODE_DONE;
}

ExitCode print_json(json_object *object) {
        return print_json_as(object, json_flags());
}

void print_json_begin(JsonList *list) {
        *list = (JsonList){0};
        (void) putchar('[');
}

bool print_json_item(JsonList *list, json_object *object) {
        const char *text = object ? json_object_to_json_string_ext(object, json_flags()) : NULL;

        if (text)
                (void) printf("%s%s%s",
                              list->n++ > 0 ? "," : "",
                              arg_json == JSON_PRETTY ? "\n" : "",
                              text);
        (void) json_object_put(object);
        return text;
}

void print_json_end(const JsonList *list) {
        (void) puts(arg_json == JSON_PRETTY && list->n > 0 ? "\n]" : "]");
}

ExitCode print_json_line(json_object *object) {
        ExitCode code =
                print_json_as(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        (void) fflush(stdout);
        return code;
}

void json_add(json_object *object, const char *key, json_object *value) {
        if (!object || json_object_object_add(object, key, value) < 0)
                (void) json_object_put(value);
}

json_object *json_text(const char *text) {
        return text ? json_object_new_string(text) : NULL;
}

void json_add_text(json_object *object, const char *key, const char *text) {
        json_add(object, key, json_text(text));
}

void json_add_bool(json_object *object, const char *key, bool value) {
        json_add(object, key, json_object_new_boolean(value));
}

void json_add_number(json_object *object, const char *key, uint64_t value) {
        json_add(object, key, json_object_new_uint64(value));
}
