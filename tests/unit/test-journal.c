/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/journal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "daemon/state.h"
#include "tests/support/plan-of.h"
#include "tests/support/tree.h"

#define BOOT_ID "11111111-2222-3333-4444-555555555555"
#define VALUES "vm.swappiness=10\nvm.dirty_bytes=67108864\n"

typedef struct Life {
        char *tree;
        Root *root;
        int state_fd;
        Journal *journal; /* with every field set */
} Life;

static Journal *make_full(const Root *root) {
        Journal *journal = journal_new(42, "redis", BOOT_ID);

        assert_non_null(journal);
        journal->plan = plan_of(root,
                                "redis",
                                "transparent_hugepage.enabled=never vm.dirty_bytes=64MiB "
                                "vm.lowmem_reserve_ratio=128,128 "
                                "transparent_hugepage.hugepages-64kB.enabled=inherit");
        assert_non_null(journal->plan);
        free(journal->values);
        journal->values = strdup(VALUES);
        journal->pressure_of = strdup("redis.service");
        journal->started_usec = 1000;
        journal->deadline_usec = UINT64_MAX / 4;
        journal->confirm = true;
        journal->baseline_usec = 300 * USEC_PER_SEC;
        journal->drifted = strdup("vm.swappiness");
        journal->limits[0] = (WatchLimit){METRIC_MEMORY_FULL, 1000, 2 * USEC_PER_SEC};
        journal->limits[1] = (WatchLimit){METRIC_IO_SOME, 1, 500000};
        journal->n_limits = 2;
        journal->oom_limit = 3;
        journal->kills.last = 41;
        journal->before[METRIC_IO_SOME] = 0;
        journal->before[METRIC_CPU_SOME] = 1234;
        journal->start.at_usec = 999;
        journal->start.valid[METRIC_MEMORY_FULL] = true;
        journal->start.stall_usec[METRIC_MEMORY_FULL] = 1ull << 60;
        journal->start.valid[METRIC_CPU_SOME] = true;
        return journal;
}

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));
        _cleanup_(freep) char *folder = NULL;

        assert_non_null(life);
        assert_int_equal(tree_copy("x86-24g-6.18", &life->tree), 0);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        folder = text_format("%s/state", life->tree);
        life->state_fd = state_open(folder);
        assert_true(life->state_fd >= 0);
        life->journal = make_full(life->root);
        *state = life;
        return 0;
}

static int life_done(void **state) {
        Life *life = *state;

        journal_free(life->journal);
        (void) close(life->state_fd);
        root_close(life->root);
        tree_remove(life->tree);
        free(life);
        return 0;
}

static Journal *load(const Life *life) {
        Journal *journal = NULL;

        assert_int_equal(journal_load(life->state_fd, JOURNAL_PENDING, &journal), 0);
        return journal;
}

static void assert_same_plan(const Plan *a, const Plan *b) {
        _cleanup_(json_putp) json_object *a_json = plan_to_json(a), *b_json = plan_to_json(b);

        assert_string_equal(json_object_to_json_string(a_json), json_object_to_json_string(b_json));
}

static void assert_same_watch(const Journal *a, const Journal *b) {
        assert_string_equal(a->pressure_of, b->pressure_of);
        assert_string_equal(a->drifted, b->drifted);
        assert_int_equal(a->baseline_usec, b->baseline_usec);
        assert_int_equal(a->n_limits, b->n_limits);
        assert_true(a->oom_limit == b->oom_limit);
        for (size_t i = 0; i < a->n_limits; i++) {
                assert_int_equal(a->limits[i].metric, b->limits[i].metric);
                assert_int_equal(a->limits[i].share_permyriad, b->limits[i].share_permyriad);
                assert_int_equal(a->limits[i].window_usec, b->limits[i].window_usec);
        }
        for (size_t i = 0; i < _METRIC_MAX; i++) {
                assert_int_equal(a->before[i] < 0, b->before[i] < 0);
                if (a->before[i] >= 0)
                        assert_int_equal(a->before[i], b->before[i]);
        }
}

