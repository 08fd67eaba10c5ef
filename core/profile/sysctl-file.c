/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/sysctl-file.h"

static void parse_line(Assignments *assignments, char *line, Origin origin) {
        char *text = text_strip(line);
        char *equals = strchr(text, '=');

        if (text[0] == '\0' || text[0] == '#' || text[0] == ';')
                return;
        if (!equals) {
                /* "-net.ipv4.conf.all": keeps globs of other lines away from a name. */
                if (text[0] != '-')
                        assignments_leave_out(
                                assignments, text, origin, "it is not \"NAME = VALUE\"");
                return;
        }
        *equals = '\0';
        char *name = text_strip(text + (text[0] == '-'));
        char *value = text_strip(equals + 1);
        if (strpbrk(name, "*?["))
                assignments_leave_out(assignments, name, origin, "it is a pattern of names");
        else
                assignments_put_name(assignments, name, value, ONLY_NONE, origin);
}

void sysctl_file_parse(const char *file, const char *text, Assignments *assignments) {
        assignments_each_line(assignments, file, text, parse_line);
}
