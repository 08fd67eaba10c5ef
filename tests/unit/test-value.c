/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/base/value.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const words[] = {"always", "madvise", "never", NULL};

static const ValueType percent = {
        .kind = VALUE_INTEGER, .unit = VALUE_UNIT_PERCENT, .max = {.magnitude = 100}};
static const ValueType plain = {.kind = VALUE_INTEGER, .max = {.magnitude = 200}};
static const ValueType kib = {
        .kind = VALUE_INTEGER, .unit = VALUE_UNIT_KIB, .max = {.magnitude = INT32_MAX}};
static const ValueType bytes = {.kind = VALUE_INTEGER,
                                .unit = VALUE_UNIT_BYTES,
                                .min = {.magnitude = 8192},
                                .max = {.magnitude = UINT64_MAX}};
static const ValueType centisecs = {
        .kind = VALUE_INTEGER, .unit = VALUE_UNIT_CENTISECS, .max = {.magnitude = INT32_MAX}};
static const ValueType msec = {
        .kind = VALUE_INTEGER, .unit = VALUE_UNIT_MSEC, .max = {.magnitude = UINT32_MAX}};
static const ValueType seconds = {
        .kind = VALUE_INTEGER, .unit = VALUE_UNIT_SEC, .max = {.magnitude = INT32_MAX}};
static const ValueType permyriad = {.kind = VALUE_INTEGER,
                                    .unit = VALUE_UNIT_PERMYRIAD,
                                    .min = {.magnitude = 1},
                                    .max = {.magnitude = 3000}};
static const ValueType signed_type = {.kind = VALUE_INTEGER,
                                      .min = {.magnitude = 2147483648, .negative = true},
                                      .max = {.magnitude = INT32_MAX}};
static const ValueType fraction = {.kind = VALUE_INTEGER,
                                   .max = {.magnitude = INT32_MAX},
                                   .gap_first = {.magnitude = 1},
                                   .gap_last = {.magnitude = 7}};
static const ValueType flag = {.kind = VALUE_BOOL, .max = {.magnitude = 1}};
static const ValueType choice = {.kind = VALUE_CHOICE, .choices = words};
static const ValueType vector = {.kind = VALUE_VECTOR, .max = {.magnitude = INT32_MAX}};

static void test_what_a_person_writes_becomes_canonical_text(void **state) {
        static const struct {
                const ValueType *type;
                const char *text;
                const char *canonical;
        } cases[] = {
                {&plain, "0", "0"},
                {&plain, "-0", "0"},
                {&plain, "200", "200"},
                {&percent, "10", "10"},
                {&percent, "10%", "10"},
                {&kib, "65536", "65536"},
                {&kib, "64MiB", "65536"},
                {&kib, "1.5 GiB", "1572864"},
                {&bytes, "64MiB", "67108864"},
                {&bytes, "18446744073709551615", "18446744073709551615"},
                {&centisecs, "10s", "1000"},
                {&centisecs, "30ms", "3"},
                {&msec, "10s", "10000"},
                {&seconds, "12h", "43200"},
                {&permyriad, "0.5%", "50"},
                {&permyriad, "50", "50"},
                {&signed_type, "-2147483648", "-2147483648"},
                {&fraction, "0", "0"},
                {&fraction, "8", "8"},
                {&flag, "0", "0"},
                {&flag, "on", "1"},
                {&flag, "no", "0"},
                {&flag, "true", "1"},
                {&choice, "madvise", "madvise"},
                {&vector, "256 256 32", "256 256 32"},
                {&vector, "256,256,\t32", "256 256 32"},
                {&vector, "1 2 3 4 5 6 7 8", "1 2 3 4 5 6 7 8"},
        };
        char text[VALUE_TEXT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char *why = NULL;
                Value value;
                assert_int_equal(value_parse(cases[i].type, cases[i].text, &value, &why), 0);
                assert_null(why);
                value_format(&value, text);
                assert_string_equal(text, cases[i].canonical);
        }
}

