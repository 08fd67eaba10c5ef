/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/conformance/tap.h"

#include <stdarg.h>
#include <sys/mman.h>

/* For the longest list there is: what an old catalogue does not know of a new kernel. */
#define DIAGNOSTICS_MAX 65536

typedef struct Counters {
        unsigned n;
        unsigned n_failed;
} Counters;

static FILE *stream;
static Counters *counters;
static char diagnostics[DIAGNOSTICS_MAX];
static size_t diagnostics_used;
static bool failed;

int tap_begin(FILE *out) {
        void *shared = mmap(
                NULL, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        if (shared == MAP_FAILED)
                return -errno;
        counters = shared;
        stream = out;
        return 0;
}

static void _printf_(1, 0) add(const char *format, va_list arguments) {
        char line[512];

        (void) vsnprintf(line, sizeof(line), format, arguments);
        int n = snprintf(diagnostics + diagnostics_used,
                         sizeof(diagnostics) - diagnostics_used,
                         "# %s\n",
                         line);
        if (n > 0 && diagnostics_used + (size_t) n < sizeof(diagnostics))
                diagnostics_used += (size_t) n;
        diagnostics[diagnostics_used] = '\0';
}

void tap_note(const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        add(format, arguments);
        va_end(arguments);
}

void tap_fail(const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        add(format, arguments);
        va_end(arguments);
        failed = true;
}

void tap_line(const char *format, ...) {
        va_list arguments;
        char name[256];

        va_start(arguments, format);
        (void) vsnprintf(name, sizeof(name), format, arguments);
        va_end(arguments);
        counters->n++;
        counters->n_failed += failed;
        (void) fprintf(
                stream, "%sok %u - %s\n%s", failed ? "not " : "", counters->n, name, diagnostics);
        /* Two processes print: nothing is left for the other to print again. */
        (void) fflush(stream);
        diagnostics[0] = '\0';
        diagnostics_used = 0;
        failed = false;
}

bool tap_end(void) {
        bool ok = counters->n_failed == 0 && counters->n > 0;

        (void) fprintf(stream, "1..%u\n", counters->n);
        (void) munmap(counters, sizeof(*counters));
        counters = NULL;
        return ok;
}
