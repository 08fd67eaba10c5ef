/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/kill-log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/journal-file.h"
#include "tests/support/tree.h"

#define DAY ((usec_t) 1790000000000000)
#define KILLS_MAX 16

static char *tree;

static int init(void **state) {
        return tree_copy(NULL, &tree);
}

static int done(void **state) {
        tree = tree_remove(tree);
        return 0;
}

/* One a second from DAY on, of the processes 1, 2, ... in these cgroups. */
static void write_kills(const char *const *cgroups, size_t n) {
        JournalEntry entries[KILLS_MAX];
        char *texts[KILLS_MAX];

        assert_true(n <= KILLS_MAX);
        for (size_t i = 0; i < n; i++) {
                texts[i] = journal_file_kill("hog", (int) i + 1, cgroups[i]);
                entries[i] = (JournalEntry){DAY + i * USEC_PER_SEC, 'a', texts[i]};
        }
        journal_file_write(tree, entries, n);
        for (size_t i = 0; i < n; i++)
                free(texts[i]);
}

static int read_kills(const char *cgroup, usec_t since, KillLog *ret) {
        _cleanup_(root_closep) Root *root = NULL;

        assert_int_equal(root_open(tree, &root), 0);
        return kill_log_read(root, cgroup, since, ret);
}

static void assert_victims(const KillLog *log, const char *expected) {
        char text[128] = "";
        size_t n = 0;

        for (size_t i = 0; i < json_object_array_length(log->events); i++) {
                json_object *event = json_object_array_get_idx(log->events, i);
                json_object *victim = json_object_object_get(event, "victim");
                n += (size_t) snprintf(text + n,
                                       sizeof(text) - n,
                                       "%lu ",
                                       (unsigned long) json_get_uint64(victim, "pid"));
        }
        assert_string_equal(text, expected);
}

static void assert_read(const char *cgroup, usec_t since, const char *victims, uint64_t killed) {
        _cleanup_(kill_log_done) KillLog log = {0};

        assert_int_equal(read_kills(cgroup, since, &log), 0);
        assert_victims(&log, victims);
        assert_true(log.killed == killed);
        assert_true(log.n_left_out == 0);
}

static void test_only_kills_in_the_scope_and_since_the_instant_count(void **state) {
        static const char *const cgroups[] = {"/a", "/b", "/a/c", "/ab", "/a", "/c/a"};

        write_kills(cgroups, ELEMENTSOF(cgroups));
        assert_read("sys/fs/cgroup/a", 0, "1 3 5 ", 3);
        assert_read("sys/fs/cgroup/a", DAY + USEC_PER_SEC, "3 5 ", 2);
        assert_read("sys/fs/cgroup/a/c", 0, "3 ", 1);
        assert_read("sys/fs/cgroup/none", 0, "", 0);
        assert_read("sys/fs/cgroup/unified/b", 0, "2 ", 1);
        assert_read(NULL, 0, "1 2 3 4 5 6 ", 6);
        assert_read("sys/fs/cgroup", DAY + 5 * USEC_PER_SEC, "6 ", 1);
        /* In a container the kernel's names have more before them. */
        assert_int_equal(tree_write(tree, "sys/fs/cgroup/cgroup.events", "populated 1\n"), 0);
        assert_read("sys/fs/cgroup/a", 0, "1 3 5 6 ", 4);
}

static void test_the_first_are_kept_and_all_are_counted(void **state) {
        const char *cgroups[KILLS_MAX];
        _cleanup_(kill_log_done) KillLog log = {0};

        for (size_t i = 0; i < KILLS_MAX; i++)
                cgroups[i] = "/a";
        write_kills(cgroups, KILLS_MAX);
        assert_int_equal(read_kills(NULL, 0, &log), 0);
        assert_victims(&log, "1 2 3 4 5 6 7 8 ");
        assert_true(log.killed == KILLS_MAX);
        assert_true(log.n_left_out == KILLS_MAX - REPORT_OOM_EVENTS_MAX);
}