static void test_what_is_wrong_is_said(void **state) {
        static const struct {
                const ValueType *type;
                const char *text;
                int error;
                const char *why;
                bool then_range; /* "it takes ..." follows */
        } cases[] = {
                {&plain, "", -EINVAL, "is empty", true},
                {&plain, "300", -ERANGE, "is 300, above the maximum 200"},
                {&plain, "-1", -ERANGE, "is -1, below the minimum 0"},
                {&plain,
                 "010",
                 -EINVAL,
                 "is \"010\": a leading zero means octal to the kernel; write it without",
                 true},
                {&plain, "0x10", -EINVAL, "is \"0x10\", not a number", true},
                {&plain, "10s", -EINVAL, "is \"10s\", not a number", true},
                {&plain, " 1", -EINVAL, "is \" 1\", not a number", true},
                {&plain, "+1", -EINVAL, "is \"+1\", not a number", true},
                {&plain, "1\n", -EINVAL, "is \"1\n\", not a number", true},
                {&plain,
                 "99999999999999999999",
                 -ERANGE,
                 "is \"99999999999999999999\", larger than any number the kernel takes",
                 true},
                {&percent, "0.5%", -EINVAL, "is \"0.5%\", not a whole number of percent", true},
                {&percent, "101", -ERANGE, "is 101, above the maximum 100 %"},
                {&kib, "1500B", -EINVAL, "is 1500B, not a whole count of KiB", true},
                {&kib,
                 "64mb",
                 -EINVAL,
                 "is \"64mb\", not a number (of KiB) or a size like 64MiB",
                 true},
                {&bytes, "4096", -ERANGE, "is 4096, below the minimum 8192 bytes"},
                {&centisecs, "5ms", -EINVAL, "is 5ms, not a whole count of 1/100 s", true},
                {&centisecs,
                 "fast",
                 -EINVAL,
                 "is \"fast\", not a number (in 1/100 s) or a time like 10s",
                 true},
                {&permyriad,
                 "x",
                 -EINVAL,
                 "is \"x\", not a number (in 1/10000) or a share like 0.5%",
                 true},
                {&permyriad, "0", -ERANGE, "is 0, below the minimum 1 1/10000"},
                {&fraction, "3", -ERANGE, "is 3; the kernel refuses 1 to 7"},
                {&flag, "2", -EINVAL, "is \"2\", neither 0 nor 1"},
                {&choice, "Always", -EINVAL, "is \"Always\", not one of always, madvise, never"},
                {&choice, "[never]", -EINVAL, "is \"[never]\", not one of always, madvise, never"},
                {&vector, " ", -EINVAL, "is empty", true},
                {&vector, "1 2 x", -EINVAL, "is \"x\", not a number", true},
                {&vector, "1 -2", -ERANGE, "is -2, below the minimum 0"},
                {&vector,
                 "1 2 3 4 5 6 7 8 9",
                 -EINVAL,
                 "is \"1 2 3 4 5 6 7 8 9\", not a list of at most 8 numbers"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Value value = {.n = 99};
                _cleanup_(freep) char *why = NULL;
                int r = value_parse(cases[i].type, cases[i].text, &value, &why);
                assert_int_equal(r, cases[i].error);
                assert_non_null(why);
                _cleanup_(freep) char *range = value_type_format(cases[i].type);
                _cleanup_(freep) char *expected =
                        text_format("%s%s%s",
                                    cases[i].why,
                                    cases[i].then_range ? "; it takes " : "",
                                    cases[i].then_range ? range : "");
                assert_string_equal(why, expected);
                assert_true(value.n == 99);
        }
}

static void test_what_the_kernel_prints_is_read(void **state) {
        static const struct {
                const ValueType *type;
                const char *text;
                const char *canonical;
        } cases[] = {
                {&plain, "60\n", "60"},
                {&plain, "300\n", "300"}, /* the range is not checked */
                {&plain, "-5\n", "-5"},
                {&flag, "Y\n", "1"},
                {&flag, "N\n", "0"},
                {&flag, "1\n", "1"},
                {&flag, "5\n", "5"}, /* oom_dump_tasks takes any number */
                {&choice, "always [madvise] never\n", "madvise"},
                {&choice, "always madvise [never]\n", "never"},
                {&choice, "Node\n", "Node"},
                {&vector, "256\t256\t32\t0\t0\n", "256 256 32 0 0"},
                {&bytes, "18446744073709551615\n", "18446744073709551615"},
        };
        char text[VALUE_TEXT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Value value;
                assert_int_equal(value_parse_kernel(cases[i].type, cases[i].text, &value), 0);
                value_format(&value, text);
                assert_string_equal(text, cases[i].canonical);
        }
}

static void test_what_the_kernel_would_not_print_is_refused(void **state) {
        static const struct {
                const ValueType *type;
                const char *text;
        } cases[] = {
                {&plain, ""},
                {&plain, "\n"},
                {&plain, "x\n"},
                {&plain, "1 2\n"},
                {&plain, "0x1\n"},
                {&plain, "18446744073709551616"},
                {&flag, "yes\n"},
                {&flag, ""},
                {&choice, "always madvise never\n"},
                {&choice, ""},
                {&choice, "[]"},
                {&choice, "[a[]b]"},
                {&choice, "[always"},
                {&choice, "a\nb"},
                {&choice, "[a\tb] c"},
                {&choice, "\x1b"},
                {&choice, "a-word-that-is-longer-than-any-of-the-kernel"},
                {&vector, "\n"},
                {&vector, "1 2 3 4 5 6 7 8 9"},
                {&vector, "1 two"},
        };
        char endless[2000];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Value value = {.n = 99};
                assert_int_equal(value_parse_kernel(cases[i].type, cases[i].text, &value), -EINVAL);
                assert_true(value.n == 99);
        }
        memset(endless, '1', sizeof(endless) - 1);
        endless[sizeof(endless) - 1] = '\0';
        Value value;
        assert_int_equal(value_parse_kernel(&plain, endless, &value), -EINVAL);
        assert_int_equal(value_parse_kernel(&vector, endless, &value), -EINVAL);
}

