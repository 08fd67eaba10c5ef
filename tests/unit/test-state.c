/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/state.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "tests/support/tree.h"

#define FILE_NAME "pending"

typedef struct Folder {
        char *path;
        int fd;
} Folder;

static int folder_init(void **state) {
        Folder *folder = calloc(1, sizeof(*folder));

        assert_non_null(folder);
        assert_int_equal(tree_copy(NULL, &folder->path), 0);
        folder->fd = state_open(folder->path);
        assert_true(folder->fd >= 0);
        *state = folder;
        return 0;
}

static int folder_done(void **state) {
        Folder *folder = *state;

        (void) close(folder->fd);
        tree_remove(folder->path);
        free(folder);
        return 0;
}

static json_object *record_of(const char *says) {
        json_object *record = json_object_new_object();

        assert_non_null(record);
        json_set(record, "says", json_object_new_string(says));
        return record;
}

static int replace(const Folder *folder, const char *says) {
        _cleanup_(json_putp) json_object *record = record_of(says);

        return state_replace(folder->fd, FILE_NAME, record);
}

static int append(const Folder *folder, const char *says) {
        _cleanup_(json_putp) json_object *record = record_of(says);

        return state_append(folder->fd, FILE_NAME, record, true);
}

static char *file_text(const Folder *folder) {
        _cleanup_(closep) int fd = openat(folder->fd, FILE_NAME, O_RDONLY | O_CLOEXEC);
        char *text = NULL;

        assert_true(fd >= 0);
        assert_int_equal(read_all(fd, STATE_FILE_MAX, &text, NULL), 0);
        return text;
}

static void put_bytes(const Folder *folder, const char *bytes, size_t size) {
        _cleanup_(closep) int fd =
                openat(folder->fd, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, size), size);
}

static void cut_end(const Folder *folder, off_t bytes) {
        struct stat st;

        assert_int_equal(fstatat(folder->fd, FILE_NAME, &st, 0), 0);
        _cleanup_(closep) int fd = openat(folder->fd, FILE_NAME, O_WRONLY | O_CLOEXEC);
        assert_int_equal(ftruncate(fd, st.st_size - bytes), 0);
}

static int read_result(const Folder *folder) {
        json_object *records = NULL;

        int r = state_read(folder->fd, FILE_NAME, &records);
        if (r >= 0)
                (void) json_object_put(records);
        else
                assert_null(records);
        return r;
}

/* The records' texts in order, "a b c". */
static void assert_says(const Folder *folder, const char *expected) {
        _cleanup_(json_putp) json_object *records = NULL;
        char said[256] = "";

        assert_true(state_read(folder->fd, FILE_NAME, &records) >= 0);
        for (size_t i = 0; i < json_object_array_length(records); i++) {
                const char *one = json_get_string(json_object_array_get_idx(records, i), "says");
                assert_non_null(one);
                (void) strncat(said, i > 0 ? " " : "", sizeof(said) - strlen(said) - 1);
                (void) strncat(said, one, sizeof(said) - strlen(said) - 1);
        }
        assert_string_equal(said, expected);
}

static void assert_no_leftovers(const Folder *folder) {
        assert_int_equal(faccessat(folder->fd, FILE_NAME ".new", F_OK, 0), -1);
}

static void test_records_are_read_in_the_order_they_were_written(void **state) {
        const Folder *folder = *state;

        assert_int_equal(replace(folder, "a"), 0);
        assert_int_equal(append(folder, "b"), 0);
        assert_int_equal(append(folder, "c"), 0);
        assert_says(folder, "a b c");
        assert_no_leftovers(folder);
}

static void test_the_checksum_is_the_crc_32_that_other_programs_compute(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *text = NULL;

        assert_int_equal(replace(folder, "a"), 0);
        text = file_text(folder);
        /* python3 -c 'import zlib; print("%08x" % zlib.crc32(b"{\"says\":\"a\"}"))' */
        assert_string_equal(text, "memctl1 a3d9b7eb {\"says\":\"a\"}\n");
}

static void test_replacing_leaves_nothing_of_what_was_before(void **state) {
        const Folder *folder = *state;

        assert_int_equal(replace(folder, "long-before"), 0);
        assert_int_equal(append(folder, "b"), 0);
        assert_int_equal(replace(folder, "c"), 0);
        assert_says(folder, "c");
}

static void test_a_record_with_any_text_stays_on_one_line(void **state) {
        const Folder *folder = *state;
        _cleanup_(json_putp) json_object *records = NULL;
        static const char text[] = "two\nlines \"quoted\" \\ and \x01 and \xc3\xa4";

        assert_int_equal(replace(folder, text), 0);
        assert_int_equal(state_read(folder->fd, FILE_NAME, &records), 0);
        assert_int_equal(json_object_array_length(records), 1);
        assert_string_equal(json_get_string(json_object_array_get_idx(records, 0), "says"), text);
}

