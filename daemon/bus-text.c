/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/bus-text.h"

#include <fcntl.h>
#include <pwd.h>

/* Bytes in the UTF-8 character at p, 0 when it is none. */
static size_t character_size(const unsigned char *p) {
        uint32_t code, least;
        size_t n;

        if (p[0] < 0x80)
                return 1;
        if ((p[0] & 0xe0) == 0xc0) {
                n = 2, code = p[0] & 0x1fu, least = 0x80;
        } else if ((p[0] & 0xf0) == 0xe0) {
                n = 3, code = p[0] & 0x0fu, least = 0x800;
        } else if ((p[0] & 0xf8) == 0xf0) {
                n = 4, code = p[0] & 0x07u, least = 0x10000;
        } else {
                return 0;
        }
        for (size_t i = 1; i < n; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return 0; /* the NUL at the end too */
                code = code << 6 | (p[i] & 0x3fu);
        }
        if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
                return 0;
        return n;
}

void bus_text_clean(char *text) {
        for (char *p = text; *p;) {
                size_t n = character_size((const unsigned char *) p);
                if (n == 0)
                        *p = '?';
                p += n == 0 ? 1 : n;
        }
        for (size_t n = strlen(text); n > 0 && text[n - 1] == '\n'; n--)
                text[n - 1] = '\0';
}

const char *bus_text_quote(const char *text, char buffer[static QUOTE_MAX]) {
        int n = snprintf(buffer, QUOTE_MAX, "%s", text);

        if (n >= QUOTE_MAX)
                memcpy(buffer + QUOTE_MAX - 4, "...", 4);
        for (char *p = buffer; *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        *p = '?';
        bus_text_clean(buffer); /* the cut may go through a character */
        return buffer;
}

char *bus_json_format(json_object *object) {
        if (!object)
                return NULL;
        const char *text = json_object_to_json_string_ext(
                object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
        char *line = text ? strdup(text) : NULL;
        (void) json_object_put(object);
        if (line)
                bus_text_clean(line);
        return line;
}

/*
 * From the file alone: getpwuid() may ask a directory server and wait for it, and meanwhile nobody
 * would watch the pressure.
 */
static char *find_user_name(const Root *root, uid_t uid) {
        char *name = NULL;
        int fd = root_open_file(root, "etc/passwd", O_RDONLY);

        if (fd < 0)
                return NULL;
        _cleanup_(fclosep) FILE *file = fdopen(fd, "re");
        if (!file) {
                (void) close(fd);
                return NULL;
        }
        for (const struct passwd *user; !name && (user = fgetpwent(file));)
                if (user->pw_uid == uid)
                        name = strdup(user->pw_name);
        return name;
}

char *bus_caller_format(const Connection *connection, uid_t uid) {
        const char *way = connection->is_private ? "the private socket" : "the bus";

        if (uid == 0)
                return text_format("root through %s", way);
        _cleanup_(freep) char *name = find_user_name(manager_root(connection->owner->manager), uid);
        if (!name)
                return text_format("uid %u through %s", uid, way);
        bus_text_clean(name);
        return text_format("uid %u (%s) through %s", uid, name, way);
}
