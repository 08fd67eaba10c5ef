/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The watch path asks for no memory, and taking a change back works where there is none, and on a
 * full disk. Pressure is the running kernel's, with real triggers; knobs are those of a copied
 * tree.
 *
 * malloc() and its like are this program's own: those of libc with a counter in front.
 */
#include "daemon/manager.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-event.h>

#include <cmocka.h>

#include "daemon/lock.h"
#include "daemon/log.h"
#include "tests/support/fake-kernel.h"
#include "tests/support/plan-of.h"
#include "tests/support/tree.h"

/* A trigger without CAP_SYS_RESOURCE is looked at each 2 s, and on a busy machine it
 * misses turns. */
#define PATIENCE_USEC (45 * USEC_PER_SEC)
#define SAMPLE_USEC (20 * USEC_PER_MSEC)
/* More processes than any one processor can run. */
#define BUSY 3

/* Memory */

static bool counting, refusing;
static size_t n_asked;

/* False, with errno, when there is none. */
static bool ask(void) {
        n_asked += counting;
        if (refusing)
                errno = ENOMEM;
        return !refusing;
}

#include "tests/support/own-malloc.h"

/* The kernel has its own memory: the one that stands in for it, too. */
static ssize_t
kernel_write(const Root *root, const char *path, int fd, const char *data, size_t size) {
        bool counted = counting, refused = refusing;

        counting = refusing = false;
        ssize_t n = fake_kernel_write(root, path, fd, data, size);
        counting = counted;
        refusing = refused;
        return n;
}

/* A daemon's life */

typedef struct Life {
        char *tree;
        char *folder;
        char *original;
        Root *root;
        sd_event *event;
        Manager *manager;
        pid_t busy[BUSY];
} Life;

static usec_t now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_BOOTTIME, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

/* The tree's pressure is the machine's. */
static void link_pressure(const Life *life) {
        _cleanup_(freep) char *command =
                text_format("cd '%s/proc' && rm -rf pressure && ln -s /proc/pressure", life->tree);

        assert_int_equal(system(command), 0);
}

static void start(Life *life) {
        Config config = config_default();

        config.sample_usec = SAMPLE_USEC;
        assert_int_equal(manager_new(&(ManagerOptions){.root = life->root,
                                                       .event = life->event,
                                                       .state_dir = life->folder,
                                                       .config = config},
                                     &life->manager),
                         0);
        assert_int_equal(manager_start(life->manager), 0);
        assert_int_equal(lock_reserve_loop(life->event), 0);
}

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        log_set_level(LOG_EMERG);
        assert_int_equal(tree_copy("x86-24g-6.18", &life->tree), 0);
        link_pressure(life);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        root_set_write_hook(life->root, kernel_write);
        life->original = knobs_snapshot(life->root);
        life->folder = text_format("%s/state", life->tree);
        assert_int_equal(sd_event_new(&life->event), 0);
        *state = life;
        return 0;
}

static int life_done(void **state) {
        Life *life = *state;

        counting = refusing = false;
        for (size_t i = 0; i < BUSY; i++)
                if (life->busy[i] > 0) {
                        (void) kill(life->busy[i], SIGKILL);
                        (void) waitpid(life->busy[i], NULL, 0);
                }
        manager_free(life->manager);
        sd_event_unref(life->event);
        root_close(life->root);
        tree_remove(life->tree);
        free(life->folder);
        free(life->original);
        free(life);
        return 0;
}

