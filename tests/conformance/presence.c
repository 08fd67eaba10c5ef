/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/conformance/presence.h"

#include <ctype.h>

#include "core/machine/live.h"
#include "tests/conformance/tap.h"
#include "tests/support/unknown-files.h"

typedef enum Promise {
        PROMISE_NONE, /* it cannot be told from here */
        PROMISE_PRESENT,
        PROMISE_ABSENT,
} Promise;

/* Whether the .config has the line "CONFIG_X=y". */
static bool is_built_in(const char *config, const char *option, size_t n) {
        for (const char *found = config; (found = strstr(found, option)); found += n) {
                bool begins = found == config || found[-1] == '\n';
                if (begins && strncmp(found + n, "=y\n", 3) == 0)
                        return true;
        }
        return false;
}

/* "CONFIG_HUGETLB_PAGE, CONFIG_NUMA": all of them; "CONFIG_MMU=n" is turned round. Words beside
 * them are for people. */
static Promise promise_of_options(const char *options, const char *config) {
        Promise promise = PROMISE_NONE;

        for (const char *p = options; (p = strstr(p, "CONFIG_"));) {
                char option[64];
                size_t n = 0;
                while (n < sizeof(option) - 1 && (isalnum((unsigned char) p[n]) || p[n] == '_')) {
                        option[n] = p[n];
                        n++;
                }
                option[n] = '\0';
                bool wanted = strncmp(p + n, "=n", 2) != 0;
                if (is_built_in(config, option, n) != wanted)
                        return PROMISE_ABSENT;
                promise = PROMISE_PRESENT;
                p += n;
        }
        return promise;
}

static Promise promise_of(const Machine *machine, const Knob *knob, const char *config) {
        ValueType type;

        if (knob_value_type(knob, &machine->facts.context, &type) < 0)
                return PROMISE_ABSENT;
        if (knob->config)
                return config ? promise_of_options(knob->config, config) : PROMISE_NONE;
        /* A file that only vendors have names no option either. */
        return knob->flags & KNOB_LEFT_OUT ? PROMISE_NONE : PROMISE_PRESENT;
}

void judge_presence(const Machine *machine, const char *config) {
        for (size_t i = 0; i < knob_count(); i++) {
                _cleanup_(freep) KnobRef *refs = NULL;
                const Knob *knob = knob_at(i);
                size_t n = 0;
                int r = live_refs(machine->root, knob, &refs, &n);
                Promise promise = promise_of(machine, knob, config);
                const char *options = knob->config ? knob->config : "none";
                if (r < 0)
                        tap_fail("%s cannot be looked for: %s", knob->name, strerror(-r));
                else if (promise == PROMISE_PRESENT && n == 0)
                        tap_fail("%s is not there; options it needs: %s", knob->name, options);
                else if (promise == PROMISE_ABSENT && n > 0)
                        tap_fail("%s is there, by its version or options (%s) it should not be",
                                 knob->name,
                                 options);
        }
        tap_line("what the catalogue promises for this %s is there, and no more",
                 config ? "version and build" : "version");
}

void judge_unknown(const Machine *machine) {
        _cleanup_(freep) char *unknown = NULL;
        size_t n = 0;

        int r = unknown_files(machine->root, &unknown, &n);
        if (r < 0)
                tap_fail("the files cannot be listed: %s", strerror(-r));
        for (char *rest = unknown, *path; rest && (path = strsep(&rest, "\n"));)
                if (path[0] != '\0')
                        tap_fail("no knob, no trigger and not left out: %s", path);
        tap_line("the catalogue knows each of %zu files", n);
}
