/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue against the recorded machines: each knob that one of them has is one that its
 * kernel version should have, and reads as the catalogue says.
 */
#include "core/knobs/knob.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/machine/facts.h"
#include "core/machine/live.h"

static void assert_knob_reads(const Root *root, const Facts *facts, KnobRef ref) {
        char path[KNOB_PATH_MAX];
        ValueType type;
        Value value;

        knob_ref_path(ref, path);
        if (!root_exists(root, path))
                return;
        if (knob_value_type(ref.knob, &facts->context, &type) < 0)
                fail_msg("%s/%s: Linux %s should not have it",
                         root_prefix(root),
                         path,
                         facts->release);
        if (ref.knob->flags & KNOB_TRIGGER)
                return;
        int r = live_read(root, ref, &value);
        if (r < 0)
                fail_msg("%s/%s: %s", root_prefix(root), path, strerror(-r));
}

static void assert_knobs_read(const Root *root) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        Facts facts;

        assert_int_equal(facts_read(root, &problems, &facts), 0);
        for (size_t i = 0; i < knob_count(); i++) {
                _cleanup_(freep) KnobRef *refs = NULL;
                size_t n = 0;
                assert_int_equal(live_refs(root, knob_at(i), &refs, &n), 0);
                for (size_t k = 0; k < n; k++)
                        assert_knob_reads(root, &facts, refs[k]);
        }
}

static void test_every_recorded_machine_reads_as_the_catalogue_says(void **state) {
        _cleanup_(freep) char *folder =
                text_format("%s/tests/machines", getenv("MEMCTL_SOURCE_ROOT"));
        _cleanup_(closedirp) DIR *dir = opendir(folder);
        size_t n = 0;

        assert_non_null(dir);
        for (struct dirent *found; (found = readdir(dir));) {
                if (found->d_name[0] == '.' || streq(found->d_name, "README.md"))
                        continue;
                _cleanup_(freep) char *machine = text_format("%s/%s", folder, found->d_name);
                _cleanup_(root_closep) Root *root = NULL;
                assert_int_equal(root_open(machine, &root), 0);
                assert_knobs_read(root);
                n++;
        }
        assert_true(n > 0);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_recorded_machine_reads_as_the_catalogue_says),
        };

        if (!getenv("MEMCTL_SOURCE_ROOT")) {
                printf("1..0 # SKIP MEMCTL_SOURCE_ROOT is not set\n");
                return 0;
        }
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
