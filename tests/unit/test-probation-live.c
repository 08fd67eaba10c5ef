/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Triggers and probations on the running kernel's PSI: real stalls of busy processes, real cgroups
 * that go away. Writes no knob.
 */
#include "daemon/evidence.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

/* A trigger without CAP_SYS_RESOURCE is looked at each 2 s, and may miss one turn. */
#define PATIENCE_USEC (40 * USEC_PER_SEC) /* on a busy machine; only who fails waits for it all */
/* More processes than any one processor can run. */
#define BUSY 3

static const char boot_id[BOOT_ID_MAX] = "this boot";

typedef struct Life {
        Root *root;
        sd_event *event;
        pid_t busy[BUSY];
        char *cgroup; /* relative to the root */
        Baseline *baseline;
        Journal *journal;
        Probation *probation;
        size_t n_exceeded;
        size_t n_gone;
        size_t n_unwatched;
        size_t n_watched;
        size_t n_verdicts;
        VerdictKind verdict;
        char *why;
} Life;

static usec_t now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        assert_int_equal(root_open("/", &life->root), 0);
        assert_int_equal(sd_event_new(&life->event), 0);
        *state = life;
        return 0;
}

static void stop_busy(Life *life) {
        for (size_t i = 0; i < BUSY; i++)
                if (life->busy[i] > 0) {
                        (void) kill(life->busy[i], SIGKILL);
                        (void) waitpid(life->busy[i], NULL, 0);
                        life->busy[i] = 0;
                }
}

static void remove_cgroup(const Life *life) {
        _cleanup_(freep) char *path = text_format("/%s", life->cgroup);

        (void) rmdir(path);
}

static int life_done(void **state) {
        Life *life = *state;

        probation_freep(&life->probation);
        journal_freep(&life->journal);
        baseline_freep(&life->baseline);
        stop_busy(life);
        if (life->cgroup)
                remove_cgroup(life);
        sd_event_unref(life->event);
        root_close(life->root);
        free(life->cgroup);
        free(life->why);
        free(life);
        return 0;
}

/* All on one processor, where each but one is stalled at any time. */
static void start_busy(Life *life) {
        cpu_set_t allowed, one;

        CPU_ZERO(&one);
        assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
        for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
                if (CPU_ISSET(cpu, &allowed))
                        CPU_SET(cpu, &one);
        for (size_t i = 0; i < BUSY; i++) {
                life->busy[i] = fork();
                assert_true(life->busy[i] >= 0);
                if (life->busy[i] > 0)
                        continue;
                (void) alarm(60); /* whatever becomes of the test */
                (void) sched_setaffinity(0, sizeof(one), &one);
                for (volatile unsigned long n = 0;; n++)
                        ;
        }
}

static void make_cgroup(Life *life) {
        _cleanup_(freep) char *name = text_format("memctl-test-%d", (int) getpid());
        _cleanup_(freep) char *parent = NULL, *path = NULL;

        assert_int_equal(sample_find_cgroup(life->root, "/", &parent), 0);
        free(life->cgroup);
        life->cgroup =
                text_format("%s%s%s", parent, parent[strlen(parent) - 1] == '/' ? "" : "/", name);
        path = text_format("/%s", life->cgroup);
        assert_int_equal(mkdir(path, 0755), 0);
}

/* Until *count is not 0; false when time ran out. Returns how often the loop turned. */
static size_t run_until(Life *life, const size_t *count, usec_t patience_usec) {
        usec_t end = now_usec() + patience_usec;
        size_t turns = 0;

        for (usec_t now = now_usec(); *count == 0 && now < end; now = now_usec(), turns++)
                assert_true(sd_event_run(life->event, end - now) >= 0);
        return turns;
}

/* Triggers */

static void on_news(Trigger *trigger, TriggerNews news, void *userdata) {
        Life *life = userdata;

        switch (news) {
        case TRIGGER_EXCEEDED:
                life->n_exceeded++;
                return;
        case TRIGGER_GONE:
                life->n_gone++;
                return;
        }
}

