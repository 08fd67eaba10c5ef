/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/assignment.h"

#include <stdarg.h>

static void assignment_done(Assignment *assignment) {
        free(assignment->value);
        free(assignment->file);
}

void assignments_done(Assignments *assignments) {
        for (size_t i = 0; i < assignments->n; i++)
                assignment_done(&assignments->items[i]);
        for (size_t i = 0; i < assignments->n_left_out; i++) {
                free(assignments->left_out[i].what);
                free(assignments->left_out[i].reason);
                free(assignments->left_out[i].file);
        }
        free(assignments->items);
        free(assignments->left_out);
        *assignments = (Assignments){0};
}

/* The kernel forgets the member of a pair that was written first. */
static void forget(Assignments *assignments, KnobRef ref) {
        KnobRef partner = {0};
        bool paired = knob_ref_partner(ref, &partner);

        for (size_t i = assignments->n; i-- > 0;) {
                Assignment *old = &assignments->items[i];
                if (!knob_ref_equal(old->ref, ref) &&
                    !(paired && knob_ref_equal(old->ref, partner)))
                        continue;
                assignment_done(old);
                memmove(old, old + 1, (--assignments->n - i) * sizeof(Assignment));
        }
}

void assignments_put(
        Assignments *assignments, KnobRef ref, const char *value, Only only, Origin origin) {
        forget(assignments, ref);
        Assignment assignment = {
                .ref = ref,
                .value = strdup(value),
                .only = only,
                .file = strdup(origin.file),
                .line = origin.line,
        };
        if (!assignment.value || !assignment.file ||
            array_grow(&assignments->items, assignments->n, sizeof(Assignment)) < 0) {
                assignment_done(&assignment);
                assignments->failed = true;
                return;
        }
        assignments->items[assignments->n++] = assignment;
}

void assignments_leave_out(
        Assignments *assignments, const char *what, Origin origin, const char *format, ...) {
        LeftOut left_out = {.line = origin.line};
        va_list ap;

        va_start(ap, format);
        int r = vasprintf(&left_out.reason, format, ap);
        va_end(ap);
        if (r < 0)
                left_out.reason = NULL;
        left_out.what = strdup(what);
        left_out.file = strdup(origin.file);
        if (!left_out.reason || !left_out.what || !left_out.file ||
            array_grow(&assignments->left_out, assignments->n_left_out, sizeof(LeftOut)) < 0) {
                free(left_out.reason);
                free(left_out.what);
                free(left_out.file);
                assignments->failed = true;
                return;
        }
        assignments->left_out[assignments->n_left_out++] = left_out;
}

/* sysctl(8): the first separator decides; "vm/swappiness" and "vm.swappiness" are the same. */
static int find_sysctl(const char *name, KnobRef *ret) {
        _cleanup_(freep) char *dotted = strdup(name);

        if (!dotted)
                return -ENOMEM;
        size_t first = strcspn(dotted, "./");
        if (dotted[first] == '/')
                for (char *p = dotted; *p; p++)
                        *p = *p == '/' ? '.' : *p == '.' ? '/' : *p;
        return text_starts_with(dotted, "vm.") ? knob_ref_parse(dotted, ret) : -ENOENT;
}

void assignments_put_name(
        Assignments *assignments, const char *name, const char *value, Only only, Origin origin) {
        _cleanup_(freep) char *what = text_format("%s = %s", name, value);
        KnobRef ref = {0};

        if (!what) {
                assignments->failed = true;
                return;
        }
        int r = name[0] == '/' ? knob_ref_from_path(name + 1, &ref) : find_sysctl(name, &ref);
        if (r < 0)
                assignments_leave_out(
                        assignments, what, origin, "memctl knows no such memory knob");
        else if (!knob_is_settable(ref.knob))
                assignments_leave_out(assignments, what, origin, "%s", ref.knob->refusal);
        else if (value[0] == '\0')
                assignments_leave_out(assignments, what, origin, "it has no value");
        else
                assignments_put(assignments, ref, value, only, origin);
}

void assignments_each_line(Assignments *assignments,
                           const char *file,
                           const char *text,
                           LineFn fn) {
        Origin origin = {.file = file};

        while (*text) {
                size_t n = strcspn(text, "\n");
                _cleanup_(freep) char *line = strndup(text, n);
                origin.line++;
                if (line)
                        fn(assignments, line, origin);
                else
                        assignments->failed = true;
                text += n + (text[n] == '\n');
        }
}
