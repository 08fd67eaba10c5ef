/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/tmpfiles-file.h"

/* Type, path, mode, user, group, age; the argument is the rest of the line. */
#define FIELDS 6

/* The next field, with its quotes taken off; NULL at the end. Advances *text. */
static char *next_field(char **text) {
        char *start = *text + strspn(*text, " \t");
        char quote = *start == '"' || *start == '\'' ? *start : '\0';

        if (*start == '\0')
                return NULL;
        char *end = quote ? strchr(start + 1, quote) : start + strcspn(start, " \t");
        if (!end)
                return NULL;
        *text = *end ? end + 1 : end;
        *end = '\0';
        return quote ? start + 1 : start;
}

static void parse_line(Assignments *assignments, char *line, Origin origin) {
        char *fields[FIELDS], *rest = text_strip(line);
        KnobRef ref;

        if (rest[0] == '#')
                return;
        for (size_t i = 0; i < FIELDS; i++) {
                fields[i] = next_field(&rest);
                if (!fields[i])
                        return;
        }
        /* "w", "w+", "w!", "w-": they write to what is there already. */
        if (fields[0][0] != 'w' || fields[1][0] != '/' ||
            knob_ref_from_path(fields[1] + 1, &ref) < 0)
                return;
        /* An escape for a newline at the end is common, and means nothing to the kernel. */
        char *value = text_strip(rest);
        size_t n = strlen(value);
        if (n > 2 && streq(value + n - 2, "\\n"))
                value[n - 2] = '\0';
        assignments_put_name(assignments, fields[1], value, ONLY_NONE, origin);
}

void tmpfiles_file_parse(const char *file, const char *text, Assignments *assignments) {
        assignments_each_line(assignments, file, text, parse_line);
}
