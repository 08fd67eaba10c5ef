/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real OOM kills in cgroups of version 2, whose memory.events wakes us. Where that version has not
 * the memory controller this is skipped; "tests/vm" runs it on kernels where it has.
 */
#include "daemon/oom-watch.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define MOUNT "/sys/fs/cgroup"
#define LIMIT "8388608"
#define PATIENCE_USEC (30 * USEC_PER_SEC)

typedef struct Life {
        Root *root;
        sd_event *event;
        char *cgroup; /* relative to the root */
        OomKills kills;
        OomWatch *watch;
        size_t n_read;
        size_t n_gone;
        size_t n_back;
} Life;

static usec_t now_usec(void) {
        struct timespec now;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return (usec_t) now.tv_sec * USEC_PER_SEC + (usec_t) now.tv_nsec / 1000;
}

static int put(const char *folder, const char *file, const char *text) {
        _cleanup_(freep) char *path = text_format("/%s/%s", folder, file);
        _cleanup_(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static void make_cgroup(const Life *life) {
        _cleanup_(freep) char *path = text_format("/%s", life->cgroup);

        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(put(life->cgroup, "memory.max", LIMIT), 0);
        (void) put(life->cgroup, "memory.swap.max", "0");
}

/* A process that ended may still be in it for a moment. */
static void remove_cgroup(const Life *life) {
        _cleanup_(freep) char *path = text_format("/%s", life->cgroup);

        for (size_t i = 0; i < 100 && rmdir(path) < 0 && errno == EBUSY; i++)
                (void) usleep(10000);
}

static int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        assert_int_equal(root_open("/", &life->root), 0);
        assert_int_equal(sd_event_new(&life->event), 0);
        life->kills = OOM_KILLS_INIT;
        life->cgroup = text_format("sys/fs/cgroup/memctl-test-%d", (int) getpid());
        make_cgroup(life);
        *state = life;
        return 0;
}

static int life_done(void **state) {
        Life *life = *state;

        oom_watch_free(life->watch);
        remove_cgroup(life);
        sd_event_unref(life->event);
        root_close(life->root);
        free(life->cgroup);
        free(life);
        return 0;
}

static void on_killed(void *userdata) {
        Life *life = userdata;

        life->n_read++;
}

static void on_watched(bool watched, void *userdata) {
        Life *life = userdata;

        if (watched)
                life->n_back++;
        else
                life->n_gone++;
}

/* Eager it looks each second, too. */
static void begin(Life *life, bool eager) {
        assert_int_equal(oom_watch_new(&(OomWatchOptions){.root = life->root,
                                                          .event = life->event,
                                                          .cgroup = life->cgroup,
                                                          .kills = &life->kills,
                                                          .eager = eager,
                                                          .killed = on_killed,
                                                          .watched = on_watched,
                                                          .userdata = life},
                                       &life->watch),
                         0);
        oom_watch_begin(life->watch);
}

/* A process in the cgroup takes more than may be there. */
static void be_killed(const Life *life) {
        int status = 0;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                const size_t size = 64 << 20;
                char *p = mmap(
                        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (put(life->cgroup, "cgroup.procs", "0") < 0 || p == MAP_FAILED)
                        _exit(1);
                memset(p, 1, size);
                _exit(2);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Until so many are counted; false when time ran out. */
static bool run_until(Life *life, uint64_t killed, usec_t patience) {
        usec_t end = now_usec() + patience;

        for (usec_t now = now_usec(); life->kills.killed < killed && now < end; now = now_usec())
                assert_true(sd_event_run(life->event, end - now) >= 0);
        return life->kills.killed >= killed;
}

static void test_a_kill_wakes_us_and_each_is_counted_once(void **state) {
        Life *life = *state;

        be_killed(life); /* before */
        begin(life, false);
        assert_false(run_until(life, 1, 300 * USEC_PER_MSEC));
        be_killed(life);
        assert_true(run_until(life, 1, PATIENCE_USEC));
        size_t n_read = life->n_read;
        assert_false(run_until(life, 2, 1500 * USEC_PER_MSEC));
        assert_true(life->n_read <= n_read + 1); /* after the rest, and then it sleeps */
        be_killed(life);
        assert_true(run_until(life, 2, PATIENCE_USEC));
        assert_true(life->kills.killed == 2);
}

static void test_a_cgroup_that_goes_is_noticed_and_its_follower_found(void **state) {
        Life *life = *state;

        begin(life, true);
        be_killed(life);
        remove_cgroup(life); /* before the loop has turned: the kill went with it */
        for (usec_t end = now_usec() + PATIENCE_USEC; life->n_gone == 0 && now_usec() < end;)
                assert_true(sd_event_run(life->event, USEC_PER_SEC) >= 0);
        assert_int_equal(life->n_gone, 1);
        assert_false(oom_watch_is_watched(life->watch));
        make_cgroup(life);
        be_killed(life); /* before anybody looked */
        assert_true(run_until(life, 1, PATIENCE_USEC));
        assert_int_equal(life->n_back, 1);
        assert_true(oom_watch_is_watched(life->watch));
}

static const char *why_not(void) {
        _cleanup_(closep) int fd = open(MOUNT "/cgroup.subtree_control", O_RDONLY | O_CLOEXEC);
        char text[256] = "";

        if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
                return "there are no cgroups of version 2 at " MOUNT;
        if (!strstr(text, "memory"))
                return "cgroups of version 2 have not the memory controller here";
        return access(MOUNT, W_OK) < 0 ? "no cgroup can be made here" : NULL;
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

int main(void) {
        static const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_a_kill_wakes_us_and_each_is_counted_once),
                IN_A_LIFE(test_a_cgroup_that_goes_is_noticed_and_its_follower_found),
        };

        if (why_not()) {
                (void) printf("1..0 # SKIP %s\n", why_not());
                return 0;
        }
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
