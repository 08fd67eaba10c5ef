/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/ring.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/tree.h"

typedef struct Place {
        char *tree;
        int fd;
        Ring *ring;
} Place;

static const char boot[BOOT_ID_MAX] = "this boot";
static const char other_boot[BOOT_ID_MAX] = "another";

static int place_init(void **state) {
        Place *place = calloc(1, sizeof(*place));

        assert_non_null(place);
        assert_int_equal(tree_copy("x86-2g-6.1", &place->tree), 0);
        place->fd = open(place->tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
        assert_true(place->fd >= 0);
        *state = place;
        return 0;
}

static int place_done(void **state) {
        Place *place = *state;

        ring_close(place->ring);
        (void) close(place->fd);
        tree_remove(place->tree);
        free(place);
        return 0;
}

static void reopen(Place *place, const char *scope, const char *boot_id) {
        int error = 0;

        ring_closep(&place->ring);
        assert_int_equal(ring_open(place->fd, "samples", scope, boot_id, &place->ring, &error), 0);
        assert_int_equal(error, 0);
}

static void add(Place *place, usec_t first, usec_t n) {
        for (usec_t i = 0; i < n; i++)
                ring_add(place->ring, &(Sample){.at_usec = first + i}, 7, i == 0);
}

static void test_what_was_added_is_found_newest_first(void **state) {
        Place *place = *state;

        reopen(place, "system", boot);
        assert_int_equal(ring_count(place->ring), 0);
        add(place, 100, 3);
        reopen(place, "system", boot);
        assert_int_equal(ring_count(place->ring), 3);
        assert_int_equal(ring_at(place->ring, 0)->sample.at_usec, 102);
        assert_int_equal(ring_at(place->ring, 2)->sample.at_usec, 100);
        assert_int_equal(ring_at(place->ring, 2)->setting, 7);
        assert_true(ring_at(place->ring, 2)->settling);
        assert_false(ring_at(place->ring, 0)->settling);
}

static void test_the_oldest_make_room(void **state) {
        Place *place = *state;

        reopen(place, "system", boot);
        add(place, 1000, RING_ENTRIES + 10);
        reopen(place, "system", boot);
        assert_int_equal(ring_count(place->ring), RING_ENTRIES);
        assert_int_equal(ring_at(place->ring, RING_ENTRIES - 1)->sample.at_usec, 1010);
        add(place, 9000000, 1);
        assert_int_equal(ring_count(place->ring), RING_ENTRIES);
        assert_int_equal(ring_at(place->ring, 0)->sample.at_usec, 9000000);
}

static void test_another_boot_or_scope_begins_anew(void **state) {
        Place *place = *state;

        reopen(place, "system", boot);
        add(place, 100, 3);
        reopen(place, "system", other_boot);
        assert_int_equal(ring_count(place->ring), 0);
        add(place, 100, 3);
        reopen(place, "redis.service", other_boot);
        assert_int_equal(ring_count(place->ring), 0);
}

/* Writes over the file at an offset from its end. */
static void damage(const Place *place, off_t from_end, const char *bytes) {
        int fd = openat(place->fd, "samples", O_RDWR | O_CLOEXEC);

        assert_true(fd >= 0);
        off_t size = lseek(fd, 0, SEEK_END);
        assert_int_equal(pwrite(fd, bytes, strlen(bytes), size - from_end), strlen(bytes));
        (void) close(fd);
}

static void test_a_torn_entry_ends_what_is_found(void **state) {
        Place *place = *state;

        reopen(place, "system", boot);
        add(place, 1000, RING_ENTRIES); /* full: the newest is the last in the file */
        damage(place, 5 * (off_t) sizeof(RingEntry) - 8, "torn");
        reopen(place, "system", boot);
        assert_int_equal(ring_count(place->ring), 4);
        assert_int_equal(ring_at(place->ring, 3)->sample.at_usec, 1000 + RING_ENTRIES - 4);
}

static void test_what_is_no_ring_is_begun_anew(void **state) {
        Place *place = *state;

        assert_int_equal(tree_write(place->tree, "samples", "short"), 0);
        reopen(place, "system", boot);
        assert_int_equal(ring_count(place->ring), 0);
        add(place, 5, 1);
        reopen(place, "system", boot);
        assert_int_equal(ring_count(place->ring), 1);
}

static void test_without_a_file_it_is_in_memory_and_says_why(void **state) {
        Place *place = *state;
        int error = 0;

        assert_int_equal(symlinkat("/etc/passwd", place->fd, "link"), 0);
        assert_int_equal(ring_open(place->fd, "link", "system", boot, &place->ring, &error), 0);
        assert_int_equal(error, -ELOOP);
        add(place, 5, 2);
        assert_int_equal(ring_count(place->ring), 2);
}

#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, place_init, place_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_PLACE(test_what_was_added_is_found_newest_first),
                IN_A_PLACE(test_the_oldest_make_room),
                IN_A_PLACE(test_another_boot_or_scope_begins_anew),
                IN_A_PLACE(test_a_torn_entry_ends_what_is_found),
                IN_A_PLACE(test_what_is_no_ring_is_begun_anew),
                IN_A_PLACE(test_without_a_file_it_is_in_memory_and_says_why),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
