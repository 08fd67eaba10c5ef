/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * State files that are damaged in every way: the daemon starts, believes nothing of them, keeps
 * them for a person and says so; what knobs read afterwards is what they read before, or what they
 * read before a change.
 */
#include "daemon/manager.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "daemon/journal.h"
#include "daemon/log.h"
#include "daemon/quarantine.h"
#include "tests/support/fake-kernel.h"
#include "tests/support/plan-of.h"
#include "tests/support/tree.h"

static const char *const files[] = {JOURNAL_PENDING, JOURNAL_KEPT, QUARANTINE_FILE};
/* Knobs of the profiles below. */
static const char *const knobs[] = {
        "proc/sys/vm/swappiness", "proc/sys/vm/page-cluster", "proc/sys/vm/stat_interval"};

typedef struct Life {
        char *tree;
        char *folder;
        Root *root;
        int state_fd;
        sd_event *event;
        Manager *manager;
        char *texts[ELEMENTSOF(files)]; /* whole */
        size_t sizes[ELEMENTSOF(files)];
        char *in_force[ELEMENTSOF(knobs)];
        /* What all knobs may read: b above a, a alone, none. */
        char *snapshots[3];
} Life;

static void start(Life *life) {
        life->manager = manager_free(life->manager);
        assert_int_equal(manager_new(&(ManagerOptions){.root = life->root,
                                                       .event = life->event,
                                                       .state_dir = life->folder,
                                                       .config = config_default()},
                                     &life->manager),
                         0);
        assert_int_equal(manager_start(life->manager), 0);
}

static void apply(Life *life, const char *name) {
        Refusal refusal = {0};
        uint64_t id = 0;

        if (manager_apply(life->manager, name, &(ApplyOptions){0}, NULL, &id, &refusal) < 0)
                fail_msg("%s", refusal.text);
}

/* a is kept, b on probation above it, c quarantined. */
static void live_a_little(Life *life) {
        Quarantine quarantine = {0};
        Refusal refusal = {0};

        start(life);
        life->snapshots[2] = knobs_snapshot(life->root);
        apply(life, "a");
        assert_int_equal(manager_keep(life->manager, 0, NULL, &refusal), 0);
        life->snapshots[1] = knobs_snapshot(life->root);
        apply(life, "b");
        life->snapshots[0] = knobs_snapshot(life->root);
        life->manager = manager_free(life->manager);
        assert_int_equal(quarantine_add(&quarantine, life->state_fd, "c", "it hung", 1), 0);
        quarantine_done(&quarantine);
}

static int setup(void **state) {
        Life *life = calloc(1, sizeof(*life));

        assert_non_null(life);
        log_set_level(LOG_EMERG);
        assert_int_equal(tree_copy("x86-24g-6.18", &life->tree), 0);
        assert_int_equal(root_open(life->tree, &life->root), 0);
        root_set_write_hook(life->root, fake_kernel_write);
        assert_int_equal(tree_write(life->tree,
                                    "etc/memctl/profiles/a.yaml",
                                    "profile: a\nsummary: A\nsysctl:\n  vm.swappiness: 10\n"
                                    "  vm.page-cluster: 0\n"),
                         0);
        assert_int_equal(tree_write(life->tree,
                                    "etc/memctl/profiles/b.yaml",
                                    "profile: b\nsummary: B\nsysctl:\n  vm.swappiness: 20\n"
                                    "  vm.stat_interval: 5\n"),
                         0);
        life->folder = text_format("%s/state", life->tree);
        life->state_fd = state_open(life->folder);
        assert_true(life->state_fd >= 0);
        assert_int_equal(sd_event_new(&life->event), 0);
        live_a_little(life);
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_(closep) int fd = openat(life->state_fd, files[i], O_RDONLY | O_CLOEXEC);
                assert_int_equal(read_all(fd, STATE_FILE_MAX, &life->texts[i], &life->sizes[i]), 0);
        }
        for (size_t i = 0; i < ELEMENTSOF(knobs); i++)
                assert_int_equal(root_read(life->root, knobs[i], &life->in_force[i]), 0);
        *state = life;
        return 0;
}

