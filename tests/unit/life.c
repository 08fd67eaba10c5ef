/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/life.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "daemon/state.h"
#include "tests/support/fake-kernel.h"
#include "tests/support/plan-of.h"
#include "tests/support/tree.h"

size_t life_writes;

static ssize_t
counted_write(const Root *root, const char *path, int fd, const char *data, size_t size) {
        life_writes++;
        return fake_kernel_write(root, path, fd, data, size);
}

void life_put(const Life *life, const char *path, const char *text) {
        assert_int_equal(tree_write(life->tree, path, text), 0);
}

/* The process ends without a word, and another one starts. */
void life_restart(Life *life) {
        life->manager = manager_free(life->manager);
        life_writes = 0;
        assert_int_equal(manager_new(&(ManagerOptions){.root = life->root,
                                                       .event = life->event,
                                                       .state_dir = life->folder,
                                                       .config = life->config},
                                     &life->manager),
                         0);
        assert_int_equal(manager_start(life->manager), 0);
}

int life_init(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        life->config = config_default();
        life->config.boot_guard_usec = 0;
        log_set_level(LOG_EMERG); /* TAP is enough to read */
        assert_int_equal(tree_copy("x86-24g-6.18", &life->tree), 0);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        root_set_write_hook(life->root, counted_write);
        life_put(life,
                 "etc/memctl/profiles/a.yaml",
                 "profile: a\nsummary: A\nsysctl:\n  vm.swappiness: 10\n  vm.page-cluster: 0\n"
                 "  vm.dirty_bytes: 64MiB\n");
        life_put(life,
                 "etc/memctl/profiles/b.yaml",
                 "profile: b\nsummary: B\nsysctl:\n  vm.swappiness: 20\n  vm.stat_interval: 5\n");
        life->original = knobs_snapshot(life->root);
        life->folder = text_format("%s/state", life->tree);
        life->state_fd = state_open(life->folder);
        assert_true(life->state_fd >= 0);
        assert_int_equal(sd_event_new(&life->event), 0);
        *state = life;
        return 0;
}

int life_done(void **state) {
        Life *life = *state;

        manager_free(life->manager);
        sd_event_unref(life->event);
        (void) close(life->state_fd);
        root_close(life->root);
        tree_remove(life->tree);
        free(life->folder);
        free(life->original);
        free(life);
        return 0;
}

void life_apply(Life *life, const char *name) {
        Refusal refusal = {0};
        uint64_t id = 0;

        if (manager_apply(life->manager, name, &(ApplyOptions){0}, NULL, &id, &refusal) < 0)
                fail_msg("%s", refusal.text);
        assert_true(id > 0);
}

void life_keep(Life *life) {
        Refusal refusal = {0};

        if (manager_keep(life->manager, 0, NULL, &refusal) < 0)
                fail_msg("%s", refusal.text);
}

int life_revert(Life *life) {
        Refusal refusal = {0};

        int r = manager_revert(life->manager, 0, NULL, NULL, &refusal);
        refusal_done(&refusal);
        return r;
}

void assert_original(const Life *life) {
        _cleanup_(freep) char *now = knobs_snapshot(life->root);

        assert_string_equal(now, life->original);
}

void assert_in_force(const Life *life, ManagerState state, const char *profile) {
        assert_string_equal(manager_state_to_string(manager_state(life->manager)),
                            manager_state_to_string(state));
        assert_string_equal(manager_profile(life->manager), profile);
}

void assert_reads(const Life *life, const char *knob, const char *text) {
        _cleanup_(freep) char *path = text_format(VM "%s", knob);
        _cleanup_(freep) char *found = NULL;

        assert_int_equal(root_read(life->root, path, &found), 0);
        assert_string_equal(text_strip(found), text);
}

void assert_a_is_in_force(const Life *life) {
        assert_reads(life, "swappiness", "10");
        assert_reads(life, "page-cluster", "0");
        assert_reads(life, "dirty_bytes", "67108864");
        assert_reads(life, "dirty_ratio", "0");
}

/* The machine goes down and comes up: all knobs are the kernel's own again. */
void life_reboot(Life *life) {
        life->manager = manager_free(life->manager);
        life_put(life, BOOT_ID, OTHER_BOOT "\n");
        life_put(life, VM "swappiness", "60\n");
        life_put(life, VM "page-cluster", "3\n");
        life_put(life, VM "stat_interval", "1\n");
        life_put(life, VM "dirty_ratio", "20\n");
        life_put(life, VM "dirty_bytes", "0\n");
        assert_original(life);
}

static int count(const Event *event, void *userdata) {
        size_t *counts = userdata;

        counts[event->type]++;
        return 0;
}

size_t life_count_events(const Life *life, EventType type) {
        size_t counts[_EVENT_TYPE_MAX] = {0};

        (void) events_visit(manager_events(life->manager), 0, 1000, count, counts);
        return counts[type];
}