static Trigger *arm(Life *life, const char *cgroup, unsigned share, usec_t window) {
        const WatchLimit limit = {METRIC_CPU_SOME, share, window};
        Trigger *trigger = NULL;

        assert_int_equal(
                trigger_new(life->root, cgroup, &limit, life->event, on_news, life, &trigger), 0);
        return trigger;
}

static void test_a_trigger_wakes_us_when_processes_stall(void **state) {
        Life *life = *state;
        _cleanup_(trigger_freep) Trigger *trigger = arm(life, NULL, 100, 2 * USEC_PER_SEC);

        assert_non_null(trigger);
        start_busy(life);
        (void) run_until(life, &life->n_exceeded, PATIENCE_USEC);
        assert_int_equal(life->n_exceeded, 1);
        assert_int_equal(life->n_gone, 0);
}

static void test_a_window_that_the_kernel_refuses_becomes_a_larger_one(void **state) {
        Life *life = *state;
        _cleanup_(trigger_freep) Trigger *trigger = arm(life, NULL, 9999, 700 * USEC_PER_MSEC);
        const WatchLimit *limit = trigger_limit(trigger);

        assert_int_equal(limit->share_permyriad, 9999);
        assert_true(limit->window_usec == 700 * USEC_PER_MSEC ||
                    limit->window_usec == 2 * USEC_PER_SEC);
}

static void test_a_trigger_whose_cgroup_goes_says_so_once_and_is_silent(void **state) {
        Life *life = *state;

        make_cgroup(life);
        _cleanup_(trigger_freep) Trigger *trigger = arm(life, life->cgroup, 100, 2 * USEC_PER_SEC);
        assert_non_null(trigger);
        remove_cgroup(life);
        (void) run_until(life, &life->n_gone, PATIENCE_USEC);
        assert_int_equal(life->n_gone, 1);

        size_t turns = run_until(life, &life->n_exceeded, 300 * USEC_PER_MSEC);
        assert_true(turns <= 2);
        assert_int_equal(life->n_gone, 1);
        assert_int_equal(life->n_exceeded, 0);
}

/* Probations */

static void on_verdict(const Verdict *verdict, void *userdata) {
        Life *life = userdata;

        life->n_verdicts++;
        life->verdict = verdict->kind;
        free(life->why);
        life->why = evidence_explain(life->probation, verdict, NULL);
        probation_freep(&life->probation); /* as the manager does it */
}

static void on_watched(const WatchLimit *limit, bool watched, void *userdata) {
        Life *life = userdata;

        if (watched)
                life->n_watched++;
        else
                life->n_unwatched++;
}

static void begin(Life *life, const char *pressure_of, usec_t time_usec) {
        const ProbationCallbacks callbacks = {
                .verdict = on_verdict,
                .watched = on_watched,
                .userdata = life,
        };
        const WatchLimit *limit = NULL;

        assert_int_equal(baseline_new(&(BaselineOptions){.root = life->root,
                                                         .event = life->event,
                                                         .interval_usec = 100 * USEC_PER_MSEC,
                                                         .pressure_of = pressure_of,
                                                         .runtime_fd = -1,
                                                         .boot_id = boot_id},
                                      &life->baseline),
                         0);
        life->journal = journal_new(1, "tested", "");
        assert_non_null(life->journal);
        life->journal->pressure_of = strdup(pressure_of);
        life->journal->limits[0] = (WatchLimit){METRIC_CPU_SOME, 100, 2 * USEC_PER_SEC};
        life->journal->n_limits = 1;
        assert_int_equal(probation_new(life->root,
                                       life->event,
                                       life->baseline,
                                       life->journal,
                                       &callbacks,
                                       &limit,
                                       &life->probation),
                         0);
        assert_null(limit);
        probation_note_start(life->probation);
        life->journal->deadline_usec = now_usec() + time_usec;
        assert_int_equal(probation_set_deadline(life->probation), 0);
}

