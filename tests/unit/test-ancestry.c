/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which profiles a profile builds on, in which order, and that hostile ones end. */

#include "core/profile/ancestry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/made-machine.h"
#include "tests/support/tree.h"

typedef struct Family {
        MadeMachine machine;
        Profile *profile;
        Ancestry ancestry;
} Family;

static void write_profile(const Family *family, const char *name, const char *body) {
        _cleanup_(freep) char *text = text_format("profile: %s\nsummary: s\n%s\n", name, body);

        made_machine_profile(&family->machine, name, text);
}

static void family_load(Family *family, const char *name) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        const Root *root = family->machine.root;

        assert_int_equal(store_load(root, name, STORE_ANY, &problems, &family->profile), 0);
        assert_int_equal(
                ancestry_load(root, family->profile, STORE_ANY, &problems, &family->ancestry), 0);
        assert_int_equal(problems.n, 0);
}

static void family_done(Family *family) {
        ancestry_done(&family->ancestry);
        family->profile = profile_free(family->profile);
        made_machine_done(&family->machine);
}

/* "left right child" */
static char *order_of(const Ancestry *ancestry) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        for (size_t i = 0; i < ancestry->n_order; i++)
                (void) fprintf(out, "%s%s", i > 0 ? " " : "", ancestry->order[i]->name);
        assert_int_equal(fclose(out), 0);
        return text;
}

static void make_diamond(Family *family) {
        *family = (Family){0};
        made_machine_init(&family->machine, 6, 18);
        write_profile(family, "top", "sysctl: {vm.swappiness: 1}");
        write_profile(family, "left", "inherits: [top]");
        write_profile(family, "right", "inherits: [top]");
        write_profile(family, "x", "inherits: [left, right]");
        family_load(family, "x");
}

static void test_a_diamond_counts_a_profile_once_at_its_first_place(void **state) {
        Family family;

        make_diamond(&family);
        _cleanup_(freep) char *order = order_of(&family.ancestry);
        assert_string_equal(order, "top left right x");
        family_done(&family);
}

static void test_one_of_the_family_has_its_own_order_without_a_file_being_read(void **state) {
        _cleanup_(ancestry_done) Ancestry of_right = ANCESTRY_INIT;
        Family family;

        make_diamond(&family);
        assert_int_equal(tree_delete(family.machine.tree, "etc/memctl/profiles"), 0);
        const Profile *right = ancestry_find(&family.ancestry, "right");
        assert_non_null(right);
        assert_int_equal(ancestry_of(&family.ancestry, right, &of_right), 0);
        _cleanup_(freep) char *order = order_of(&of_right);
        assert_string_equal(order, "top right");
        assert_ptr_equal(of_right.order[0], ancestry_find(&family.ancestry, "top"));
        assert_null(ancestry_find(&of_right, "left"));
        family_done(&family);
}

static void test_a_file_is_found_the_profile_s_own_too(void **state) {
        Family family;

        make_diamond(&family);
        const Profile *top = ancestry_find(&family.ancestry, "top");
        assert_ptr_equal(ancestry_find_file(&family.ancestry, top->file), top);
        assert_ptr_equal(ancestry_find_file(&family.ancestry, family.profile->file),
                         family.profile);
        assert_null(ancestry_find_file(&family.ancestry, "top"));
        family_done(&family);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_diamond_counts_a_profile_once_at_its_first_place),
                cmocka_unit_test(
                        test_one_of_the_family_has_its_own_order_without_a_file_being_read),
                cmocka_unit_test(test_a_file_is_found_the_profile_s_own_too),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
