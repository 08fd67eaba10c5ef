/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config.h"

#include <fcntl.h>
#include <syslog.h>

#include <ini.h>

#include "core/base/trust.h"
#include "daemon/config-files.h"
#include "daemon/config-key.h"

#define CONFIG_SIZE_MAX ((size_t) 64 * 1024)
/* libinih's limit is 200 with "\r\n" and NUL; it would take the rest of a longer line for a line
 * of its own. */
#define CONFIG_LINE_MAX 197

Config config_default(void) {
        return (Config){
                .probation_usec = 30 * USEC_PER_MINUTE,
                .revert_on_stop = false,
                .apply_at_boot = true,
                .sample_usec = 10 * USEC_PER_SEC,
                .drift = DRIFT_POLICY_REPORT,
                .drift_usec = USEC_PER_MINUTE,
                .boot_guard_usec = 10 * USEC_PER_MINUTE,
                .reverts_per_hour = 3,
                .log_level = LOG_INFO,
        };
}

/*
 * One file on its way through libinih. Debian's build tells the handler no line numbers and does
 * not call it for headings or bad lines. So the reader, which hands out one line at a time,
 * remembers where it is, looks at headings, and sees at the next line whether the handler was
 * called for this one.
 */
typedef struct Parser {
        const char *file;
        const char *text;
        const char *next; /* the line to be read next */
        const char *line; /* the line in libinih's hands */
        unsigned number;
        bool in_section;
        char section[CONFIG_LINE_MAX + 1]; /* "": none yet, or one that is no section */
        bool expects_handler;
        unsigned set_at[CONFIG_KEYS_N]; /* lines */
        Problems *problems;
        Config *config;
} Parser;

static Location location_of(const Parser *parser, const char *where) {
        return (Location){
                .file = parser->file,
                .line = parser->number,
                .column = (unsigned) (where - parser->line) + 1,
                .text = parser->text,
        };
}

static const char *line_content(const Parser *parser) {
        const char *p = parser->line;

        if (parser->number == 1 && text_starts_with(p, "\xEF\xBB\xBF"))
                p += 3;
        return p + strspn(p, " \t");
}

static void enter_section(Parser *parser, const char *heading) {
        Location where = location_of(parser, heading);
        size_t n = strcspn(heading + 1, "]\r\n");

        parser->in_section = true;
        parser->section[0] = '\0';
        if (heading[1 + n] != ']') {
                (void) problem_add(parser->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "this section heading has no closing \"]\"");
                return;
        }
        const char *rest = heading + n + 2;
        rest += strspn(rest, " \t\r");
        if (*rest != '\0' && *rest != '\n' && *rest != ';') {
                where = location_of(parser, rest);
                (void) problem_add(parser->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "unexpected text after a section heading; expected a new line");
        }
        _cleanup_(freep) char *name = text_format("%.*s", (int) n, heading + 1);
        if (!name || config_section_exists(name)) {
                (void) snprintf(parser->section, sizeof(parser->section), "%s", name ? name : "");
                return;
        }
        _cleanup_(freep) char *hint = config_section_hint(name);
        (void) problem_add(parser->problems,
                           PROBLEM_ERROR,
                           &where,
                           hint,
                           "unknown section [%s]; expected [Daemon] or [Probation]",
                           name);
}

/* False when libinih must not see the line: it has been complained of. */
static bool check_line(const Parser *parser, const char *content, size_t n) {
        Location where = location_of(parser, content);

        if (n > CONFIG_LINE_MAX) {
                (void) problem_add(parser->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "this line is %zu bytes long; expected at most %d",
                                   n,
                                   CONFIG_LINE_MAX);
                return false;
        }
        for (size_t i = 0; i < n; i++) {
                unsigned char c = (unsigned char) content[i];
                if ((c >= ' ' && c < 0x7f) || c == '\t')
                        continue;
                where = location_of(parser, content + i);
                (void) problem_add(parser->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "unexpected byte 0x%02x; expected ASCII outside comments",
                                   (unsigned) c);
                return false;
        }
        return true;
}

static void check_handled(Parser *parser) {
        if (!parser->expects_handler)
                return;
        Location where = location_of(parser, line_content(parser));
        parser->expects_handler = false;
        (void) problem_add(parser->problems,
                           PROBLEM_ERROR,
                           &where,
                           NULL,
                           "this line is no setting; expected [Section], Key=value or # comment");
}

/*
 * libinih's fgets(). White space before a line is dropped: libinih would take an indented line for
 * more of the value above it.
 */
static char *on_read_line(char *buffer, int size, void *userdata) {
        Parser *parser = userdata;

        check_handled(parser);
        if (*parser->next == '\0')
                return NULL;
        parser->line = parser->next;
        parser->number++;
        size_t n = strcspn(parser->line, "\n");
        parser->next = parser->line + n + (parser->line[n] == '\n');

        const char *content = line_content(parser);
        n -= (size_t) (content - parser->line);
        while (n > 0 && strchr(" \t\r", content[n - 1]))
                n--;
        if (n == 0 || content[0] == '#' || content[0] == ';' || !check_line(parser, content, n))
                n = 0;
        else if (content[0] == '[')
                enter_section(parser, content);
        else
                parser->expects_handler = true;
        (void) snprintf(buffer, (size_t) size, "%.*s", (int) n, content);
        return buffer;
}

