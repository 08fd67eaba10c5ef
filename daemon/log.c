/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/log.h"

#include <stdarg.h>
#include <sys/stat.h>
#include <sys/uio.h>

static int level = LOG_INFO;

void log_set_level(int priority) {
        level = priority;
}

bool log_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        struct stat st;
        char here[64];

        if (!stream || fstat(STDERR_FILENO, &st) < 0)
                return false;
        (void) snprintf(here,
                        sizeof(here),
                        "%llu:%llu",
                        (unsigned long long) st.st_dev,
                        (unsigned long long) st.st_ino);
        return streq(stream, here);
}

/* One call a line: the lines of two processes on one stderr do not mix. */
static void print_line(const char *prefix, const char *line, size_t n) {
        struct iovec parts[] = {
                {.iov_base = (char *) prefix, .iov_len = strlen(prefix)},
                {.iov_base = (char *) line, .iov_len = n},
                {.iov_base = (char *) "\n", .iov_len = 1},
        };
        ssize_t written = writev(STDERR_FILENO, parts, ELEMENTSOF(parts));
        (void) written; /* there is nobody left to tell */
}

static void print_text(int priority, const char *line) {
        char prefix[8] = "";

        if (log_is_journal())
                (void) snprintf(prefix, sizeof(prefix), "<%d>", priority);
        for (;;) {
                size_t n = strcspn(line, "\n");
                print_line(prefix, line, n);
                /* A newline at the end ends the last line, it does not begin an empty one. */
                if (line[n] == '\0' || line[n + 1] == '\0')
                        break;
                line += n + 1;
        }
}

/* What is said where memory is short must not ask for any: only a long text does, and is cut when
 * there is none. */
void log_print(int priority, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        int saved_errno = errno;
        char buffer[1024];
        va_list ap;

        if (priority > level)
                return;
        va_start(ap, format);
        int n = vsnprintf(buffer, sizeof(buffer), format, ap);
        va_end(ap);
        if (n >= (int) sizeof(buffer)) {
                va_start(ap, format);
                if (vasprintf(&text, format, ap) < 0)
                        text = NULL;
                va_end(ap);
        }
        if (n >= 0)
                print_text(priority, text ? text : buffer);
        errno = saved_errno;
}