static int teardown(void **state) {
        Life *life = *state;

        manager_free(life->manager);
        sd_event_unref(life->event);
        (void) close(life->state_fd);
        root_close(life->root);
        tree_remove(life->tree);
        free(life->folder);
        for (size_t i = 0; i < 3; i++) {
                free(life->texts[i]);
                free(life->in_force[i]);
                free(life->snapshots[i]);
        }
        free(life);
        return 0;
}

static void put_bytes(const Life *life, const char *name, const char *bytes, size_t size) {
        _cleanup_(closep) int fd = openat(
                life->state_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, size), size);
}

/* The state folder and the knobs as they were when the process ended. */
static void restore(Life *life) {
        life->manager = manager_free(life->manager);
        assert_int_equal(tree_delete(life->tree, "state"), 0);
        (void) close(life->state_fd);
        life->state_fd = state_open(life->folder);
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                put_bytes(life, files[i], life->texts[i], life->sizes[i]);
        for (size_t i = 0; i < ELEMENTSOF(knobs); i++)
                assert_int_equal(tree_write(life->tree, knobs[i], life->in_force[i]), 0);
}

typedef struct Search {
        const char *words, *name;
        bool found;
} Search;

static int look(const Event *event, void *userdata) {
        Search *search = userdata;

        if (event->type == EVENT_PROBLEM && strstr(event->message, search->words) &&
            strstr(event->message, search->name))
                search->found = true;
        return 0;
}

static bool is_told(const Life *life, const char *words, const char *name) {
        Search search = {.words = words, .name = name};

        assert_true(events_visit(manager_events(life->manager), 0, 100, look, &search) >= 0);
        return search.found;
}

/* The number of the snapshot that the knobs read as. */
static size_t find_snapshot(const Life *life) {
        _cleanup_(freep) char *now = knobs_snapshot(life->root);

        for (size_t i = 0; i < 3; i++)
                if (streq(now, life->snapshots[i]))
                        return i;
        fail_msg("knobs read as never before");
        return 3;
}

/* Starts on what is there now. True: the file was set aside. */
static bool start_and_look(Life *life, const char *name) {
        _cleanup_(state_aside_done) StateAside aside = {0};

        start(life);
        (void) find_snapshot(life);
        assert_int_equal(manager_list_damaged(life->manager, &aside), 0);
        if (aside.n == 0)
                return false;
        assert_int_equal(aside.n, 1);
        _cleanup_(freep) char *prefix = text_format("%s.damaged-", name);
        assert_true(text_starts_with(aside.names[0], prefix));
        assert_true(is_told(life, "is damaged", name));
        assert_true(is_told(life, "was set aside as", aside.names[0]));
        return true;
}

/* Of what would be restored by a file that is not believed, nothing was. */
static void assert_not_believed(Life *life, size_t i) {
        if (!start_and_look(life, files[i]))
                fail_msg("%s was not set aside", files[i]);
        switch (i) {
        case 0: /* what b had changed is not known: it stays, and a is what is in force */
                assert_string_equal(manager_profile(life->manager), "a");
                assert_int_equal(find_snapshot(life), 0);
                break;
        case 1:
                assert_string_equal(manager_profile(life->manager), "b");
                assert_int_equal(find_snapshot(life), 0);
                break;
        default:
                assert_int_equal(manager_n_quarantined(life->manager), 0);
                assert_string_equal(manager_profile(life->manager), "b");
        }
}

/* Whole, it is believed: or nothing here shows anything. */
static void test_whole_files_are_believed(void **state) {
        Life *life = *state;

        assert_false(start_and_look(life, ""));
        assert_string_equal(manager_profile(life->manager), "b");
        assert_true(manager_is_quarantined(life->manager, "c"));
        assert_int_equal(find_snapshot(life), 0);
}

static size_t first_line(const Life *life, size_t i) {
        return (size_t) ((char *) memchr(life->texts[i], '\n', life->sizes[i]) - life->texts[i]);
}

static void test_a_file_cut_anywhere(void **state) {
        Life *life = *state;

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                for (size_t size = 0; size < life->sizes[i]; size += size < 20 ? 1 : 31) {
                        restore(life);
                        put_bytes(life, files[i], life->texts[i], size);
                        if (size < first_line(life, i))
                                assert_not_believed(life, i);
                        else
                                assert_false(start_and_look(life, files[i]));
                }
}

