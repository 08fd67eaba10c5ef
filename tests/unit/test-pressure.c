/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/pressure.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/support/recorded.h"

static void test_averages_and_totals_are_read(void **state) {
        PressureLine some, full;

        assert_int_equal(pressure_parse("some avg10=0.14 avg60=12.05 avg300=100.00 total=11564993\n"
                                        "full avg10=0.00 avg60=0.01 avg300=0.27 total=7",
                                        &some,
                                        &full),
                         0);
        assert_true(some.valid && full.valid);
        assert_int_equal(some.permyriad[PRESSURE_10S], 14);
        assert_int_equal(some.permyriad[PRESSURE_60S], 1205);
        assert_int_equal(some.permyriad[PRESSURE_300S], 10000);
        assert_int_equal(some.total_usec, 11564993);
        assert_int_equal(full.permyriad[PRESSURE_60S], 1);
}

static void test_an_old_cpu_file_and_an_irq_file_have_one_line(void **state) {
        PressureLine some, full;

        assert_int_equal(
                pressure_parse("some avg10=1.00 avg60=0.00 avg300=0.00 total=1", &some, &full), 0);
        assert_true(some.valid && !full.valid);
        assert_int_equal(
                pressure_parse("full avg10=1.00 avg60=0.00 avg300=0.00 total=1", &some, &full), 0);
        assert_true(!some.valid && full.valid);
}

static void test_what_is_no_pressure_is_refused(void **state) {
        static const char *const refused[] = {
                "",
                "some",
                "some total=5",
                "some avg10=1 avg60=0.00 avg300=0.00 total=1",
                "some avg10=0.00 avg60=0.00 total=1",
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=",
        };
        PressureLine some, full;

        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_int_equal(pressure_parse(refused[i], &some, &full), -EBADMSG);
}

static void test_a_machine_is_read_as_a_whole(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        Pressure pressure;

        recorded_init(&machine, "x86-2g-6.1");
        assert_true(pressure_read(machine.root, 5, &pressure));
        assert_int_equal(pressure.lines[METRIC_MEMORY_SOME].total_usec, 5120931);
        assert_true(pressure.lines[METRIC_IO_FULL].valid);
        assert_false(pressure.lines[METRIC_CPU_FULL].valid);
}

static void test_a_machine_without_psi_has_none(void **state) {
        _cleanup_(recorded_done) Recorded machine = {0};
        Pressure pressure;

        recorded_init(&machine, "no-psi-no-thp-6.1");
        assert_false(pressure_read(machine.root, 0, &pressure));
}

static void test_now_is_the_difference_of_two_totals(void **state) {
        const PressureLine before = {.valid = true, .total_usec = 1000}, none = {0};
        PressureLine now = {.valid = true, .total_usec = 251000};

        assert_int_equal(pressure_since(&before, &now, USEC_PER_SEC), 2500);
        assert_int_equal(pressure_since(&before, &now, 1), 10000);
        assert_int_equal(pressure_since(&before, &now, 0), -1);
        assert_int_equal(pressure_since(&none, &now, USEC_PER_SEC), -1);
        now.total_usec = 999;
        assert_int_equal(pressure_since(&before, &now, USEC_PER_SEC), -1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_averages_and_totals_are_read),
                cmocka_unit_test(test_an_old_cpu_file_and_an_irq_file_have_one_line),
                cmocka_unit_test(test_what_is_no_pressure_is_refused),
                cmocka_unit_test(test_a_machine_is_read_as_a_whole),
                cmocka_unit_test(test_a_machine_without_psi_has_none),
                cmocka_unit_test(test_now_is_the_difference_of_two_totals),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
