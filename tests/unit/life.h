/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A manager on a copied tree, which can be restarted as after a crash and rebooted under it. Its
 * profiles are "a" (vm.swappiness 10, vm.page-cluster 0, vm.dirty_bytes 64MiB) and "b"
 * (vm.swappiness 20, vm.stat_interval 5). The asserts are cmocka's. */

#include <systemd/sd-event.h>

#include "daemon/manager.h"

#define VM "proc/sys/vm/"
#define BOOT_ID "proc/sys/kernel/random/boot_id"
#define OTHER_BOOT "99999999-8888-7777-6666-555555555555"

typedef struct Life {
        char *tree;
        char *folder; /* of the state */
        Root *root;
        char *original;
        int state_fd;
        sd_event *event;
        Config config; /* of the next process; no boot guard */
        Manager *manager;
} Life;

extern size_t life_writes; /* to knobs, since the last start */

/* A test's setup and teardown. */
int life_init(void **state);
int life_done(void **state);
#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, life_init, life_done)

void life_put(const Life *life, const char *path, const char *text);
/* The process ends without a word, and another one starts. */
void life_restart(Life *life);
/* The machine goes down and comes up: all knobs are the kernel's own again. */
void life_reboot(Life *life);
void life_apply(Life *life, const char *name);
void life_keep(Life *life);
int life_revert(Life *life);
size_t life_count_events(const Life *life, EventType type);

void assert_original(const Life *life);
void assert_in_force(const Life *life, ManagerState state, const char *profile);
void assert_reads(const Life *life, const char *knob, const char *text);
void assert_a_is_in_force(const Life *life);
