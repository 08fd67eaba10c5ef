/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/write.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/fake-kernel.h"
#include "tests/support/tree.h"

#define SWAPPINESS "proc/sys/vm/swappiness"

typedef struct Machine {
        char *tree;
        Root *root;
} Machine;

/* What the hook saw and shall do. */
static struct {
        size_t n_writes;
        size_t n_interrupted; /* the first so many writes are interrupted */
        off_t positions;      /* the sum of where the descriptors stood */
        char text[64];
} seen;

static ssize_t
watching_write(const Root *root, const char *path, int fd, const char *data, size_t size) {
        seen.positions += lseek(fd, 0, SEEK_CUR);
        seen.n_writes++;
        (void) snprintf(seen.text, sizeof(seen.text), "%.*s", (int) size, data);
        if (seen.n_writes <= seen.n_interrupted) {
                /* An interrupted handler may have moved on: the next try must not see it. */
                (void) lseek(fd, 3, SEEK_SET);
                return -EINTR;
        }
        return fake_kernel_write(root, path, fd, data, size);
}

static int machine_init(void **state) {
        Machine *machine = calloc(1, sizeof(*machine));

        assert_non_null(machine);
        assert_int_equal(tree_copy("x86-24g-6.18", &machine->tree), 0);
        assert_int_equal(root_open(machine->tree, &machine->root), 0);
        root_set_write_hook(machine->root, watching_write);
        memset(&seen, 0, sizeof(seen));
        *state = machine;
        return 0;
}

static int machine_done(void **state) {
        Machine *machine = *state;

        root_close(machine->root);
        tree_remove(machine->tree);
        free(machine);
        return 0;
}

static KnobRef ref_of(const char *name) {
        KnobRef ref = {0};

        assert_int_equal(knob_ref_parse(name, &ref), 0);
        return ref;
}

static Value number(uint64_t n) {
        return (Value){.kind = VALUE_INTEGER, .n = 1, .integers = {INTEGER_OF(n)}};
}

static Value word(const char *text) {
        Value value = {.kind = VALUE_CHOICE};

        (void) snprintf(value.word, sizeof(value.word), "%s", text);
        return value;
}

static void test_canonical_text_goes_in_one_write_with_a_newline(void **state) {
        const Machine *machine = *state;
        Value value = number(10);

        assert_int_equal(write_knob(machine->root, ref_of("vm.swappiness"), &value), 0);
        assert_int_equal(seen.n_writes, 1);
        assert_int_equal(seen.positions, 0);
        assert_string_equal(seen.text, "10\n");
        assert_true(tree_holds(machine->tree, SWAPPINESS, "10"));
}

static void test_a_word_is_written_without_brackets(void **state) {
        const Machine *machine = *state;
        Value value = word("never");

        assert_int_equal(write_knob(machine->root, ref_of("transparent_hugepage.enabled"), &value),
                         0);
        assert_string_equal(seen.text, "never\n");
        assert_true(tree_holds(machine->tree,
                               "sys/kernel/mm/transparent_hugepage/enabled",
                               "always madvise [never]"));
}

static void test_an_empty_value_is_never_written(void **state) {
        const Machine *machine = *state;
        Value value = word("");

        assert_int_equal(write_knob(machine->root, ref_of("transparent_hugepage.defrag"), &value),
                         -EINVAL);
        assert_int_equal(seen.n_writes, 0);
}

static void test_a_short_write_is_an_error(void **state) {
        const Machine *machine = *state;
        Value value = number(10);

        assert_int_equal(tree_write(machine->tree, FAKE_KERNEL_REFUSE, "vm.swappiness SHORT\n"), 0);
        assert_int_equal(write_knob(machine->root, ref_of("vm.swappiness"), &value), -EIO);
        assert_int_equal(seen.n_writes, 1); /* the rest is not sent after it */
}

static void test_an_interrupted_write_is_tried_again_on_a_fresh_descriptor(void **state) {
        const Machine *machine = *state;
        Value value = number(10);

        seen.n_interrupted = 2;
        assert_int_equal(write_knob(machine->root, ref_of("vm.swappiness"), &value), 0);
        assert_int_equal(seen.n_writes, 3);
        assert_int_equal(seen.positions, 0);
        assert_true(tree_holds(machine->tree, SWAPPINESS, "10"));
}