static void assert_same_start(const Sample *a, const Sample *b) {
        assert_int_equal(a->at_usec, b->at_usec);
        for (size_t i = 0; i < _METRIC_MAX; i++) {
                assert_int_equal(a->valid[i], b->valid[i]);
                assert_int_equal(a->stall_usec[i], b->stall_usec[i]);
        }
}

static void assert_same(const Journal *a, const Journal *b) {
        assert_int_equal(a->id, b->id);
        assert_string_equal(a->profile, b->profile);
        assert_string_equal(a->boot_id, b->boot_id);
        assert_int_equal(a->phase, b->phase);
        assert_string_equal(a->values, b->values);
        assert_same_plan(a->plan, b->plan);
        assert_int_equal(a->deadline_usec, b->deadline_usec);
        assert_int_equal(a->confirm, b->confirm);
        assert_int_equal(a->started_usec, b->started_usec);
        assert_same_watch(a, b);
        assert_int_equal(a->whole, b->whole);
        assert_int_equal(a->min_free.fixed, b->min_free.fixed);
        if (a->min_free.fixed)
                assert_true(value_equal(&a->min_free.value, &b->min_free.value));
}

static void assert_same_kills(const Journal *a, const Journal *b) {
        assert_true(a->kills.last == b->kills.last);
        assert_true(a->kills.killed == b->kills.killed);
        assert_true(a->kills_told == b->kills_told);
}

static void assert_loads_as(const Life *life, const Journal *expected) {
        _cleanup_(journal_freep) Journal *found = load(life);

        assert_same(found, expected);
        if (expected->phase == JOURNAL_BEGUN)
                return;
        assert_same_start(&found->start, &expected->start);
        assert_same_kills(found, expected);
}

static void fix_min_free(Journal *journal) {
        journal->whole = true;
        journal->min_free = (MinFree){
                .fixed = true,
                .value = {.kind = VALUE_INTEGER, .n = 1, .integers = {INTEGER_OF(67584)}},
        };
}

/* Writes the records of a whole life up to a phase. */
static void write_until(Life *life, JournalPhase phase) {
        assert_int_equal(journal_write(life->state_fd, JOURNAL_PENDING, life->journal), 0);
        if (phase == JOURNAL_BEGUN)
                return;
        assert_int_equal(journal_append_applied(life->state_fd, JOURNAL_PENDING, life->journal), 0);
        life->journal->deadline_usec += 1000;
        assert_int_equal(journal_append_extended(life->state_fd, JOURNAL_PENDING, life->journal),
                         0);
        if (phase == JOURNAL_APPLIED)
                return;
        fix_min_free(life->journal);
        assert_int_equal(journal_append_reverting(life->state_fd, JOURNAL_PENDING, life->journal),
                         0);
}

static void test_every_field_comes_back_in_every_phase(void **state) {
        Life *life = *state;

        for (JournalPhase phase = JOURNAL_BEGUN; phase < _JOURNAL_PHASE_MAX; phase++) {
                journal_freep(&life->journal);
                life->journal = make_full(life->root);
                write_until(life, phase);
                assert_int_equal(life->journal->phase, phase);
                assert_loads_as(life, life->journal);
        }
}

static void test_each_knob_that_was_changed_from_outside_is_there_once(void **state) {
        Life *life = *state;
        static const char *const knobs[] = {"vm.dirty_ratio", "vm.swappiness", "vm.dirty"};

        write_until(life, JOURNAL_APPLIED);
        for (int again = 0; again < 2; again++)
                for (size_t i = 0; i < ELEMENTSOF(knobs); i++)
                        assert_int_equal(
                                journal_append_drifted(
                                        life->state_fd, JOURNAL_PENDING, life->journal, knobs[i]),
                                0);
        _cleanup_(journal_freep) Journal *found = load(life);
        assert_string_equal(found->drifted, "vm.swappiness, vm.dirty_ratio, vm.dirty");
        assert_int_equal(found->phase, JOURNAL_APPLIED);
}

