/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/util.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_only_plain_decimal_numbers_are_read(void **state) {
        static const char *const refused[] = {
                "",
                "-1",
                "+1",
                " 1",
                "1 ",
                "0x10",
                "010",
                "00",
                "1.5",
                "1k",
                "one",
                "\xc2\xb2",
        };
        uint64_t number = 7;

        assert_int_equal(parse_uint64("0", &number), 0);
        assert_true(number == 0);
        assert_int_equal(parse_uint64("18446744073709551615", &number), 0);
        assert_true(number == UINT64_MAX);
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_int_equal(parse_uint64(refused[i], &number), -EINVAL);
        assert_true(number == UINT64_MAX);
}

static void test_numbers_past_64_bits_are_out_of_range(void **state) {
        uint64_t number = 7;

        assert_int_equal(parse_uint64("18446744073709551616", &number), -ERANGE);
        assert_int_equal(parse_uint64("99999999999999999999999", &number), -ERANGE);
        assert_true(number == 7);
}

static void test_white_space_is_stripped_at_both_ends(void **state) {
        char text[] = " \t a b \n", blank[] = "\n \n", plain[] = "x";

        assert_string_equal(text_strip(text), "a b");
        assert_string_equal(text_strip(blank), "");
        assert_string_equal(text_strip(plain), "x");
}

/* A descriptor from which that many bytes can be read. */
static int file_of(size_t size) {
        FILE *file = tmpfile();

        assert_non_null(file);
        for (size_t i = 0; i < size; i++)
                assert_int_equal(fputc('a' + (int) (i % 26), file), 'a' + (int) (i % 26));
        assert_int_equal(fflush(file), 0);
        int fd = dup(fileno(file));
        assert_true(fd >= 0);
        assert_true(lseek(fd, 0, SEEK_SET) == 0);
        fclosep(&file);
        return fd;
}

static void test_files_are_read_whole_up_to_the_bound_and_not_past_it(void **state) {
        static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 8193, 20000};

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_(closep) int fd = file_of(sizes[i]);
                _cleanup_(freep) char *text = NULL;
                size_t size = 99;
                assert_int_equal(read_all(fd, sizes[i], &text, &size), 0);
                assert_true(size == sizes[i] && strlen(text) == size);
                if (size == 0)
                        continue;
                _cleanup_(closep) int again = file_of(sizes[i]);
                char *untouched = NULL;
                assert_int_equal(read_all(again, size - 1, &untouched, NULL), -EFBIG);
                assert_null(untouched);
        }
}

static void test_reading_nothing_readable_passes_errno_on(void **state) {
        char *text = NULL;

        assert_int_equal(read_all(-1, 10, &text, NULL), -EBADF);
        assert_null(text);
}

static void test_arrays_grow_and_keep_what_they_hold(void **state) {
        _cleanup_(freep) unsigned *items = NULL;

        for (unsigned n = 0; n < 1000; n++) {
                assert_int_equal(array_grow(&items, n, sizeof(*items)), 0);
                items[n] = n;
        }
        for (unsigned n = 0; n < 1000; n++)
                assert_int_equal(items[n], n);
        void *huge = NULL;
        assert_int_equal(array_grow(&huge, SIZE_MAX / 2 + 1, 16), -ENOMEM);
}

static void test_handing_over_leaves_nothing_behind(void **state) {
        char *text = text_format("%s-%d", "a", 7);
        char *taken = TAKE_PTR(text);
        int fd = 5, fd_taken = TAKE_FD(fd);

        assert_null(text);
        assert_string_equal(taken, "a-7");
        assert_int_equal(fd, -1);
        assert_int_equal(fd_taken, 5);
        free(taken);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_only_plain_decimal_numbers_are_read),
                cmocka_unit_test(test_numbers_past_64_bits_are_out_of_range),
                cmocka_unit_test(test_white_space_is_stripped_at_both_ends),
                cmocka_unit_test(test_files_are_read_whole_up_to_the_bound_and_not_past_it),
                cmocka_unit_test(test_reading_nothing_readable_passes_errno_on),
                cmocka_unit_test(test_arrays_grow_and_keep_what_they_hold),
                cmocka_unit_test(test_handing_over_leaves_nothing_behind),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