/* A kill with this many tasks in its table, the last one the largest. */
static char *kill_with_tasks(size_t n) {
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        (void) fputs(
                "hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0\n"
                "Tasks state (memory values in pages):\n"
                "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj "
                "name\n",
                out);
        for (size_t i = 1; i <= n; i++)
                (void) fprintf(
                        out, "[%7zu]     0 %5zu     9000 %8zu    36864        0 0 t\n", i, i, i);
        (void) fputs("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,"
                     "global_oom,task_memcg=/a,task=t,pid=7,uid=0\n"
                     "Out of memory: Killed process 7 (t) total-vm:1kB, anon-rss:1kB, "
                     "file-rss:0kB, shmem-rss:0kB",
                     out);
        assert_int_equal(fclose(out), 0);
        return text;
}

static void test_of_the_tasks_the_largest_are_kept(void **state) {
        _cleanup_(kill_log_done) KillLog log = {0};
        _cleanup_(freep) char *text = kill_with_tasks(100);
        const JournalEntry entry = {DAY, 'a', text};
        json_object *tasks = NULL;

        journal_file_write(tree, &entry, 1);
        assert_int_equal(read_kills("sys/fs/cgroup/a", 0, &log), 0);
        assert_true(log.killed == 1);
        assert_true(json_object_object_get_ex(
                json_object_array_get_idx(log.events, 0), "tasks", &tasks));
        assert_int_equal(json_object_array_length(tasks), KILL_LOG_TASKS_MAX);
        assert_true(json_get_uint64(json_object_array_get_idx(tasks, 0), "pid") == 100);
        assert_true(json_get_uint64(json_object_array_get_idx(tasks, 15), "pid") == 85);
}

/* The journal has not all of it yet. */
static void test_a_kill_without_its_end_is_none_yet(void **state) {
        const JournalEntry entry = {
                DAY, 'a', "hog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0\n"};

        journal_file_write(tree, &entry, 1);
        assert_read(NULL, 0, "", 0);
}

static void test_no_journal_is_told_apart(void **state) {
        KillLog log = {.killed = 7};

        assert_int_equal(read_kills(NULL, 0, &log), -ENOENT);
        assert_true(log.killed == 7);
        assert_null(log.events);
}

static void test_a_victim_of_no_cgroup_is_in_none(void **state) {
        char at[] = "/x/a.slice";
        OomEvent event = {0};

        assert_false(kill_log_is_in(&event, "/a.slice", true));
        event.oom_memcg = at;
        assert_true(kill_log_is_in(&event, "/x", false));
        assert_false(kill_log_is_in(&event, "/a.slice", false));
        assert_true(kill_log_is_in(&event, "/a.slice", true));
        assert_false(kill_log_is_in(&event, "/a", true));
        assert_false(kill_log_is_in(&event, "/x/a.slice/b", true));
        /* It died of its parent's limit. */
        event.oom_memcg = NULL;
        event.task_memcg = at;
        assert_true(kill_log_is_in(&event, "/x/a.slice", false));
}

#define ON_A_TREE(test) cmocka_unit_test_setup_teardown(test, init, done)

int main(void) {
        static const struct CMUnitTest tests[] = {
                ON_A_TREE(test_only_kills_in_the_scope_and_since_the_instant_count),
                ON_A_TREE(test_the_first_are_kept_and_all_are_counted),
                ON_A_TREE(test_of_the_tasks_the_largest_are_kept),
                ON_A_TREE(test_a_kill_without_its_end_is_none_yet),
                ON_A_TREE(test_no_journal_is_told_apart),
                cmocka_unit_test(test_a_victim_of_no_cgroup_is_in_none),
        };

        if (journal_file_missing()) {
                (void) printf("1..0 # SKIP %s\n", journal_file_missing());
                return 0;
        }
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