static void test_what_is_not_known_is_not_known_afterwards(void **state) {
        Life *life = *state;

        free(TAKE_PTR(life->journal->pressure_of));
        life->journal->pressure_of = strdup("system");
        life->journal->n_limits = 0;
        life->journal->confirm = false;
        write_until(life, JOURNAL_APPLIED);
        assert_loads_as(life, life->journal);

        free(TAKE_PTR(life->journal->pressure_of));
        assert_int_equal(journal_write(life->state_fd, JOURNAL_PENDING, life->journal), 0);
        _cleanup_(journal_freep) Journal *found = load(life);
        assert_null(found->pressure_of);
        assert_int_equal(found->before[METRIC_MEMORY_SOME], -ENODATA);
        assert_false(found->min_free.fixed);
}

static void test_the_latest_kills_count(void **state) {
        Life *life = *state;

        write_until(life, JOURNAL_APPLIED);
        life->journal->kills = (OomKills){.last = 43, .killed = 2};
        life->journal->kills_told = 1;
        assert_int_equal(journal_append_kills(life->state_fd, JOURNAL_PENDING, life->journal), 0);
        assert_loads_as(life, life->journal);
        life->journal->kills = (OomKills){.last = COUNTER_UNKNOWN, .killed = 3};
        life->journal->kills_told = 3;
        assert_int_equal(journal_append_kills(life->state_fd, JOURNAL_PENDING, life->journal), 0);
        assert_loads_as(life, life->journal);
}

/* Of a version that did not count, or of nobody: then nothing was killed yet. */
static void test_kills_that_make_no_sense_are_none(void **state) {
        Life *life = *state;
        static const char *const nonsense[] = {"null", "7", "{}", "{\"counter\":\"7\",\"told\":9}"};

        for (size_t i = 0; i < ELEMENTSOF(nonsense); i++) {
                _cleanup_(json_putp) json_object *record = json_object_new_object();
                json_set(record, "record", json_object_new_string("kills"));
                json_set(record, "kills", json_tokener_parse(nonsense[i]));
                write_until(life, JOURNAL_APPLIED);
                assert_int_equal(state_append(life->state_fd, JOURNAL_PENDING, record, false), 0);
                _cleanup_(journal_freep) Journal *found = load(life);
                assert_true(found->kills.last == COUNTER_UNKNOWN);
                assert_true(found->kills.killed == 0 && found->kills_told == 0);
        }
}

static void test_a_journal_of_any_phase_can_be_written_whole(void **state) {
        Life *life = *state;

        for (JournalPhase phase = JOURNAL_BEGUN; phase < _JOURNAL_PHASE_MAX; phase++) {
                life->journal->phase = phase;
                if (phase == JOURNAL_REVERTING)
                        fix_min_free(life->journal);
                assert_int_equal(journal_write(life->state_fd, JOURNAL_PENDING, life->journal), 0);
                _cleanup_(journal_freep) Journal *found = load(life);
                assert_same(found, life->journal);
        }
}

/* Damages the i-th line, from 0. */
static void damage_line(const Life *life, size_t i) {
        _cleanup_(freep) char *text = NULL;

        assert_int_equal(root_read(life->root, "state/" JOURNAL_PENDING, &text), 0);
        char *line = text;
        while (i-- > 0)
                line = strchr(line, '\n') + 1;
        *strchr(line, '{') = '[';
        assert_int_equal(tree_write(life->tree, "state/" JOURNAL_PENDING, text), 0);
}

static void test_without_its_applied_record_it_is_begun(void **state) {
        Life *life = *state;

        write_until(life, JOURNAL_APPLIED);
        damage_line(life, 1);
        _cleanup_(journal_freep) Journal *found = load(life);
        assert_int_equal(found->phase, JOURNAL_BEGUN);
}

