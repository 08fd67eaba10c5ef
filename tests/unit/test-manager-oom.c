/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A change under which the kernel kills: the events, the report, and what a restart makes of it. */
#include "daemon/manager.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <systemd/sd-event.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "tests/support/fake-kernel.h"
#include "tests/support/journal-file.h"
#include "tests/support/tree.h"

#define GROUP "sys/fs/cgroup/batch.slice"
#define OTHER "sys/fs/cgroup/other.slice"
#define PATIENCE_USEC (20 * USEC_PER_SEC)

typedef struct Life {
        char *tree;
        char *folder;
        Root *root;
        sd_event *event;
        Manager *manager;
        uint64_t id;
} Life;

static usec_t now_usec(clockid_t clock) {
        struct timespec now;

        (void) clock_gettime(clock, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

static void put(const Life *life, const char *path, const char *text) {
        assert_int_equal(tree_write(life->tree, path, text), 0);
}

static void count_kills(const Life *life, const char *cgroup, unsigned n) {
        _cleanup_(freep) char *path = text_format("%s/memory.events", cgroup);
        _cleanup_(freep) char *text = text_format("low 0\noom 3\noom_kill %u\n", n);

        put(life, path, text);
}

static void restart(Life *life) {
        Config config = config_default();

        config.sample_usec = 50 * USEC_PER_MSEC;
        life->manager = manager_free(life->manager);
        assert_int_equal(manager_new(&(ManagerOptions){.root = life->root,
                                                       .event = life->event,
                                                       .state_dir = life->folder,
                                                       .config = config},
                                     &life->manager),
                         0);
        assert_int_equal(manager_start(life->manager), 0);
}

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        log_set_level(LOG_EMERG);
        assert_int_equal(tree_copy("x86-24g-6.18", &life->tree), 0);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        root_set_write_hook(life->root, fake_kernel_write);
        put(life, "sys/fs/cgroup/cgroup.controllers", "memory\n");
        for (size_t i = 0; i < 2; i++) {
                const char *cgroup = i == 0 ? GROUP : OTHER;
                _cleanup_(freep) char *path = text_format("%s/memory.pressure", cgroup);
                put(life, path, "some avg10=0.00 total=0\nfull avg10=0.00 total=0\n");
                count_kills(life, cgroup, 3);
        }
        put(life,
            "etc/memctl/profiles/one.yaml",
            "profile: one\nsummary: s\nsysctl: {vm.swappiness: 10}\n"
            "watch: {pressure-of: batch.slice, regressions: {}, limits: {oom-kill: 1}}\n");
        put(life,
            "etc/memctl/profiles/two.yaml",
            "profile: two\nsummary: s\nsysctl: {vm.swappiness: 10}\n"
            "watch: {pressure-of: batch.slice, regressions: {}, limits: {oom-kill: 2}}\n");
        life->folder = text_format("%s/state", life->tree);
        assert_int_equal(sd_event_new(&life->event), 0);
        *state = life;
        return 0;
}

static int life_done(void **state) {
        Life *life = *state;

        manager_free(life->manager);
        sd_event_unref(life->event);
        root_close(life->root);
        tree_remove(life->tree);
        free(life->folder);
        free(life);
        return 0;
}

static void apply(Life *life, const char *name) {
        Refusal refusal = {0};

        restart(life);
        if (manager_apply(life->manager, name, &(ApplyOptions){0}, NULL, &life->id, &refusal) < 0)
                fail_msg("%s", refusal.text);
}

/* The kernel kills in that cgroup and says so; the journal has it when it is told to. */
static void write_kill(const Life *life, int pid, const char *cgroup) {
        _cleanup_(freep) char *text = journal_file_kill("hog", pid, cgroup);
        const JournalEntry entry = {now_usec(CLOCK_REALTIME), 'a', text};

        journal_file_write(life->tree, &entry, 1);
}

static Report *read_report(const Life *life) {
        Refusal refusal = {0};
        Report *report = NULL;

        if (manager_report(life->manager, life->id, &report, &refusal) < 0)
                fail_msg("%s", refusal.text);
        return report;
}

/* What the loop is run for. */

static bool is_reverted(const Life *life) {
        return manager_state(life->manager) == MANAGER_REVERTED;
}

static bool has_account(const Life *life) {
        _cleanup_(report_freep) Report *report = read_report(life);

        return report->oom.events && json_object_array_length(report->oom.events) > 0;
}

static bool is_never(const Life *life) {
        return false;
}

static bool run_until(Life *life, bool (*condition)(const Life *life), usec_t patience) {
        usec_t end = now_usec(CLOCK_MONOTONIC) + patience;

        while (!condition(life)) {
                usec_t now = now_usec(CLOCK_MONOTONIC);
                if (now >= end)
                        return false;
                assert_true(sd_event_run(life->event, MIN_OF(end - now, USEC_PER_SEC / 20)) >= 0);
        }
        return true;
}

static int on_event(const Event *event, void *userdata) {
        char **text = userdata;

        if (event->type == EVENT_OOM_KILL || event->type == EVENT_REVERTED) {
                char *longer = text_format("%s%s\n", *text ? *text : "", event->message);
                free(*text);
                *text = longer;
        }
        return 0;
}

static void assert_told(const Life *life, const char *const *parts, size_t n) {
        _cleanup_(freep) char *text = NULL;

        (void) events_visit(manager_events(life->manager), 0, 100, on_event, &text);
        assert_non_null(text);
        for (size_t i = 0; i < n; i++)
                if (!strstr(text, parts[i]))
                        fail_msg("\"%s\" is not told of in: %s", parts[i], text);
}

static void assert_swappiness(const Life *life, const char *expected) {
        _cleanup_(freep) char *text = NULL;

        assert_int_equal(root_read(life->root, "proc/sys/vm/swappiness", &text), 0);
        assert_string_equal(text_strip(text), expected);
}

static void test_a_kill_reverts_and_the_report_has_the_kernels_account(void **state) {
        static const char *const told[] = {
                "The kernel killed 1 process in batch.slice for want of memory, 1 since one was",
                "Reverted one: the kernel killed a process in batch.slice for want of memory.",
                "The kernel killed hog (4711) at the limit of /batch.slice: ",
        };
        Life *life = *state;

        write_kill(life, 1, "/other.slice");
        apply(life, "one");
        assert_swappiness(life, "10");
        count_kills(life, GROUP, 4);
        assert_true(run_until(life, is_reverted, PATIENCE_USEC));
        assert_swappiness(life, "60");
        {
                _cleanup_(report_freep) Report *early = read_report(life);
                assert_int_equal(early->reason, REPORT_REASON_OOM);
                assert_true(early->oom.killed == 1 && early->oom.limit == 1);
                assert_string_equal(early->oom.note, "what the kernel said of it was not read yet");
        }
        write_kill(life, 4711, "/batch.slice");
        assert_true(run_until(life, has_account, PATIENCE_USEC));
        _cleanup_(report_freep) Report *report = read_report(life);
        assert_int_equal(report->verdict, REPORT_VERDICT_REVERT);
        assert_int_equal(json_object_array_length(report->oom.events), 1);
        assert_null(report->oom.note);
        assert_told(life, told, ELEMENTSOF(told));
}

static void test_a_kill_in_another_cgroup_changes_nothing(void **state) {
        Life *life = *state;

        apply(life, "one");
        count_kills(life, OTHER, 4);
        put(life, "proc/vmstat", "oom_kill 99\n");
        assert_false(run_until(life, is_reverted, 400 * USEC_PER_MSEC));
        _cleanup_(report_freep) Report *report = read_report(life);
        assert_true(report->oom.killed == 0);
        assert_null(report->oom.note);
}

static void test_a_restart_in_the_middle_goes_on_counting(void **state) {
        Life *life = *state;

        apply(life, "two");
        count_kills(life, GROUP, 4);
        write_kill(life, 1, "/batch.slice");
        assert_true(run_until(life, has_account, PATIENCE_USEC));
        restart(life);
        assert_false(run_until(life, is_reverted, 300 * USEC_PER_MSEC));
        assert_true(run_until(life, has_account, PATIENCE_USEC)); /* it is read again */
        life->manager = manager_free(life->manager);
        count_kills(life, GROUP, 5); /* while there is no daemon */
        restart(life);
        assert_true(run_until(life, is_reverted, PATIENCE_USEC));
        _cleanup_(report_freep) Report *report = read_report(life);
        assert_true(report->oom.killed == 2);
        assert_swappiness(life, "60");
}

/* The process ends after the revert, before the log was read. */
static void test_a_restart_in_the_midst_of_reading_reads_on(void **state) {
        Life *life = *state;

        write_kill(life, 1, "/other.slice");
        apply(life, "one");
        count_kills(life, GROUP, 4);
        assert_true(run_until(life, is_reverted, PATIENCE_USEC));
        write_kill(life, 4711, "/batch.slice");
        restart(life);
        assert_int_equal(manager_state(life->manager), MANAGER_IDLE);
        assert_true(run_until(life, has_account, PATIENCE_USEC));
        restart(life); /* and it is not read for ever */
        assert_false(run_until(life, is_never, 300 * USEC_PER_MSEC));
        _cleanup_(report_freep) Report *report = read_report(life);
        assert_null(report->oom.note);
}

static void test_that_the_log_cannot_be_read_is_said(void **state) {
        static const char *const told[] = {"Of the kills: what the kernel said of it is not known: "
                                           "there is no system journal."};
        Life *life = *state;

        apply(life, "one");
        count_kills(life, GROUP, 4);
        assert_true(run_until(life, is_reverted, PATIENCE_USEC));
        (void) run_until(life, is_never, USEC_PER_SEC);
        _cleanup_(report_freep) Report *report = read_report(life);
        assert_string_equal(report->oom.note,
                            "what the kernel said of it is not known: there is no system journal");
        assert_told(life, told, ELEMENTSOF(told));
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

int main(void) {
        static const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_a_kill_reverts_and_the_report_has_the_kernels_account),
                IN_A_LIFE(test_a_kill_in_another_cgroup_changes_nothing),
                IN_A_LIFE(test_a_restart_in_the_middle_goes_on_counting),
                IN_A_LIFE(test_a_restart_in_the_midst_of_reading_reads_on),
                IN_A_LIFE(test_that_the_log_cannot_be_read_is_said),
        };

        if (journal_file_missing()) {
                (void) printf("1..0 # SKIP %s\n", journal_file_missing());
                return 0;
        }
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