static void apply(Life *life, const char *watch) {
        _cleanup_(freep) char *text = text_format("profile: a\nsummary: A\n"
                                                  "sysctl:\n"
                                                  "  vm.swappiness: 10\n"
                                                  "  vm.page-cluster: 0\n"
                                                  "  vm.dirty_bytes: 64MiB\n"
                                                  "transparent_hugepage:\n"
                                                  "  enabled: never\n"
                                                  "watch:\n  probation: 1h\n%s",
                                                  watch);
        Refusal refusal = {0};
        uint64_t id = 0;

        assert_int_equal(tree_write(life->tree, "etc/memctl/profiles/a.yaml", text), 0);
        start(life);
        if (manager_apply(life->manager, "a", &(ApplyOptions){0}, NULL, &id, &refusal) < 0)
                fail_msg("%s", refusal.text);
        assert_int_equal(manager_state(life->manager), MANAGER_PROBATION);
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

static int run_for(Life *life, usec_t time_usec, bool until_idle) {
        usec_t end = now_usec() + time_usec;
        int r = 0;

        for (usec_t now = now_usec(); r >= 0 && now < end; now = now_usec()) {
                if (until_idle && manager_state(life->manager) != MANAGER_PROBATION)
                        break;
                r = sd_event_run(life->event, end - now);
        }
        return r;
}

static void assert_taken_back(const Life *life) {
        _cleanup_(freep) char *now = NULL;

        counting = refusing = false;
        now = knobs_snapshot(life->root);
        assert_string_equal(manager_state_to_string(manager_state(life->manager)), "reverted");
        assert_string_equal(now, life->original);
}

static void test_sampling_judging_and_waiting_ask_for_no_memory(void **state) {
        Life *life = *state;

        apply(life,
              "  limits:\n    memory.full: 99% over 2s\n  regressions:\n"
              "    memory.some: {margin: 20%}\n    io.full: {margin: 20%}\n");
        counting = true;
        int r = run_for(life, USEC_PER_SEC, false);
        counting = false;
        assert_true(r >= 0);
        assert_int_equal(manager_state(life->manager), MANAGER_PROBATION);
        assert_int_equal(n_asked, 0);
}

static void test_the_counter_counts(void **state) {
        n_asked = 0;
        counting = true;
        char *text = strdup("text");
        FILE *file = fopen("/dev/null", "re");
        counting = false;
        /* What nobody looks at a compiler may leave out, with its memory. */
        assert_string_equal(text, "text");
        assert_non_null(file);
        free(text);
        (void) fclose(file);
        assert_true(n_asked >= 2);
        n_asked = 0;
}

static void test_a_limit_takes_a_change_back_without_any_memory(void **state) {
        Life *life = *state;

        apply(life, "  limits:\n    cpu.some: 1% over 2s\n");
        start_busy(life);
        refusing = true;
        int r = run_for(life, PATIENCE_USEC, true);
        assert_taken_back(life);
        assert_true(r >= 0);
}

/* Knobs have a few bytes, a journal and an event more. */
static void test_a_limit_takes_a_change_back_on_a_full_disk(void **state) {
        Life *life = *state;
        struct rlimit before, full;

        apply(life, "  limits:\n    cpu.some: 1% over 2s\n");
        (void) signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        full = (struct rlimit){.rlim_cur = 64, .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
        start_busy(life);
        int r = run_for(life, PATIENCE_USEC, true);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_taken_back(life);
        assert_true(r >= 0);

        /* And the next process finds nothing to do. */
        life->manager = manager_free(life->manager);
        start(life);
        assert_int_equal(manager_state(life->manager), MANAGER_IDLE);
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

/* The size of a trigger's window is what an unprivileged user may have. */
static const char *what_is_missing(void) {
        static const char spec[] = "some 20000 2000000";
        _cleanup_(closep) int fd = open("/proc/pressure/cpu", O_RDWR | O_NONBLOCK | O_CLOEXEC);

        const char *preload = getenv("LD_PRELOAD");

        if (preload && strstr(preload, "valgrind"))
                return "under valgrind malloc() is valgrind's";
        return fd < 0 || write(fd, spec, sizeof(spec)) < 0 ? "no PSI triggers are to be had" : NULL;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_counter_counts),
                IN_A_LIFE(test_sampling_judging_and_waiting_ask_for_no_memory),
                IN_A_LIFE(test_a_limit_takes_a_change_back_without_any_memory),
                IN_A_LIFE(test_a_limit_takes_a_change_back_on_a_full_disk),
        };
        const char *missing = what_is_missing();

        if (missing) {
                (void) printf("1..0 # SKIP %s\n", missing);
                return 0;
        }
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("no-memory-live", tests, NULL, NULL);
}