static void test_without_its_extended_record_the_old_deadline_holds(void **state) {
        Life *life = *state;

        write_until(life, JOURNAL_APPLIED);
        damage_line(life, 2);
        _cleanup_(journal_freep) Journal *found = load(life);
        assert_int_equal(found->phase, JOURNAL_APPLIED);
        assert_true(found->confirm);
        assert_int_equal(found->deadline_usec, life->journal->deadline_usec - 1000);
}

static void test_without_its_reverting_record_it_is_still_watched(void **state) {
        Life *life = *state;

        write_until(life, JOURNAL_REVERTING);
        damage_line(life, 3);
        _cleanup_(journal_freep) Journal *found = load(life);
        assert_int_equal(found->phase, JOURNAL_APPLIED);
        assert_false(found->min_free.fixed);
}

static void test_reverting_is_known_without_any_record_between(void **state) {
        Life *life = *state;

        write_until(life, JOURNAL_REVERTING);
        damage_line(life, 1);
        damage_line(life, 2);
        _cleanup_(journal_freep) Journal *found = load(life);
        assert_int_equal(found->phase, JOURNAL_REVERTING);
        assert_true(found->min_free.fixed);
        assert_true(found->whole);
}

static void test_without_its_first_record_it_is_damaged(void **state) {
        Life *life = *state;
        Journal *none = NULL;

        write_until(life, JOURNAL_REVERTING);
        damage_line(life, 0);
        assert_int_equal(journal_load(life->state_fd, JOURNAL_PENDING, &none), -EBADMSG);
        assert_null(none);
}

static void test_where_none_was_written_there_is_none(void **state) {
        Life *life = *state;
        Journal *none = NULL;

        assert_int_equal(journal_load(life->state_fd, JOURNAL_PENDING, &none), -ENOENT);
        assert_int_equal(journal_append_applied(life->state_fd, JOURNAL_PENDING, life->journal),
                         -ENOENT);
        assert_int_equal(life->journal->phase, JOURNAL_BEGUN);
        /* Reverting goes on whether it can be recorded or not. */
        assert_int_equal(journal_append_reverting(life->state_fd, JOURNAL_PENDING, life->journal),
                         -ENOENT);
        assert_int_equal(life->journal->phase, JOURNAL_REVERTING);
        assert_int_equal(journal_remove(life->state_fd, JOURNAL_PENDING), 0);
}

/* The first record with one member replaced by what json says, or without it; its checksum is
 * right. */
static int load_with(const Life *life, const char *key, const char *json) {
        _cleanup_(json_putp) json_object *records = NULL;
        Journal *journal = NULL;

        assert_int_equal(journal_write(life->state_fd, JOURNAL_PENDING, life->journal), 0);
        assert_int_equal(state_read(life->state_fd, JOURNAL_PENDING, &records), 0);
        json_object *record = json_object_array_get_idx(records, 0);
        if (json)
                json_set(record, key, json_tokener_parse(json));
        else
                json_object_object_del(record, key);
        assert_int_equal(state_replace(life->state_fd, JOURNAL_PENDING, record), 0);
        int r = journal_load(life->state_fd, JOURNAL_PENDING, &journal);
        journal_freep(&journal);
        return r;
}

