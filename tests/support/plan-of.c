/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/plan-of.h"

#include "core/machine/facts.h"
#include "core/machine/live.h"

#define WISHES_MAX 32

static int parse_wish(const Facts *facts, char *text, Setting *ret) {
        _cleanup_(freep) char *why = NULL;
        char *value = strchr(text, '=');
        Setting setting = {.origin = text};

        if (!value)
                return -EINVAL;
        *value++ = '\0';
        /* A vector comes with commas here. */
        for (char *comma = value; (comma = strchr(comma, ','));)
                *comma = ' ';
        int r = knob_ref_parse(text, &setting.ref);
        if (r >= 0)
                r = knob_value_type(setting.ref.knob, &facts->context, &setting.type);
        if (r >= 0)
                r = value_parse(&setting.type, value, &setting.value, &why);
        if (r < 0) {
                (void) fprintf(stderr, "%s: %s\n", text, why ? why : strerror(-r));
                return r;
        }
        *ret = setting;
        return 0;
}

Plan *plan_of(const Root *root, const char *profile, const char *values) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(freep) char *copy = strdup(values), *name = strdup(profile);
        Setting wishes[WISHES_MAX];
        Settings settings = {.profile = name, .items = wishes};
        Plan *plan = NULL;
        char *rest = NULL;
        Facts facts;

        int r = copy && name ? facts_read(root, &problems, &facts) : -ENOMEM;
        for (char *word = copy ? strtok_r(copy, " \n", &rest) : NULL;
             word && r >= 0 && settings.n < WISHES_MAX;
             word = strtok_r(NULL, " \n", &rest))
                r = parse_wish(&facts, word, &wishes[settings.n++]);
        if (r >= 0)
                r = plan_new(root, &settings, NULL, 0, &problems, &plan);
        if (r < 0) {
                _cleanup_(freep) char *text = problems_format(&problems);
                (void) fprintf(stderr, "%s", text ? text : strerror(-r));
                return NULL;
        }
        return plan;
}

static void print_knob(FILE *out, const Root *root, KnobRef ref) {
        char path[KNOB_PATH_MAX], text[512];

        knob_ref_path(ref, path);
        if (root_read_into(root, path, text, sizeof(text)) >= 0)
                (void) fprintf(out, "%s: %s", path, text);
}

char *knobs_snapshot(const Root *root) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        for (size_t i = 0; out && i < knob_count(); i++) {
                _cleanup_(freep) KnobRef *refs = NULL;
                size_t n = 0;
                if (live_refs(root, knob_at(i), &refs, &n) < 0)
                        continue;
                for (size_t j = 0; j < n; j++)
                        print_knob(out, root, refs[j]);
        }
        if (!out || fclose(out) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