static void test_a_torn_last_line_is_passed_over_wherever_it_tore(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *whole = NULL;

        assert_int_equal(replace(folder, "a"), 0);
        assert_int_equal(append(folder, "b"), 0);
        whole = file_text(folder);
        size_t first = (size_t) (strchr(whole, '\n') - whole) + 1;
        for (size_t size = first; size < strlen(whole) - 1; size++) {
                put_bytes(folder, whole, size);
                assert_says(folder, "a");
        }
        /* Nothing but the newline is missing: it is whole. */
        put_bytes(folder, whole, strlen(whole) - 1);
        assert_says(folder, "a b");
}

static void test_a_record_after_a_torn_line_is_not_lost(void **state) {
        const Folder *folder = *state;

        assert_int_equal(replace(folder, "a"), 0);
        assert_int_equal(append(folder, "b"), 0);
        cut_end(folder, 5);
        assert_int_equal(append(folder, "c"), 0);
        assert_says(folder, "a c");
}

/* What a power cut leaves of an append: the length is there, and the text is not. */
static void test_a_record_that_reads_as_zeroes_is_passed_over(void **state) {
        static const char zeroes[40];
        const Folder *folder = *state;

        assert_int_equal(replace(folder, "a"), 0);
        _cleanup_(closep) int fd = openat(folder->fd, FILE_NAME, O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(write(fd, zeroes, sizeof(zeroes)), sizeof(zeroes));
        assert_says(folder, "a");
        assert_int_equal(append(folder, "b"), 0);
        assert_says(folder, "a b");
}

static void test_zeroes_in_the_first_record_are_damage(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *text = NULL;

        assert_int_equal(replace(folder, "a"), 0);
        text = file_text(folder);
        size_t size = strlen(text);
        text[size / 2] = '\0';
        put_bytes(folder, text, size);
        assert_int_equal(read_result(folder), -EBADMSG);
}

static void test_a_torn_first_line_is_damage_wherever_it_tore(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *whole = NULL;

        assert_int_equal(replace(folder, "a"), 0);
        whole = file_text(folder);
        for (size_t size = 0; size < strlen(whole) - 1; size++) {
                put_bytes(folder, whole, size);
                assert_int_equal(read_result(folder), -EBADMSG);
        }
}

static void test_a_damaged_first_line_is_not_made_up_by_later_ones(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *text = NULL;

        assert_int_equal(replace(folder, "a"), 0);
        assert_int_equal(append(folder, "b"), 0);
        text = file_text(folder);
        *strstr(text, "says") = 'S';
        put_bytes(folder, text, strlen(text));
        assert_int_equal(read_result(folder), -EBADMSG);
}

static void test_every_flipped_byte_of_a_record_is_noticed(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *whole = NULL;

        assert_int_equal(replace(folder, "a"), 0);
        whole = file_text(folder);
        for (size_t i = 0; i < strlen(whole) - 1; i++) {
                _cleanup_(freep) char *flipped = strdup(whole);
                flipped[i] ^= 0x11;
                put_bytes(folder, flipped, strlen(whole));
                assert_int_equal(read_result(folder), -EBADMSG);
        }
}

/* One bit of any byte, in any line: the first is damage (or a version that is not ours, where the
 * bit is of its number), a later one is passed over and counted. */
static void test_every_flipped_bit_is_noticed(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *whole = NULL;

        assert_int_equal(replace(folder, "a"), 0);
        assert_int_equal(append(folder, "b"), 0);
        whole = file_text(folder);
        size_t size = strlen(whole), first = (size_t) (strchr(whole, '\n') - whole);
        for (size_t i = 0; i < size * 8; i++) {
                whole[i / 8] ^= (char) (1 << i % 8);
                put_bytes(folder, whole, size);
                int r = read_result(folder);
                if (r == 0 || (i / 8 > first && r < 0 && r != -EBADMSG) ||
                    (i / 8 <= first && r > 0))
                        fail_msg("bit %zu of byte %zu: %d", i % 8, i / 8, r);
                whole[i / 8] ^= (char) (1 << i % 8);
        }
        put_bytes(folder, whole, size);
        assert_says(folder, "a b");
}

/* As one that knows more writes it; its checksum is right. */
static void test_another_version_is_told_from_damage(void **state) {
        const Folder *folder = *state;
        static const char *const texts[] = {"memctl2 a3d9b7eb {\"says\":\"a\"}\n",
                                            "memctl17 a3d9b7eb {\"says\":\"a\"}\n",
                                            "memctl0 a3d9b7eb {\"says\":\"a\"}\n"};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                put_bytes(folder, texts[i], strlen(texts[i]));
                assert_int_equal(read_result(folder), -EPROTONOSUPPORT);
        }
        assert_non_null(strstr(state_damage(-EPROTONOSUPPORT), "another version"));
}