static void test_a_record_that_makes_no_sense_is_damage(void **state) {
        Life *life = *state;
        static const struct {
                const char *key;
                const char *json;
        } cases[] = {
                {"profile", NULL},
                {"profile", "7"},
                {"profile", "\"\""},
                {"profile", "\"../../etc/shadow\""},
                {"profile", "\"Redis\""},
                {"profile", "\"a b\""},
                {"boot-id", NULL},
                {"boot-id", "[]"},
                {"values", NULL},
                {"values", "{}"},
                {"plan", NULL},
                {"plan", "null"},
                {"plan", "[]"},
                {"plan", "{\"profile\":\"redis\"}"},
                {"phase", "\"kept\""},
                {"phase", "\"\""},
                {"min-free", "\"many\""},
                {"min-free", "\"\""},
                {"limits", "[7]"},
                {"limits", "[{}]"},
                {"limits", "[{\"metric\":\"disk.some\",\"share\":1,\"window\":1}]"},
                {"limits", "[{\"metric\":\"io.some\",\"share\":0,\"window\":1}]"},
                {"limits", "[{\"metric\":\"io.some\",\"share\":10001,\"window\":1}]"},
                {"limits", "[{\"metric\":\"io.some\",\"share\":4294967297,\"window\":1}]"},
                {"limits", "[{\"metric\":\"io.some\",\"share\":1,\"window\":0}]"},
                {"limits", "[{},{},{},{},{},{},{},{},{}]"},
        };

        assert_int_equal(load_with(life, "unknown", "7"), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                if (load_with(life, cases[i].key, cases[i].json) != -EBADMSG)
                        fail_msg("\"%s\": %s is taken", cases[i].key, cases[i].json);
}

static void test_what_only_evidence_needs_may_be_nonsense(void **state) {
        Life *life = *state;
        static const char *const keys[] = {"before", "start", "pressure-of", "baseline", "started"};
        static const char *const nonsense[] = {
                "null", "7", "[]", "{}", "-1", "{\"io.some\":\"x\"}"};

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                for (size_t j = 0; j < ELEMENTSOF(nonsense); j++)
                        assert_int_equal(load_with(life, keys[i], nonsense[j]), 0);
}

static void test_a_record_that_is_no_object_is_damage(void **state) {
        Life *life = *state;
        static const char *const texts[] = {"[]", "7", "\"text\"", "[{}]"};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(json_putp) json_object *record = json_tokener_parse(texts[i]);
                Journal *none = NULL;
                assert_int_equal(state_replace(life->state_fd, JOURNAL_PENDING, record), 0);
                assert_int_equal(journal_load(life->state_fd, JOURNAL_PENDING, &none), -EBADMSG);
                assert_null(none);
        }
}

static void test_a_boot_id_that_is_too_long_is_cut(void **state) {
        Life *life = *state;

        _cleanup_(journal_freep) Journal *journal = journal_new(1, "redis", BOOT_ID BOOT_ID);
        assert_non_null(journal);
        assert_string_equal(journal->boot_id, BOOT_ID);
        assert_int_equal(load_with(life, "boot-id", "\"" BOOT_ID BOOT_ID BOOT_ID "\""), 0);
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_every_field_comes_back_in_every_phase),
                IN_A_LIFE(test_each_knob_that_was_changed_from_outside_is_there_once),
                IN_A_LIFE(test_what_is_not_known_is_not_known_afterwards),
                IN_A_LIFE(test_the_latest_kills_count),
                IN_A_LIFE(test_kills_that_make_no_sense_are_none),
                IN_A_LIFE(test_a_journal_of_any_phase_can_be_written_whole),
                IN_A_LIFE(test_without_its_applied_record_it_is_begun),
                IN_A_LIFE(test_without_its_extended_record_the_old_deadline_holds),
                IN_A_LIFE(test_without_its_reverting_record_it_is_still_watched),
                IN_A_LIFE(test_reverting_is_known_without_any_record_between),
                IN_A_LIFE(test_without_its_first_record_it_is_damaged),
                IN_A_LIFE(test_where_none_was_written_there_is_none),
                IN_A_LIFE(test_a_record_that_makes_no_sense_is_damage),
                IN_A_LIFE(test_what_only_evidence_needs_may_be_nonsense),
                IN_A_LIFE(test_a_record_that_is_no_object_is_damage),
                IN_A_LIFE(test_a_boot_id_that_is_too_long_is_cut),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
