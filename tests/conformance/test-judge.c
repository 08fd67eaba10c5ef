/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The conformance test itself, on a kernel that can be made to disagree with the catalogue: each
 * kind of disagreement must make a "not ok" that says so, and every knob must read as before.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/conformance/exception.h"
#include "tests/conformance/judge.h"
#include "tests/conformance/tap.h"
#include "tests/support/fake-kernel.h"
#include "tests/support/tree.h"

#define VM "proc/sys/vm/"

/* Takes anything, and no pair is zeroed. */
static ssize_t
write_anything(const Root *root, const char *path, int fd, const char *data, size_t size) {
        if (ftruncate(fd, 0) < 0)
                return -errno;
        ssize_t n = pwrite(fd, data, size, 0);
        return n < 0 ? -errno : n;
}

/* Another knob goes along. */
static ssize_t
write_another_too(const Root *root, const char *path, int fd, const char *data, size_t size) {
        ssize_t n = fake_kernel_write(root, path, fd, data, size);

        if (n > 0 && streq(path, VM "swappiness")) {
                _cleanup_(closep) int other = openat(root_fd(root), VM "page-cluster", O_WRONLY);
                assert_true(other >= 0 && write(other, "7\n", 2) == 2);
        }
        return n;
}

/* What the test says of that knob, for the caller to free; *ret_ok whether it is content. */
static char *tap_of(const Machine *machine, const char *name, bool *ret_ok) {
        KnobRef ref;
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        assert_int_equal(tap_begin(out), 0);
        assert_int_equal(knob_ref_parse(name, &ref), 0);
        const KeptKnob *knob = kept_find(&machine->kept, ref);
        assert_non_null(knob);
        judge_knob(machine, knob);
        *ret_ok = tap_end();
        assert_int_equal(fclose(out), 0);
        return text;
}

typedef struct Fixture {
        char *tree;
        Machine machine;
} Fixture;

/* refuse: how single knobs of the fake kernel misbehave, or NULL. */
static void fixture_open(Fixture *fixture, RootWriteHook hook, const char *refuse) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;

        *fixture = (Fixture){.machine = {.spare = true}};
        assert_int_equal(tree_copy("x86-24g-6.18", &fixture->tree), 0);
        if (refuse)
                assert_int_equal(tree_write(fixture->tree, FAKE_KERNEL_REFUSE, refuse), 0);
        assert_int_equal(root_open(fixture->tree, &fixture->machine.root), 0);
        root_set_write_hook(fixture->machine.root, hook);
        assert_int_equal(facts_read(fixture->machine.root, &problems, &fixture->machine.facts), 0);
        assert_int_equal(kept_save(fixture->machine.root, &fixture->machine.kept), 0);
}

static void fixture_done(Fixture *fixture) {
        kept_done(&fixture->machine.kept);
        root_closep(&fixture->machine.root);
        tree_removep(&fixture->tree);
}

static void assert_as_before(const Machine *machine) {
        for (size_t i = 0; i < machine->kept.n; i++)
                if (kept_differs(machine->root, &machine->kept.knobs[i]))
                        fail_msg("%s is not as before", machine->kept.knobs[i].path);
}

static void test_a_kernel_that_agrees_passes(void **state) {
        static const char *const knobs[] = {
                "transparent_hugepage.enabled",
                "transparent_hugepage.hugepages-64kB.shmem_enabled",
                "transparent_hugepage.khugepaged.pages_to_scan",
                "vm.dirty_background_bytes",
                "vm.dirty_background_ratio",
                "vm.dirty_bytes",
                "vm.dirty_ratio",
                "vm.overcommit_kbytes",
                "vm.percpu_pagelist_high_fraction",
                "vm.swappiness",
        };

        for (size_t i = 0; i < ELEMENTSOF(knobs); i++) {
                Fixture fixture;
                bool ok = false;
                fixture_open(&fixture, fake_kernel_write, NULL);
                _cleanup_(freep) char *tap = tap_of(&fixture.machine, knobs[i], &ok);
                if (!ok)
                        fail_msg("%s", tap);
                assert_as_before(&fixture.machine);
                fixture_done(&fixture);
        }
}