static void test_a_limit_that_is_exceeded_ends_a_probation(void **state) {
        Life *life = *state;

        begin(life, "system", USEC_PER_HOUR);
        start_busy(life);
        (void) run_until(life, &life->n_verdicts, PATIENCE_USEC);
        assert_int_equal(life->n_verdicts, 1);
        assert_int_equal(life->verdict, VERDICT_LIMIT);
        assert_true(text_starts_with(life->why, "cpu.some exceeded the limit of 1% over 2s: "));
        assert_non_null(strstr(life->why, " was stalled"));
}

static char *unit_of(const Life *life) {
        return text_format("/%s", strrchr(life->cgroup, '/') + 1);
}

static void test_a_probation_that_could_not_watch_to_its_end_is_no_success(void **state) {
        Life *life = *state;

        make_cgroup(life);
        _cleanup_(freep) char *unit = unit_of(life);
        begin(life, unit, 1500 * USEC_PER_MSEC);
        remove_cgroup(life);
        (void) run_until(life, &life->n_verdicts, PATIENCE_USEC);
        assert_int_equal(life->n_unwatched, 1);
        assert_int_equal(life->n_watched, 0);
        assert_int_equal(life->verdict, VERDICT_UNWATCHED);
        assert_non_null(strstr(life->why, "cpu.some could not be watched: the cgroup of /memctl-"));
}

static void test_a_cgroup_that_comes_back_is_watched_again(void **state) {
        Life *life = *state;

        make_cgroup(life);
        _cleanup_(freep) char *unit = unit_of(life);
        begin(life, unit, 4 * USEC_PER_SEC);
        remove_cgroup(life);
        (void) run_until(life, &life->n_unwatched, PATIENCE_USEC);
        make_cgroup(life);
        (void) run_until(life, &life->n_watched, PATIENCE_USEC);
        assert_int_equal(life->n_watched, 1);
        (void) run_until(life, &life->n_verdicts, PATIENCE_USEC);
        assert_int_equal(life->verdict, VERDICT_KEEP);
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

/* Whether this user may have a trigger, and a cgroup of version 2. */
static const char *what_is_missing(void) {
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(freep) char *cgroup = NULL;
        Life life = {0};
        const char *missing = NULL;

        if (root_open("/", &root) < 0 || !root_exists(root, "proc/pressure/cpu"))
                return "this kernel has no PSI";
        if (geteuid() != 0 || sample_find_cgroup(root, "/", &cgroup) < 0)
                return "root and cgroup2 are needed";
        life.cgroup = text_format("%s/memctl-probe-%d", cgroup, (int) getpid());
        _cleanup_(freep) char *path = text_format("/%s", life.cgroup);
        _cleanup_(freep) char *pressure = text_format("%s/cpu.pressure", life.cgroup);
        if (mkdir(path, 0755) < 0)
                missing = "cgroup2 is not writable";
        else if (!root_exists(root, pressure))
                missing = "cgroups have no PSI here";
        (void) rmdir(path);
        free(life.cgroup);
        return missing;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_a_trigger_wakes_us_when_processes_stall),
                IN_A_LIFE(test_a_window_that_the_kernel_refuses_becomes_a_larger_one),
                IN_A_LIFE(test_a_trigger_whose_cgroup_goes_says_so_once_and_is_silent),
                IN_A_LIFE(test_a_limit_that_is_exceeded_ends_a_probation),
                IN_A_LIFE(test_a_probation_that_could_not_watch_to_its_end_is_no_success),
                IN_A_LIFE(test_a_cgroup_that_comes_back_is_watched_again),
        };
        const char *missing = what_is_missing();

        if (missing) {
                (void) printf("1..0 # SKIP %s\n", missing);
                return 0;
        }
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