static void test_values_are_explained_to_people(void **state) {
        static const struct {
                const ValueType *type;
                const char *text;
                const char *human;
        } cases[] = {
                {&plain, "60", "60"},
                {&kib, "67584", "67584 KiB (66 MiB)"},
                {&kib, "512", "512 KiB"},
                {&bytes, "67108864", "67108864 bytes (64 MiB)"},
                {&centisecs, "3000", "3000 (30s)"},
                {&centisecs, "0", "0"},
                {&msec, "500", "500 ms"},
                {&msec, "60000", "60000 ms (1min)"},
                {&seconds, "30", "30 s"},
                {&seconds, "43200", "43200 s (12h)"},
                {&percent, "10", "10 %"},
                {&permyriad, "10", "10 (0.1 %)"},
                {&signed_type, "-5", "-5"},
                {&flag, "1", "1"},
                {&choice, "never", "never"},
                {&vector, "256 32", "256 32"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Value value;
                assert_int_equal(value_parse_kernel(cases[i].type, cases[i].text, &value), 0);
                _cleanup_(freep) char *human = value_format_human(cases[i].type, &value);
                assert_string_equal(human, cases[i].human);
        }
}

static void test_types_are_explained_to_people(void **state) {
        static const struct {
                const ValueType *type;
                const char *text;
        } cases[] = {
                {&plain, "0 to 200"},
                {&percent, "0 to 100 %"},
                {&signed_type, "-2147483648 to 2147483647"},
                {&fraction, "0 to 2147483647, but not 1 to 7"},
                {&flag, "0 or 1"},
                {&choice, "one of always, madvise, never"},
                {&vector, "0 to 2147483647, one a zone"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(freep) char *text = value_type_format(cases[i].type);
                assert_string_equal(text, cases[i].text);
        }
}

static void test_integers_compare_across_their_sign(void **state) {
        static const Integer ascending[] = {
                {.magnitude = UINT64_MAX, .negative = true},
                {.magnitude = 1, .negative = true},
                {.magnitude = 0},
                {.magnitude = 1},
                {.magnitude = UINT64_MAX},
        };

        for (size_t i = 0; i < ELEMENTSOF(ascending); i++)
                for (size_t j = 0; j < ELEMENTSOF(ascending); j++) {
                        int difference = integer_compare(ascending[i], ascending[j]);
                        assert_int_equal((difference > 0) - (difference < 0), (i > j) - (i < j));
                }
}

static void test_equal_values_have_kind_count_and_numbers_alike(void **state) {
        Value three = {0}, two = {0}, zero = {0}, word = {0}, off = {0};

        assert_int_equal(value_parse_kernel(&vector, "1 2 3", &three), 0);
        assert_int_equal(value_parse_kernel(&vector, "1 2", &two), 0);
        assert_int_equal(value_parse_kernel(&plain, "0", &zero), 0);
        assert_int_equal(value_parse_kernel(&flag, "0", &off), 0);
        assert_int_equal(value_parse_kernel(&choice, "never", &word), 0);
        assert_true(value_equal(&three, &three));
        assert_false(value_equal(&three, &two));
        assert_false(value_equal(&zero, &off));
        assert_false(value_equal(&zero, &word));
        assert_true(value_is_zero(&zero));
        assert_false(value_is_zero(&word));
        assert_false(value_is_zero(&two));
}

static void test_computed_numbers_are_checked_like_written_ones(void **state) {
        Value value = {.n = 99};
        _cleanup_(freep) char *why = NULL, *none = NULL;

        assert_int_equal(value_from_uint64(&plain, 201, &value, &why), -ERANGE);
        assert_string_equal(why, "is 201, above the maximum 200");
        assert_true(value.n == 99);
        assert_int_equal(value_from_uint64(&plain, 200, &value, &none), 0);
        assert_null(none);
        assert_true(value.n == 1 && value.integers[0].magnitude == 200);
}

static void test_kind_and_unit_names_are_complete(void **state) {
        for (int kind = 0; kind < _VALUE_KIND_MAX; kind++)
                assert_int_equal(value_kind_from_string(value_kind_to_string(kind)), kind);
        assert_int_equal(value_kind_from_string("real"), _VALUE_KIND_INVALID);
        assert_null(value_kind_to_string(_VALUE_KIND_INVALID));
        for (int unit = 0; unit < _VALUE_UNIT_MAX; unit++)
                assert_non_null(value_unit_to_string(unit));
        assert_null(value_unit_to_string(_VALUE_UNIT_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_a_person_writes_becomes_canonical_text),
                cmocka_unit_test(test_what_is_wrong_is_said),
                cmocka_unit_test(test_what_the_kernel_prints_is_read),
                cmocka_unit_test(test_what_the_kernel_would_not_print_is_refused),
                cmocka_unit_test(test_values_are_explained_to_people),
                cmocka_unit_test(test_types_are_explained_to_people),
                cmocka_unit_test(test_integers_compare_across_their_sign),
                cmocka_unit_test(test_equal_values_have_kind_count_and_numbers_alike),
                cmocka_unit_test(test_computed_numbers_are_checked_like_written_ones),
                cmocka_unit_test(test_kind_and_unit_names_are_complete),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