/* Nothing waits, and nothing is read, of what is no file. */
static void test_what_is_no_regular_file_is_damage(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *aside = NULL, *another = NULL;

        assert_int_equal(mkdirat(folder->fd, FILE_NAME, 0700), 0);
        assert_int_equal(read_result(folder), -EMEDIUMTYPE);
        assert_int_equal(state_set_aside(folder->fd, FILE_NAME, &aside), 0);
        assert_int_equal(mkfifoat(folder->fd, FILE_NAME, 0600), 0);
        assert_int_equal(read_result(folder), -EMEDIUMTYPE);
        assert_int_equal(state_set_aside(folder->fd, FILE_NAME, &another), 0);
        assert_string_not_equal(aside, another);
        assert_int_equal(replace(folder, "a"), 0);
        assert_says(folder, "a");
}

static void test_what_was_set_aside_is_listed_until_it_is_deleted(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *aside = NULL;
        StateAside list = {0};

        assert_int_equal(state_list_aside(folder->fd, &list), 0);
        assert_int_equal(list.n, 0);
        put_bytes(folder, "damaged", 7);
        assert_int_equal(state_set_aside(folder->fd, FILE_NAME, &aside), 0);
        assert_int_equal(replace(folder, "a"), 0);
        assert_int_equal(state_list_aside(folder->fd, &list), 0);
        assert_int_equal(list.n, 1);
        assert_string_equal(list.names[0], aside);
        state_aside_done(&list);
        assert_int_equal(unlinkat(folder->fd, aside, 0), 0);
        assert_int_equal(state_list_aside(folder->fd, &list), 0);
        assert_int_equal(list.n, 0);
}

static void test_text_that_is_no_record_is_damage(void **state) {
        const Folder *folder = *state;
        static const char *const texts[] = {
                "",
                "\n\n",
                "{\"says\":\"a\"}\n",
                "memctl2 00000000 {}\n",
                "memctl1 \n",
                "memctl1 00000000 \n",
                "memctl1 zzzzzzzz {}\n",
                "memctl1 -0000001 {}\n",
                "memctl1        0 \n",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                put_bytes(folder, texts[i], strlen(texts[i]));
                assert_int_equal(read_result(folder), -EBADMSG);
        }
}

static void test_a_file_that_is_too_large_is_damage(void **state) {
        const Folder *folder = *state;

        assert_int_equal(replace(folder, "a"), 0);
        _cleanup_(closep) int fd = openat(folder->fd, FILE_NAME, O_WRONLY | O_CLOEXEC);
        assert_int_equal(ftruncate(fd, (off_t) STATE_FILE_MAX + 1), 0);
        assert_int_equal(read_result(folder), -EBADMSG);
}

static void test_what_is_missing_is_not_there(void **state) {
        const Folder *folder = *state;

        assert_int_equal(read_result(folder), -ENOENT);
        assert_int_equal(append(folder, "a"), -ENOENT);
        assert_int_equal(state_remove(folder->fd, FILE_NAME), 0);
        assert_int_equal(replace(folder, "a"), 0);
        assert_int_equal(state_remove(folder->fd, FILE_NAME), 0);
        assert_int_equal(read_result(folder), -ENOENT);
}