static void test_a_bit_flipped_in_any_byte(void **state) {
        Life *life = *state;

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                char *text = life->texts[i];
                /* Every bit of a file: test-state.c. */
                for (size_t at = 0; at < life->sizes[i]; at += at < 20 ? 1 : 13) {
                        restore(life);
                        text[at] ^= (char) (1 << at % 8);
                        put_bytes(life, files[i], text, life->sizes[i]);
                        text[at] ^= (char) (1 << at % 8);
                        if (at <= first_line(life, i))
                                assert_not_believed(life, i);
                        else if (!start_and_look(life, files[i]))
                                assert_true(is_told(life, "passed over", files[i]));
                }
        }
}

static void test_what_is_none_of_our_files(void **state) {
        Life *life = *state;
        static const char zeros[4096];
        static const struct {
                const char *bytes;
                size_t size;
        } contents[] = {
                {"", 0},
                {"\n", 1},
                {zeros, sizeof(zeros)},
                {"memctl1 44a5d2a3 {}\n", 20},
                {"\x7f"
                 "ELF\x02\x01\x01",
                 7},
        };

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                for (size_t j = 0; j < ELEMENTSOF(contents); j++) {
                        restore(life);
                        put_bytes(life, files[i], contents[j].bytes, contents[j].size);
                        assert_not_believed(life, i);
                }
}

static void test_a_file_of_another_version(void **state) {
        Life *life = *state;

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                restore(life);
                life->texts[i][strlen("memctl")] = '2';
                put_bytes(life, files[i], life->texts[i], life->sizes[i]);
                life->texts[i][strlen("memctl")] = '1';
                assert_not_believed(life, i);
                assert_true(is_told(life, "another version", files[i]));
        }
}

static void test_a_file_that_is_too_large(void **state) {
        Life *life = *state;

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                restore(life);
                _cleanup_(closep) int fd = openat(life->state_fd, files[i], O_WRONLY | O_CLOEXEC);
                assert_int_equal(ftruncate(fd, (off_t) 1 << 40), 0);
                assert_not_believed(life, i);
        }
}

/* And the next change has room for its own. */
static void assert_goes_on(Life *life) {
        Refusal refusal = {0};

        (void) manager_revert(life->manager, 0, NULL, NULL, &refusal);
        refusal_done(&refusal);
        apply(life, "b");
        assert_string_equal(manager_profile(life->manager), "b");
}

static void test_a_folder_a_link_or_a_pipe_in_the_place_of_a_file(void **state) {
        Life *life = *state;

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                for (int kind = 0; kind < 3; kind++) {
                        restore(life);
                        assert_int_equal(unlinkat(life->state_fd, files[i], 0), 0);
                        assert_int_equal(
                                kind == 0   ? mkdirat(life->state_fd, files[i], 0700)
                                : kind == 1 ? symlinkat("/etc/passwd", life->state_fd, files[i])
                                            : mkfifoat(life->state_fd, files[i], 0600),
                                0);
                        assert_not_believed(life, i);
                        assert_goes_on(life);
                }
}

static void test_a_folder_in_the_place_of_the_events(void **state) {
        Life *life = *state;
        static const char *const names[] = {"events", "events.1", "events.last"};

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                restore(life);
                assert_int_equal(mkdirat(life->state_fd, names[i], 0700), 0);
                start(life);
                assert_string_equal(manager_profile(life->manager), "b");
                assert_true(is_told(life, "held no regular file", ""));
                start(life);
                assert_true(is_told(life, "held no regular file", ""));
        }
}

#define IN_A_LIFE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_LIFE(test_whole_files_are_believed),
                IN_A_LIFE(test_a_file_cut_anywhere),
                IN_A_LIFE(test_a_bit_flipped_in_any_byte),
                IN_A_LIFE(test_what_is_none_of_our_files),
                IN_A_LIFE(test_a_file_of_another_version),
                IN_A_LIFE(test_a_file_that_is_too_large),
                IN_A_LIFE(test_a_folder_a_link_or_a_pipe_in_the_place_of_a_file),
                IN_A_LIFE(test_a_folder_in_the_place_of_the_events),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("manager-damage", tests, NULL, NULL);
}
