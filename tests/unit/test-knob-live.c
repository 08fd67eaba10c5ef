/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue against the kernel this runs on, reading only: whatever a person may write there
 * is a knob, and whatever is a knob reads as the catalogue says.
 */
#include "core/knobs/knob.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/machine/live.h"

#define VM "proc/sys/vm"
#define THP "sys/kernel/mm/transparent_hugepage"

static Root *root;

/* The name that a file has as a knob: slashes below the folder become dots. */
static int parse_path(const char *prefix, const char *below, KnobRef *ret) {
        _cleanup_(freep) char *name = text_format("%s.%s", prefix, below);

        assert_non_null(name);
        for (char *p = name; (p = strchr(p, '/'));)
                *p = '.';
        return knob_ref_parse(name, ret);
}

/* Files with mode 0200 are triggers; those of mode 0600 only root may read. */
static void assert_reads_as_the_catalogue_says(const char *path, KnobRef ref, mode_t mode) {
        Value value;

        if (ref.knob->flags & KNOB_TRIGGER)
                return;
        int r = live_read(root, ref, &value);
        if (r == -EACCES && geteuid() != 0 && (mode & S_IROTH) == 0)
                return;
        if (r < 0)
                fail_msg("%s does not read as the catalogue says: %s", path, strerror(-r));
        if (ref.knob->kind == VALUE_CHOICE) {
                bool known = false;
                for (size_t i = 0; ref.knob->choices[i]; i++)
                        known = known || streq(ref.knob->choices[i], value.word);
                if (!known)
                        fail_msg("%s is \"%s\", no choice of the catalogue", path, value.word);
        }
}

static void assert_file_is_known(const char *folder, const char *prefix, const char *path) {
        char of_knob[KNOB_PATH_MAX];
        struct stat st;
        KnobRef ref;

        assert_int_equal(fstatat(root_fd(root), path, &st, 0), 0);
        if (!S_ISREG(st.st_mode) || (st.st_mode & S_IWUSR) == 0)
                return;
        int r = parse_path(prefix, path + strlen(folder) + 1, &ref);
        if (r < 0)
                fail_msg("/%s can be written and is no knob", path);
        knob_ref_path(ref, of_knob);
        assert_string_equal(of_knob, path);
        assert_reads_as_the_catalogue_says(path, ref, st.st_mode);
}

/* Every file in the folder and, when deep, in its folders. The count of entries seen. */
static size_t walk(const char *folder, const char *prefix, const char *path, unsigned depth) {
        _cleanup_(closedirp) DIR *dir = root_open_dir(root, path);
        size_t n = 0;

        assert_non_null(dir);
        for (struct dirent *found; (found = readdir(dir));) {
                char below[PATH_MAX];
                if (found->d_name[0] == '.')
                        continue;
                assert_true(snprintf(below, sizeof(below), "%s/%s", path, found->d_name) <
                            (int) sizeof(below));
                n++;
                if (found->d_type != DT_DIR)
                        assert_file_is_known(folder, prefix, below);
                else if (depth > 0)
                        n += walk(folder, prefix, below, depth - 1);
        }
        return n;
}

static void test_every_writable_sysctl_of_this_kernel_is_known(void **state) {
        assert_true(walk(VM, "vm", VM, 0) > 20);
}

static void test_every_writable_huge_page_file_of_this_kernel_is_known(void **state) {
        if (!root_exists(root, THP)) {
                print_message("# this kernel has no transparent huge pages\n");
                return;
        }
        assert_true(walk(THP, "transparent_hugepage", THP, 2) > 5);
}

static void test_the_folio_sizes_of_this_machine_are_found_again(void **state) {
        const Knob *knob = knob_find("transparent_hugepage.hugepages-*kB.enabled");
        _cleanup_(freep) KnobRef *refs = NULL;
        size_t n = 0;

        assert_int_equal(live_refs(root, knob, &refs, &n), 0);
        for (size_t i = 0; i < n; i++) {
                KnobRef ref = refs[i], again;
                char name[KNOB_NAME_MAX];
                knob_ref_name(ref, name);
                assert_int_equal(knob_ref_parse(name, &again), 0);
                assert_true(knob_ref_equal(ref, again));
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_writable_sysctl_of_this_kernel_is_known),
                cmocka_unit_test(test_every_writable_huge_page_file_of_this_kernel_is_known),
                cmocka_unit_test(test_the_folio_sizes_of_this_machine_are_found_again),
        };

        int r = root_open("/", &root);
        if (r < 0 || !root_exists(root, VM)) {
                printf("1..0 # SKIP there is no /proc/sys/vm here\n");
                root_close(root);
                return 0;
        }
        cmocka_set_message_output(CM_OUTPUT_TAP);
        r = cmocka_run_group_tests(tests, NULL, NULL);
        root_close(root);
        return r;
}