static const char *find_value(const char *content) {
        const char *value = content + strcspn(content, "=:") + 1;
        return value + strspn(value, " \t");
}

static void set_key(Parser *parser, const ConfigKey *key, const char *value) {
        const char *content = line_content(parser);
        Location where = location_of(parser, content);
        unsigned *set_at = &parser->set_at[config_key_index(key)];

        if (*set_at > 0)
                (void) problem_add(parser->problems,
                                   PROBLEM_WARNING,
                                   &where,
                                   NULL,
                                   "%s= was set in line %u already; this line counts",
                                   key->name,
                                   *set_at);
        *set_at = parser->number;
        if (config_key_set(key, value, parser->config) >= 0)
                return;
        where = location_of(parser, find_value(content));
        (void) problem_add(parser->problems,
                           PROBLEM_ERROR,
                           &where,
                           NULL,
                           "%s= is \"%s\"; expected %s",
                           key->name,
                           value,
                           key->expected);
}

static int on_setting(void *userdata, const char *section, const char *name, const char *value) {
        Parser *parser = userdata;
        Location where = location_of(parser, line_content(parser));

        parser->expects_handler = false;
        if (!parser->in_section) {
                (void) problem_add(parser->problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "%s= stands before the first section; expected [Daemon] or "
                                   "[Probation] above it",
                                   name);
                return 1;
        }
        if (parser->section[0] == '\0')
                return 1; /* the section has been complained of */
        const ConfigKey *key = config_key_find(section, name);
        if (key) {
                set_key(parser, key, value);
                return 1;
        }
        _cleanup_(freep) char *hint = config_key_hint(section, name);
        (void) problem_add(parser->problems,
                           PROBLEM_ERROR,
                           &where,
                           hint,
                           "unknown key %s= in section [%s]",
                           name,
                           section);
        return 1;
}

static int
parse_text(const char *file, const char *text, size_t size, Problems *problems, Config *config) {
        Parser parser = {
                .file = file,
                .text = text,
                .next = text,
                .problems = problems,
                .config = config,
        };
        Location where = {.file = file};

        if (strlen(text) < size)
                return problem_add(problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "this file holds a NUL byte; expected text");
        /* The line number that it returns for errors is the first one's only; they are known. */
        int r = ini_parse_stream(on_read_line, &parser, on_setting, &parser);
        return r == -2 ? -ENOMEM : 0;
}

static int load_fd(int fd, const char *file, Problems *problems, Config *config) {
        _cleanup_(freep) char *text = NULL;
        Location where = {.file = file};
        size_t size;
        int r = read_all(fd, CONFIG_SIZE_MAX, &text, &size);

        if (r == -ENOMEM)
                return r;
        if (r == -EFBIG)
                return problem_add(problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "this file is too large; expected at most 64 KiB");
        if (r < 0)
                return problem_add(problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "this file cannot be read: %s",
                                   strerror(-r));
        return parse_text(file, text, size, problems, config);
}

/* "ln -s /dev/null" is how an administrator takes a file out. */
static bool is_mask(const Root *root, const char *path) {
        static const char nothing[] = "/dev/null";
        char target[sizeof(nothing)];

        ssize_t n = readlinkat(root_fd(root), path, target, sizeof(target));
        return n == (ssize_t) strlen(nothing) && memcmp(target, nothing, (size_t) n) == 0;
}

static int load_listed(const Root *root, const char *path, Problems *problems, Config *config) {
        _cleanup_(freep) char *file = text_format("%s/%s", root_prefix(root), path);
        Location where = {.file = file};

        if (!file)
                return -ENOMEM;
        if (is_mask(root, path))
                return 0;
        _cleanup_(closep) int fd = trust_open(root, path, problems);
        if (fd == -ENOENT) /* it was there a moment ago */
                return problem_add(problems, PROBLEM_ERROR, &where, NULL, "there is no such file");
        return fd < 0 ? TAKE_FD(fd) : load_fd(fd, file, problems, config);
}

static int load_all(const Root *root, Problems *problems, Config *config) {
        _cleanup_(config_files_done) ConfigFiles files = {0};
        int r = config_files_find(root, problems, &files);

        for (size_t i = 0; r >= 0 && i < files.n; i++) {
                r = load_listed(root, files.paths[i], problems, config);
                if (r == -EINVAL || r == -EPERM)
                        r = 0; /* counted among the problems; the next file has its own */
        }
        return r;
}

static int load_one(const char *file, Problems *problems, Config *config) {
        Location where = {.file = file};
        _cleanup_(closep) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        if (fd < 0)
                return problem_add(problems,
                                   PROBLEM_ERROR,
                                   &where,
                                   NULL,
                                   "this file cannot be opened: %s",
                                   strerror(errno));
        return load_fd(fd, file, problems, config);
}

int config_load(const Root *root, const char *file, Problems *problems, Config *ret) {
        Config config = config_default();
        size_t n_before = problems->n_errors;
        int r = file ? load_one(file, problems, &config) : load_all(root, problems, &config);

        if (r == -ENOMEM)
                return r;
        if (problems->n_errors > n_before)
                return -EINVAL;
        *ret = config;
        return 0;
}