static void test_a_write_that_is_always_interrupted_is_given_up(void **state) {
        const Machine *machine = *state;
        Value value = number(10);

        seen.n_interrupted = SIZE_MAX;
        assert_int_equal(write_knob(machine->root, ref_of("vm.swappiness"), &value), -EINTR);
        assert_true(seen.n_writes < 10);
        assert_true(tree_holds(machine->tree, SWAPPINESS, "60"));
}

static void test_what_the_kernel_said_is_what_the_caller_gets(void **state) {
        const Machine *machine = *state;
        Value value = number(10), too_large = number(100000);

        assert_int_equal(tree_write(machine->tree, FAKE_KERNEL_REFUSE, "vm.page-cluster EPERM\n"),
                         0);
        assert_int_equal(write_knob(machine->root, ref_of("vm.page-cluster"), &value), -EPERM);
        assert_int_equal(write_knob(machine->root, ref_of("vm.swappiness"), &too_large), -EINVAL);
        assert_int_equal(seen.n_writes, 2);
}

static void test_a_knob_that_is_missing_or_a_link_is_not_written(void **state) {
        const Machine *machine = *state;
        _cleanup_(freep) char *path = text_format("%s/" SWAPPINESS, machine->tree);
        _cleanup_(freep) char *other = text_format("%s/elsewhere", machine->tree);
        Value value = number(10);

        assert_int_equal(tree_write(machine->tree, "elsewhere", "60\n"), 0);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(write_knob(machine->root, ref_of("vm.swappiness"), &value), -ENOENT);
        assert_int_equal(symlink(other, path), 0);
        assert_int_equal(write_knob(machine->root, ref_of("vm.swappiness"), &value), -ELOOP);
        assert_true(tree_holds(machine->tree, "elsewhere", "60"));
        assert_int_equal(seen.n_writes, 0);
}

/* A folder that is a link, as one that a container's mounts leave behind, leads to other knobs. */
static void test_no_link_on_the_way_leads_a_write_elsewhere(void **state) {
        const Machine *machine = *state;
        int fd = root_fd(machine->root);
        Value value = number(10);

        assert_int_equal(tree_write(machine->tree, "elsewhere/swappiness", "60\n"), 0);
        assert_int_equal(renameat(fd, "proc/sys/vm", fd, "vm"), 0);
        assert_int_equal(symlinkat("../../elsewhere", fd, "proc/sys/vm"), 0);
        assert_int_equal(write_knob(machine->root, ref_of("vm.swappiness"), &value), -ELOOP);
        assert_true(tree_holds(machine->tree, "elsewhere/swappiness", "60"));
        assert_int_equal(seen.n_writes, 0);
}

static void test_without_a_hook_the_file_itself_is_written(void **state) {
        const Machine *machine = *state;
        Value value = number(10);

        root_set_write_hook(machine->root, NULL);
        assert_int_equal(write_knob(machine->root, ref_of("vm.swappiness"), &value), 0);
        assert_true(tree_holds(machine->tree, SWAPPINESS, "10"));
        assert_int_equal(seen.n_writes, 0);
}

#define ON_A_MACHINE(test) cmocka_unit_test_setup_teardown(test, machine_init, machine_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                ON_A_MACHINE(test_canonical_text_goes_in_one_write_with_a_newline),
                ON_A_MACHINE(test_a_word_is_written_without_brackets),
                ON_A_MACHINE(test_an_empty_value_is_never_written),
                ON_A_MACHINE(test_a_short_write_is_an_error),
                ON_A_MACHINE(test_an_interrupted_write_is_tried_again_on_a_fresh_descriptor),
                ON_A_MACHINE(test_a_write_that_is_always_interrupted_is_given_up),
                ON_A_MACHINE(test_what_the_kernel_said_is_what_the_caller_gets),
                ON_A_MACHINE(test_a_knob_that_is_missing_or_a_link_is_not_written),
                ON_A_MACHINE(test_no_link_on_the_way_leads_a_write_elsewhere),
                ON_A_MACHINE(test_without_a_hook_the_file_itself_is_written),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
