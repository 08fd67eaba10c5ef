/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/quarantine.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "daemon/state.h"
#include "tests/support/tree.h"

typedef struct Life {
        char *folder;
        int state_fd;
        Quarantine quarantine;
} Life;

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        assert_int_equal(tree_copy(NULL, &life->folder), 0);
        life->state_fd = state_open(life->folder);
        assert_true(life->state_fd >= 0);
        assert_int_equal(quarantine_load(life->state_fd, &life->quarantine), 0);
        *state = life;
        return 0;
}

static int life_done(void **state) {
        Life *life = *state;

        quarantine_done(&life->quarantine);
        (void) close(life->state_fd);
        tree_remove(life->folder);
        free(life);
        return 0;
}

static void restart(Life *life) {
        quarantine_done(&life->quarantine);
        assert_int_equal(quarantine_load(life->state_fd, &life->quarantine), 0);
}

static int add(Life *life, const char *profile, const char *reason, usec_t now) {
        return quarantine_add(&life->quarantine, life->state_fd, profile, reason, now);
}

/* From here on nothing can be stored. */
static void break_disk(const Life *life) {
        _cleanup_(freep) char *path = text_format("%s/" QUARANTINE_FILE ".new", life->folder);

        assert_int_equal(symlink("/nowhere/at/all", path), 0);
}

static void test_without_a_file_nothing_is_quarantined(void **state) {
        Life *life = *state;

        assert_int_equal(life->quarantine.n, 0);
        assert_null(quarantine_find(&life->quarantine, "redis"));
        assert_int_equal(quarantine_release(&life->quarantine, life->state_fd, "redis"), -ENOENT);
}

static void test_an_entry_outlives_the_process(void **state) {
        Life *life = *state;

        assert_int_equal(add(life, "redis", "it went \"down\"\n", 1234567890123), 0);
        restart(life);
        const QuarantineEntry *entry = quarantine_find(&life->quarantine, "redis");
        assert_non_null(entry);
        assert_string_equal(entry->reason, "it went \"down\"\n");
        assert_int_equal(entry->realtime_usec, 1234567890123);
        assert_null(quarantine_find(&life->quarantine, "redi"));
}

static void test_a_second_reason_replaces_the_first(void **state) {
        Life *life = *state;

        assert_int_equal(add(life, "redis", "one", 1), 0);
        assert_int_equal(add(life, "other", "other", 1), 0);
        assert_int_equal(add(life, "redis", "two", 2), 0);
        restart(life);
        assert_int_equal(life->quarantine.n, 2);
        assert_string_equal(quarantine_find(&life->quarantine, "redis")->reason, "two");
}

static void test_a_released_profile_is_free_for_good(void **state) {
        Life *life = *state;

        assert_int_equal(add(life, "a", "x", 1), 0);
        assert_int_equal(add(life, "b", "x", 1), 0);
        assert_int_equal(add(life, "c", "x", 1), 0);
        assert_int_equal(quarantine_release(&life->quarantine, life->state_fd, "b"), 0);
        restart(life);
        assert_int_equal(life->quarantine.n, 2);
        assert_non_null(quarantine_find(&life->quarantine, "a"));
        assert_null(quarantine_find(&life->quarantine, "b"));
        assert_non_null(quarantine_find(&life->quarantine, "c"));
}

static void test_when_it_is_full_the_oldest_goes(void **state) {
        Life *life = *state;

        for (unsigned i = 0; i <= QUARANTINE_MAX; i++) {
                _cleanup_(freep) char *name = text_format("p%u", i);
                assert_int_equal(add(life, name, "x", i), 0);
        }
        restart(life);
        assert_int_equal(life->quarantine.n, QUARANTINE_MAX);
        assert_null(quarantine_find(&life->quarantine, "p0"));
        assert_non_null(quarantine_find(&life->quarantine, "p1"));
        assert_non_null(quarantine_find(&life->quarantine, "p64"));
}

static void test_what_cannot_be_stored_holds_for_this_process(void **state) {
        Life *life = *state;

        assert_int_equal(add(life, "a", "x", 1), 0);
        break_disk(life);
        assert_true(add(life, "b", "x", 1) < 0);
        assert_non_null(quarantine_find(&life->quarantine, "b"));
        assert_true(quarantine_release(&life->quarantine, life->state_fd, "a") < 0);
        assert_non_null(quarantine_find(&life->quarantine, "a"));
        restart(life);
        assert_non_null(quarantine_find(&life->quarantine, "a"));
        assert_null(quarantine_find(&life->quarantine, "b"));
}

static void assert_damaged(const Life *life, const char *json) {
        _cleanup_(json_putp) json_object *record = json_tokener_parse(json);
        Quarantine quarantine = {.n = 17};

        assert_non_null(record);
        assert_int_equal(state_replace(life->state_fd, QUARANTINE_FILE, record), 0);
        assert_int_equal(quarantine_load(life->state_fd, &quarantine), -EBADMSG);
        assert_int_equal(quarantine.n, 17);
}

static void test_a_whole_record_that_says_something_else_is_damage(void **state) {
        Life *life = *state;

        assert_damaged(life, "{}");
        assert_damaged(life, "[]");
        assert_damaged(life, "{\"quarantine\":{}}");
        assert_damaged(life, "{\"quarantine\":[7]}");
        assert_damaged(life, "{\"quarantine\":[null]}");
        assert_damaged(life, "{\"quarantine\":[{\"profile\":\"a\"}]}");
        assert_damaged(life, "{\"quarantine\":[{\"profile\":\"a\",\"reason\":7}]}");
        assert_damaged(
                life, "{\"quarantine\":[{\"profile\":\"a\",\"reason\":\"x\"},{\"reason\":\"x\"}]}");
}

static void test_more_entries_than_fit_are_cut(void **state) {
        Life *life = *state;
        _cleanup_(json_putp) json_object *record = json_object_new_object();
        json_object *list = json_object_new_array();

        json_set(record, "quarantine", list);
        for (int i = 0; i < 2 * QUARANTINE_MAX; i++) {
                json_object *entry = json_object_new_object();
                json_set(entry, "profile", json_object_new_string("a"));
                json_set(entry, "reason", json_object_new_string("x"));
                (void) json_object_array_add(list, entry);
        }
        assert_int_equal(state_replace(life->state_fd, QUARANTINE_FILE, record), 0);
        restart(life);
        assert_int_equal(life->quarantine.n, QUARANTINE_MAX);
}

static void test_what_could_not_be_stored_can_be_later(void **state) {
        Life *life = *state;

        break_disk(life);
        assert_true(add(life, "a", "x", 1) < 0);
        assert_true(quarantine_save(&life->quarantine, life->state_fd) < 0);
        assert_int_equal(unlinkat(life->state_fd, QUARANTINE_FILE ".new", 0), 0);
        assert_int_equal(quarantine_save(&life->quarantine, life->state_fd), 0);
        restart(life);
        assert_non_null(quarantine_find(&life->quarantine, "a"));
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_without_a_file_nothing_is_quarantined),
                IN_A_LIFE(test_an_entry_outlives_the_process),
                IN_A_LIFE(test_a_second_reason_replaces_the_first),
                IN_A_LIFE(test_a_released_profile_is_free_for_good),
                IN_A_LIFE(test_when_it_is_full_the_oldest_goes),
                IN_A_LIFE(test_what_cannot_be_stored_holds_for_this_process),
                IN_A_LIFE(test_what_could_not_be_stored_can_be_later),
                IN_A_LIFE(test_a_whole_record_that_says_something_else_is_damage),
                IN_A_LIFE(test_more_entries_than_fit_are_cut),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