static void test_the_folder_and_those_above_are_made(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *above = text_format("%s/one", folder->path);
        _cleanup_(freep) char *path = text_format("%s/one/two", folder->path);
        struct stat st;

        _cleanup_(closep) int fd = state_open(path);
        assert_true(fd >= 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        assert_int_equal(stat(above, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0755);
        _cleanup_(closep) int again = state_open(path);
        assert_true(again >= 0);
}

static void test_a_file_in_the_place_of_the_folder_is_refused(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *path = text_format("%s/" FILE_NAME, folder->path);
        _cleanup_(freep) char *below = text_format("%s/" FILE_NAME "/x", folder->path);

        assert_int_equal(replace(folder, "a"), 0);
        assert_int_equal(state_open(path), -ENOTDIR);
        assert_int_equal(state_open(below), -ENOTDIR);
}

static void test_only_the_owner_may_read_the_files(void **state) {
        const Folder *folder = *state;
        struct stat st;

        assert_int_equal(replace(folder, "a"), 0);
        assert_int_equal(fstatat(folder->fd, FILE_NAME, &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
}

/* A file may grow to this size and no further: what a full disk does to a write. */
static void with_disk_of(rlim_t bytes, struct rlimit *ret_before) {
        struct rlimit limit;

        (void) signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, ret_before), 0);
        limit = *ret_before;
        limit.rlim_cur = bytes;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_a_full_disk_leaves_the_file_as_it_was(void **state) {
        const Folder *folder = *state;
        struct rlimit before;

        assert_int_equal(replace(folder, "a"), 0);
        with_disk_of(10, &before);
        int r_replace = replace(folder, "other");
        int r_append = append(folder, "b");
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(r_replace, -EFBIG);
        assert_int_equal(r_append, -EFBIG);
        assert_no_leftovers(folder);
        assert_says(folder, "a");
}

static void test_an_append_that_a_full_disk_tore_is_passed_over(void **state) {
        const Folder *folder = *state;
        struct rlimit before;
        struct stat st;

        assert_int_equal(replace(folder, "a"), 0);
        assert_int_equal(fstatat(folder->fd, FILE_NAME, &st, 0), 0);
        with_disk_of((rlim_t) st.st_size + 10, &before);
        int r = append(folder, "b");
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(r, -EFBIG);
        assert_says(folder, "a");
        assert_int_equal(append(folder, "c"), 0);
        assert_says(folder, "a c");
}

static void test_a_damaged_file_is_set_aside_whole(void **state) {
        const Folder *folder = *state;
        _cleanup_(freep) char *aside = NULL;

        put_bytes(folder, "damaged", 7);
        assert_int_equal(state_set_aside(folder->fd, FILE_NAME, &aside), 0);
        assert_true(text_starts_with(aside, FILE_NAME ".damaged-"));
        assert_true(strtoul(aside + strlen(FILE_NAME ".damaged-"), NULL, 10) > 1600000000);
        assert_true(tree_holds(folder->path, aside, "damaged"));
        assert_int_equal(read_result(folder), -ENOENT);

        char *none = NULL;
        assert_int_equal(state_set_aside(folder->fd, FILE_NAME, &none), -ENOENT);
        assert_null(none);
}

static void test_a_link_is_followed_by_nothing(void **state) {
        const Folder *folder = *state;

        assert_int_equal(tree_write(folder->path, "elsewhere", "untouched"), 0);
        assert_int_equal(symlinkat("elsewhere", folder->fd, FILE_NAME), 0);
        assert_int_equal(symlinkat("elsewhere", folder->fd, FILE_NAME ".new"), 0);
        assert_int_equal(read_result(folder), -ELOOP);
        assert_int_equal(append(folder, "a"), -ELOOP);
        assert_int_equal(replace(folder, "a"), -ELOOP);
        assert_true(tree_holds(folder->path, "elsewhere", "untouched"));
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_init, folder_done)

int main(void) {
        const struct CMUnitTest tests[] = {
                IN_A_FOLDER(test_records_are_read_in_the_order_they_were_written),
                IN_A_FOLDER(test_the_checksum_is_the_crc_32_that_other_programs_compute),
                IN_A_FOLDER(test_replacing_leaves_nothing_of_what_was_before),
                IN_A_FOLDER(test_a_record_with_any_text_stays_on_one_line),
                IN_A_FOLDER(test_a_torn_last_line_is_passed_over_wherever_it_tore),
                IN_A_FOLDER(test_a_record_after_a_torn_line_is_not_lost),
                IN_A_FOLDER(test_a_record_that_reads_as_zeroes_is_passed_over),
                IN_A_FOLDER(test_zeroes_in_the_first_record_are_damage),
                IN_A_FOLDER(test_a_torn_first_line_is_damage_wherever_it_tore),
                IN_A_FOLDER(test_a_damaged_first_line_is_not_made_up_by_later_ones),
                IN_A_FOLDER(test_every_flipped_byte_of_a_record_is_noticed),
                IN_A_FOLDER(test_every_flipped_bit_is_noticed),
                IN_A_FOLDER(test_another_version_is_told_from_damage),
                IN_A_FOLDER(test_what_is_no_regular_file_is_damage),
                IN_A_FOLDER(test_what_was_set_aside_is_listed_until_it_is_deleted),
                IN_A_FOLDER(test_text_that_is_no_record_is_damage),
                IN_A_FOLDER(test_a_file_that_is_too_large_is_damage),
                IN_A_FOLDER(test_what_is_missing_is_not_there),
                IN_A_FOLDER(test_the_folder_and_those_above_are_made),
                IN_A_FOLDER(test_a_file_in_the_place_of_the_folder_is_refused),
                IN_A_FOLDER(test_only_the_owner_may_read_the_files),
                IN_A_FOLDER(test_a_full_disk_leaves_the_file_as_it_was),
                IN_A_FOLDER(test_an_append_that_a_full_disk_tore_is_passed_over),
                IN_A_FOLDER(test_a_damaged_file_is_set_aside_whole),
                IN_A_FOLDER(test_a_link_is_followed_by_nothing),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
