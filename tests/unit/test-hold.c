/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/hold.h"

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
        Hold hold;
} Place;

static int place_init(void **state) {
        Place *place = calloc(1, sizeof(*place));

        assert_non_null(place);
        assert_int_equal(tree_copy(NULL, &place->tree), 0);
        place->state_fd = state_open(place->tree);
        assert_true(place->state_fd >= 0);
        assert_int_equal(hold_load(place->state_fd, BOOT, &place->hold), 0);
        *state = place;
        return 0;
}

static int place_done(void **state) {
        Place *place = *state;

        hold_done(&place->hold);
        (void) close(place->state_fd);
        tree_remove(place->tree);
        free(place);
        return 0;
}

static void note(Place *place, uint64_t id, usec_t minute) {
        assert_int_equal(hold_note(&place->hold,
                                   place->state_fd,
                                   id,
                                   "redis",
                                   "stalls rose",
                                   minute * USEC_PER_MINUTE),
                         0);
}

static void load(Place *place, const char *boot_id) {
        hold_done(&place->hold);
        assert_int_equal(hold_load(place->state_fd, boot_id, &place->hold), 0);
}

/* In minutes; 0: no hold. */
static unsigned long until(const Place *place, unsigned limit, usec_t minute) {
        return (unsigned long) (hold_until(&place->hold, limit, minute * USEC_PER_MINUTE) /
                                USEC_PER_MINUTE);
}

static void test_it_lasts_until_too_many_are_not_within_the_hour(void **state) {
        Place *place = *state;

        note(place, 1, 100);
        note(place, 2, 110);
        assert_int_equal(until(place, 3, 111), 0);
        note(place, 3, 120);
        assert_int_equal(until(place, 3, 120), 160);
        assert_int_equal(until(place, 3, 159), 160);
        assert_int_equal(until(place, 3, 160), 0);
        /* What is allowed may change with the configuration. */
        assert_int_equal(until(place, 2, 120), 170);
        assert_int_equal(until(place, 1, 120), 180);
        assert_int_equal(until(place, 4, 120), 0);
        assert_int_equal(until(place, 0, 120), 0);
}

static void test_the_next_process_knows_it_and_a_release_ends_it(void **state) {
        Place *place = *state;

        for (uint64_t id = 1; id <= 3; id++)
                note(place, id, 100 + id);
        load(place, BOOT);
        assert_int_equal(until(place, 3, 110), 161);
        _cleanup_(freep) char *text = hold_format(&place->hold, 110 * USEC_PER_MINUTE);
        assert_string_equal(text,
                            "redis (transaction 1): stalls rose\n"
                            "redis (transaction 2): stalls rose\n"
                            "redis (transaction 3): stalls rose");
        assert_int_equal(hold_lift(&place->hold, place->state_fd), 0);
        assert_int_equal(until(place, 3, 110), 0);
        load(place, BOOT);
        assert_int_equal(until(place, 3, 110), 0);
}

static void test_what_an_earlier_boot_noted_counts_from_the_start_of_this_one(void **state) {
        Place *place = *state;

        for (uint64_t id = 1; id <= 3; id++)
                note(place, id, 5000);
        load(place, NEXT_BOOT);
        assert_int_equal(until(place, 3, 1), 60);
        assert_int_equal(until(place, 3, 60), 0);
}

/* A crash between the note and the end of the journal finds the latter again. */
static void test_a_revert_counts_once(void **state) {
        Place *place = *state;

        note(place, 1, 100);
        load(place, BOOT);
        note(place, 1, 101);
        assert_int_equal(place->hold.n, 1);
}

static void test_a_note_that_cannot_be_stored_counts_for_this_process(void **state) {
        Place *place = *state;

        assert_true(hold_note(&place->hold, -1, 1, "redis", "x", USEC_PER_MINUTE) < 0);
        assert_int_equal(until(place, 1, 2), 61);
        assert_true(hold_lift(&place->hold, -1) < 0);
        assert_int_equal(until(place, 1, 2), 61);
        assert_int_equal(hold_save(&place->hold, place->state_fd), 0);
        load(place, BOOT);
        assert_int_equal(until(place, 1, 2), 61);
}

static void test_the_record_stays_small(void **state) {
        Place *place = *state;

        for (uint64_t id = 1; id <= HOLD_REVERTS_MAX + 5; id++)
                note(place, id, 100);
        assert_int_equal(place->hold.n, HOLD_REVERTS_MAX);
        assert_int_equal(place->hold.items[0].id, 6);
        note(place, 1000, 200);
        assert_int_equal(place->hold.n, 1);
}

static void test_damage_is_told(void **state) {
        static const char *const damaged[] = {
                "",
                "garbage",
                "memctl1 00000000 {}\n",
        };
        Place *place = *state;
        Hold hold;

        for (size_t i = 0; i < ELEMENTSOF(damaged); i++) {
                assert_int_equal(tree_write(place->tree, HOLD_FILE, damaged[i]), 0);
                assert_int_equal(hold_load(place->state_fd, BOOT, &hold), -EBADMSG);
                assert_int_equal(hold.n, 0);
        }
}

#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, place_init, place_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_PLACE(test_it_lasts_until_too_many_are_not_within_the_hour),
                IN_A_PLACE(test_the_next_process_knows_it_and_a_release_ends_it),
                IN_A_PLACE(test_what_an_earlier_boot_noted_counts_from_the_start_of_this_one),
                IN_A_PLACE(test_a_revert_counts_once),
                IN_A_PLACE(test_a_note_that_cannot_be_stored_counts_for_this_process),
                IN_A_PLACE(test_the_record_stays_small),
                IN_A_PLACE(test_damage_is_told),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