static void test_each_disagreement_is_said(void **state) {
        static const struct {
                const char *knob;
                RootWriteHook hook;
                const char *refuse;
                const char *said;
        } cases[] = {
                {"vm.swappiness",
                 write_anything,
                 NULL,
                 "\"201\" (above the maximum): the kernel took 4 bytes, reads \"201\"; "
                 "expected: refused"},
                {"vm.swappiness",
                 write_anything,
                 NULL,
                 "\"-1\" (below the minimum): the kernel took 3 bytes"},
                {"vm.percpu_pagelist_high_fraction",
                 write_anything,
                 NULL,
                 "\"7\" (in the gap): the kernel took 2 bytes"},
                {"vm.dirty_ratio",
                 write_anything,
                 NULL,
                 "\"garbage\" (garbage): the kernel took 8 bytes, reads \"nothing\""},
                {"transparent_hugepage.enabled",
                 write_anything,
                 NULL,
                 "\"1\" (of another type): the kernel took 2 bytes"},
                {"vm.dirty_bytes",
                 write_anything,
                 NULL,
                 "vm.dirty_ratio is not zero although this one was written"},
                {"vm.swappiness",
                 fake_kernel_write,
                 "vm.swappiness EPERM\n",
                 "\"200\" (the maximum): the kernel said EPERM, reads \"60\"; expected: taken"},
                {"vm.page-cluster",
                 fake_kernel_write,
                 "vm.page-cluster CLAMP 3\n",
                 "\"31\" (the maximum): the kernel took 3 bytes, reads \"3\"; "
                 "expected: taken, reading the same"},
                {"vm.stat_interval",
                 fake_kernel_write,
                 "vm.stat_interval SHORT\n",
                 "the kernel took 1 bytes"},
                {"vm.swappiness",
                 write_another_too,
                 NULL,
                 "vm.page-cluster changed with it, from \"3\" to \"7\""},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Fixture fixture;
                bool ok = true;
                fixture_open(&fixture, cases[i].hook, cases[i].refuse);
                _cleanup_(freep) char *tap = tap_of(&fixture.machine, cases[i].knob, &ok);
                if (ok || strncmp(tap, "not ok 1 - ", 11) != 0 || !strstr(tap, cases[i].said))
                        fail_msg("\"%s\" is not in:\n%s", cases[i].said, tap);
                fixture_done(&fixture);
        }
}

/* Also where the kernel has taken what it should not have. */
static void test_each_knob_is_put_back(void **state) {
        static const char *const knobs[] = {"vm.swappiness", "vm.max_map_count", "vm.page-cluster"};
        Fixture fixture;
        bool ok = true;

        fixture_open(&fixture, write_anything, NULL);
        for (size_t i = 0; i < ELEMENTSOF(knobs); i++) {
                _cleanup_(freep) char *tap = tap_of(&fixture.machine, knobs[i], &ok);
                if (ok)
                        fail_msg("%s", tap);
        }
        assert_as_before(&fixture.machine);
        fixture_done(&fixture);
}

/* What the table excuses must be what the catalogue tells people, too. */
static void test_each_exception_is_of_a_knob_that_says_so(void **state) {
        const Exception *exception;

        for (size_t i = 0; (exception = exception_at(i)); i++) {
                const Knob *knob = knob_find(exception->knob);
                if (!knob || (knob->flags & KNOB_LEFT_OUT))
                        fail_msg("%s is no knob that is tried", exception->knob);
                if (exception->until > 0 && exception->since >= exception->until)
                        fail_msg("%s: no kernel is meant", exception->knob);
                bool differs = exception->reads || exception->outcome == OUTCOME_AT_MOST ||
                               exception->outcome == OUTCOME_NEAR;
                if (differs && !knob->readback)
                        fail_msg("%s reads back differently, and its text does not say so",
                                 exception->knob);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_kernel_that_agrees_passes),
                cmocka_unit_test(test_each_disagreement_is_said),
                cmocka_unit_test(test_each_knob_is_put_back),
                cmocka_unit_test(test_each_exception_is_of_a_knob_that_says_so),
        };

        if (!getenv("MEMCTL_SOURCE_ROOT")) {
                printf("1..0 # SKIP MEMCTL_SOURCE_ROOT is not set\n");
                return 0;
        }
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
