/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/repairs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "daemon/state.h"
#include "tests/support/tree.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define NEXT_BOOT "99999999-8888-7777-6666-555555555555"

typedef struct Place {
        char *tree;
        int state_fd;
} Place;

static int place_init(void **state) {
        Place *place = calloc(1, sizeof(*place));

        assert_non_null(place);
        assert_int_equal(tree_copy(NULL, &place->tree), 0);
        place->state_fd = state_open(place->tree);
        assert_true(place->state_fd >= 0);
        *state = place;
        return 0;
}

static int place_done(void **state) {
        Place *place = *state;

        (void) close(place->state_fd);
        tree_remove(place->tree);
        free(place);
        return 0;
}

static KnobRef knob(const char *name) {
        KnobRef ref;

        assert_int_equal(knob_ref_parse(name, &ref), 0);
        return ref;
}

static size_t count(const Repairs *repairs, const char *name, usec_t minute) {
        return repairs_count(repairs, knob(name), minute * USEC_PER_MINUTE);
}

static void repair(const Place *place, Repairs *repairs, const char *name, usec_t minute) {
        assert_int_equal(
                repairs_note(repairs, place->state_fd, knob(name), minute * USEC_PER_MINUTE, NULL),
                0);
}

static void test_each_knob_has_its_own_repairs_within_the_hour(void **state) {
        const Place *place = *state;
        Repairs repairs, again;

        assert_int_equal(repairs_load(place->state_fd, BOOT, &repairs), 0);
        repair(place, &repairs, "vm.swappiness", 100);
        repair(place, &repairs, "vm.page-cluster", 110);
        repair(place, &repairs, "vm.swappiness", 120);
        assert_int_equal(count(&repairs, "vm.swappiness", 121), 2);
        assert_int_equal(count(&repairs, "vm.swappiness", 160), 1);
        assert_int_equal(count(&repairs, "vm.page-cluster", 121), 1);
        assert_int_equal(repairs_load(place->state_fd, BOOT, &again), 0);
        assert_int_equal(count(&again, "vm.swappiness", 121), 2);
        assert_int_equal(repairs_load(place->state_fd, NEXT_BOOT, &again), 0);
        assert_int_equal(count(&again, "vm.swappiness", 1), 0);
}

static void test_what_to_bring_back_is_known_until_that_is_done(void **state) {
        const Place *place = *state;
        const Value min_free = {.kind = VALUE_INTEGER, .n = 1, .integers = {INTEGER_OF(67584)}};
        const KnobRef ref = knob("transparent_hugepage.enabled");
        Repairs repairs, again;

        assert_int_equal(repairs_load(place->state_fd, BOOT, &repairs), 0);
        assert_int_equal(repairs_note(&repairs, place->state_fd, ref, 1, &min_free), 0);
        assert_int_equal(repairs_load(place->state_fd, BOOT, &again), 0);
        assert_true(again.guards);
        assert_true(value_equal(&again.min_free, &min_free));
        assert_int_equal(repairs_end_guard(&repairs, place->state_fd), 0);
        assert_int_equal(repairs_load(place->state_fd, BOOT, &again), 0);
        assert_false(again.guards);
}

static void test_what_cannot_be_recorded_is_no_repair_and_is_saved_later(void **state) {
        const Place *place = *state;
        const Value min_free = {.kind = VALUE_INTEGER, .n = 1, .integers = {INTEGER_OF(67584)}};
        const KnobRef ref = knob("transparent_hugepage.enabled");
        Repairs repairs, again;

        assert_int_equal(repairs_load(place->state_fd, BOOT, &repairs), 0);
        assert_int_equal(repairs_note(&repairs, -1, ref, 1, &min_free), -EBADF);
        assert_int_equal(count(&repairs, "transparent_hugepage.enabled", 1), 0);
        assert_false(repairs.guards);

        assert_int_equal(repairs_note(&repairs, place->state_fd, ref, 1, &min_free), 0);
        assert_int_equal(repairs_end_guard(&repairs, -1), -EBADF);
        assert_int_equal(repairs_save(&repairs, place->state_fd), 0);
        assert_int_equal(repairs_load(place->state_fd, BOOT, &again), 0);
        assert_false(again.guards);
        assert_int_equal(again.n, 1);
}

static void test_repairs_stay_few(void **state) {
        const Place *place = *state;
        Repairs repairs;

        assert_int_equal(repairs_load(place->state_fd, BOOT, &repairs), 0);
        for (size_t i = 0; i < REPAIRS_MAX + 7; i++)
                repair(place, &repairs, "vm.swappiness", 100);
        assert_int_equal(repairs.n, REPAIRS_MAX);
        assert_int_equal(repairs_load(place->state_fd, BOOT, &repairs), 0);
        assert_int_equal(repairs.n, REPAIRS_MAX);
        repair(place, &repairs, "vm.swappiness", 200);
        assert_int_equal(repairs.n, 1);
}

#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, place_init, place_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_PLACE(test_each_knob_has_its_own_repairs_within_the_hour),
                IN_A_PLACE(test_what_to_bring_back_is_known_until_that_is_done),
                IN_A_PLACE(test_what_cannot_be_recorded_is_no_repair_and_is_saved_later),
                IN_A_PLACE(test_repairs_stay_few),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("repairs", tests, NULL, NULL);
}
