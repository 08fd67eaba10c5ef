/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/trace.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>

#include <cmocka.h>

#define ROWS_MAX 64
#define TOO_LONG ((size_t) 70000)

typedef struct Parsed {
        TraceRow rows[ROWS_MAX];
        size_t n;
        int r;
        char *problems; /* as a person reads them */
} Parsed;

static void parsed_done(Parsed *parsed) {
        free(parsed->problems);
}

static int take_row(const TraceRow *row, void *userdata) {
        Parsed *parsed = userdata;

        assert_true(parsed->n < ROWS_MAX);
        parsed->rows[parsed->n++] = *row;
        return 0;
}

static void parse_bytes(const char *text, size_t size, Parsed *parsed) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(closep) int fd = memfd_create("trace", MFD_CLOEXEC);

        *parsed = (Parsed){0};
        assert_true(fd >= 0);
        assert_true(write(fd, text, size) == (ssize_t) size && lseek(fd, 0, SEEK_SET) == 0);
        parsed->r = trace_read(fd, "t.csv", &problems, take_row, parsed);
        assert_true((parsed->r < 0) == (problems.n_errors > 0));
        parsed->problems = problems_format(&problems);
        assert_non_null(parsed->problems);
}

static void parse(const char *text, Parsed *parsed) {
        parse_bytes(text, strlen(text), parsed);
}

static void test_columns_are_known_by_name(void **state) {
        _cleanup_(parsed_done) Parsed parsed;

        parse("# a comment, with commas\n"
              "io_full_total,foo,time_us,arm,oom_kill,memory_some_total\n"
              "# another\n"
              "1,x,1000,0,3,7\n"
              "\n"
              "2,,2000,1,4,8\n",
              &parsed);
        assert_int_equal(parsed.r, 0);
        assert_string_equal(parsed.problems, "");
        assert_int_equal(parsed.n, 2);
        assert_true(parsed.rows[0].sample.counters[COUNTER_PSWPIN] == COUNTER_UNKNOWN);
        const TraceRow *row = &parsed.rows[1];
        assert_true(row->sample.at_usec == TRACE_EPOCH + 1000 && row->arm == 1);
        assert_true(row->sample.counters[COUNTER_OOM_KILL] == 4);
        assert_true(row->sample.valid[METRIC_IO_FULL]);
        assert_true(row->sample.stall_usec[METRIC_IO_FULL] == 2);
        assert_true(row->sample.stall_usec[METRIC_MEMORY_SOME] == 8);
        assert_false(row->sample.valid[METRIC_MEMORY_FULL]);
}

static void test_line_ends_marks_blanks_and_quotes_of_other_programs(void **state) {
        static const char *const texts[] = {
                "time_us,memory_some_total\r\n5,6\r\n7,8\r\n",
                "\xef\xbb\xbftime_us,memory_some_total\n5,6\n7,8\n",
                "\xef\xbb\xbf# made by hand\r\ntime_us,memory_some_total\r\n5,6\r\n7,8",
                "\"time_us\",\"memory_some_total\"\n\"5\",\"6\"\n\"7\",\"8\"\n",
                " time_us , memory_some_total\t\n 5 ,\t6\n7, 8\n",
                "\n\n\r\ntime_us,memory_some_total\n\n5,6\n  \n7,8\n\n",
                "time_us,memory_some_total\n5,6\n# 9,9\n7,8",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(parsed_done) Parsed parsed;
                parse(texts[i], &parsed);
                assert_string_equal(parsed.problems, "");
                assert_int_equal(parsed.r, 0);
                assert_int_equal(parsed.n, 2);
                assert_true(parsed.rows[0].sample.at_usec == TRACE_EPOCH);
                assert_true(parsed.rows[1].sample.at_usec == TRACE_EPOCH + 2);
                assert_true(parsed.rows[1].sample.stall_usec[METRIC_MEMORY_SOME] == 8);
                assert_int_equal(parsed.rows[1].arm, -1);
        }
}

static void test_what_is_empty_is_not_known(void **state) {
        _cleanup_(parsed_done) Parsed parsed;

        parse("time_us,memory_some_total,io_full_total,oom_kill,arm\n"
              "1,5,6,2,\n"
              "2,,7,,0\n"
              "3,,,3,1\n",
              &parsed);
        assert_int_equal(parsed.r, 0);
        assert_int_equal(parsed.n, 3);
        assert_int_equal(parsed.rows[0].arm, -1);
        assert_false(parsed.rows[1].sample.valid[METRIC_MEMORY_SOME]);
        assert_true(parsed.rows[1].sample.valid[METRIC_IO_FULL]);
        assert_true(parsed.rows[1].sample.counters[COUNTER_OOM_KILL] == COUNTER_UNKNOWN);
        assert_true(parsed.rows[2].sample.counters[COUNTER_OOM_KILL] == 3);
}

static void test_counters_of_zones_are_summed_up(void **state) {
        _cleanup_(parsed_done) Parsed parsed;

        parse("time_us,allocstall_dma,allocstall_normal,workingset_refault_file,"
              "workingset_refault_anon,pgscan_direct,pgscan_direct_throttle,cpu_some_total\n"
              "1,1,10,100,1000,5,7,9\n2,1,10,100,1000,5,7,9\n",
              &parsed);
        assert_int_equal(parsed.r, 0);
        assert_true(parsed.rows[0].sample.counters[COUNTER_ALLOCSTALL] == 11);
        assert_true(parsed.rows[0].sample.counters[COUNTER_WORKINGSET_REFAULT] == 1100);
        assert_true(parsed.rows[0].sample.counters[COUNTER_PGSCAN_DIRECT] == 5);
}

static void test_each_mistake_is_told_with_its_place(void **state) {
        static const struct {
                const char *text;
                const char *expected;
        } cases[] = {
                {"", "t.csv: error: nothing in it; expected a line with the names"},
                {"# only\n\n", "t.csv: error: nothing in it"},
                {"time_us,memory_some_total\n",
                 "t.csv: error: 0 rows behind the header; expected two"},
                {"time_us,memory_some_total\n1,2\n", "t.csv: error: 1 row behind the header"},
                {"time,memory_some_total\n1,2\n", "t.csv:1: error: no column time_us; expected"},
                {"# x\n0,1,2\n1,2,3\n", "t.csv:2: error: no column time_us"},
                {"time_us;memory_some_total\n1;2\n", "t.csv:1: error: no column time_us"},
                {"time_us,foo\n1,2\n", "t.csv:1: error: no column of stall times; expected one of"},
                {"time_us,io_some_total,time_us\n",
                 "t.csv:1:23: error: a second column \"time_us\""},
                {"time_us,io_some_total\n1,-2\n",
                 "t.csv:2:3: error: io_some_total is \"-2\"; expected a total in whole micro"},
                {"time_us,io_some_total\n1.5,2\n",
                 "t.csv:2:1: error: time_us is \"1.5\"; expected"},
                {"time_us,io_some_total\n,2\n",
                 "t.csv:2:1: error: time_us is \"\"; expected a time"},
                {"time_us,io_some_total\n1,0x2\n", "io_some_total is \"0x2\""},
                {"time_us,io_some_total\n1,99999999999999999999\n", "is \"99999999999999999999\""},
                {"time_us,io_some_total\n9223372036854775807,1\n", "time_us is \"92233720"},
                {"time_us,io_some_total,pswpin\n1,2,x\n",
                 "t.csv:2:5: error: pswpin is \"x\"; expected a whole number"},
                {"time_us,io_some_total,arm\n1,2,2\n",
                 "t.csv:2:5: error: arm is \"2\"; expected 0 (the old setting) or 1"},
                {"time_us,io_some_total\n1\n2,3\n", "t.csv:2: error: 1 field; expected 2, as"},
                {"time_us,io_some_total\n1,2,3\n", "t.csv:2: error: 3 fields; expected 2"},
                {"time_us,io_some_total\n5,2\n4,3\n",
                 "t.csv:3: error: time_us is 4, before the 5 of the row above; expected a later"},
                {"time_us,io_some_total\n1,2\n\x01\n",
                 "t.csv:3: error: this is no text: there is a "
                 "byte 0x01; expected a pressure trace"},
                {"time_us,io_some_total\r1,2\r", "t.csv:1: error: this is no text: there is a "},
                {"\x7f"
                 "ELF",
                 "t.csv:1: error: this is no text"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(parsed_done) Parsed parsed;
                parse(cases[i].text, &parsed);
                if (parsed.r != -EINVAL || !strstr(parsed.problems, cases[i].expected))
                        fail_msg("%s\nexpected: %s\n     got: %s",
                                 cases[i].text,
                                 cases[i].expected,
                                 parsed.problems);
        }
}

static void test_all_bad_rows_are_told_in_one_go_but_not_without_end(void **state) {
        _cleanup_(parsed_done) Parsed parsed;
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        parse("time_us,io_some_total\n1,a\n2,3\n3,b\n", &parsed);
        assert_int_equal(parsed.r, -EINVAL);
        assert_non_null(strstr(parsed.problems, "t.csv:2:3"));
        assert_non_null(strstr(parsed.problems, "t.csv:4:3"));

        assert_non_null(out);
        (void) fputs("time_us,io_some_total\n", out);
        for (int i = 0; i < 1000; i++)
                (void) fputs("x,x\n", out);
        assert_int_equal(fclose(out), 0);
        _cleanup_(parsed_done) Parsed many;
        parse(text, &many);
        assert_int_equal(many.r, -EINVAL);
        assert_non_null(strstr(many.problems, "t.csv:21:"));
        assert_null(strstr(many.problems, "t.csv:22:"));
}

static void test_a_step_back_is_told_once(void **state) {
        _cleanup_(parsed_done) Parsed parsed;

        parse("time_us,io_some_total\n100,1\n200,2\n10,1\n20,2\n30,3\n", &parsed);
        assert_int_equal(parsed.r, -EINVAL);
        assert_non_null(strstr(parsed.problems, "t.csv:4: "));
        assert_null(strstr(parsed.problems, "t.csv:5: "));
}

static void test_what_harms_nothing_is_warned_of_and_left_out(void **state) {
        _cleanup_(parsed_done) Parsed twice, cut;

        parse("time_us,io_some_total\n1,2\n1,2\n2,3\n", &twice);
        assert_int_equal(twice.r, 0);
        assert_int_equal(twice.n, 2);
        assert_non_null(
                strstr(twice.problems, "t.csv:3: warning: the same time as the row before"));

        parse("time_us,io_some_total,io_full_total\n1,2,2\n2,2,2\n3,3", &cut);
        assert_int_equal(cut.r, 0);
        assert_int_equal(cut.n, 2);
        assert_non_null(strstr(cut.problems, "t.csv:4: warning: the last line is cut off"));
}

static void test_a_byte_zero_and_a_line_without_end_are_no_trace(void **state) {
        static const char zero[] = "time_us,io_some_total\n1,2\n\0";
        _cleanup_(parsed_done) Parsed parsed, endless;
        _cleanup_(freep) char *text = malloc(TOO_LONG);

        parse_bytes(zero, sizeof(zero), &parsed);
        assert_int_equal(parsed.r, -EINVAL);
        assert_non_null(strstr(parsed.problems, "t.csv:3: error: this is no text"));

        assert_non_null(text);
        memset(text, 'a', TOO_LONG);
        parse_bytes(text, TOO_LONG, &endless);
        assert_int_equal(endless.r, -EINVAL);
        assert_non_null(strstr(endless.problems, "t.csv:1: error: this line is longer than 65535"));
}

static void test_what_is_written_is_read_back(void **state) {
        Sample samples[] = {
                {.at_usec = 77,
                 .stall_usec = {[METRIC_MEMORY_SOME] = 17, [METRIC_CPU_FULL] = UINT64_MAX},
                 .valid = {[METRIC_MEMORY_SOME] = true, [METRIC_CPU_FULL] = true}},
                {.at_usec = 1000077}, /* the cgroup is gone */
        };
        _cleanup_(parsed_done) Parsed parsed;
        _cleanup_(freep) char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        trace_write_header(out);
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                for (int j = 0; j < _COUNTER_MAX; j++)
                        samples[i].counters[j] = i == 0 ? COUNTER_UNKNOWN : (uint64_t) j;
                trace_write_row(out, &samples[i], 77);
        }
        assert_int_equal(fclose(out), 0);
        parse(text, &parsed);
        assert_int_equal(parsed.n, 2);
        for (size_t i = 0; i < ELEMENTSOF(samples); i++) {
                samples[i].at_usec += TRACE_EPOCH - 77;
                assert_memory_equal(&parsed.rows[i].sample, &samples[i], sizeof(Sample));
        }
}

static int stop_at_once(const TraceRow *row, void *userdata) {
        (*(int *) userdata)++;
        return 7;
}

static void test_who_reads_it_may_stop(void **state) {
        static const char text[] = "time_us,io_some_total\n1,2\n2,3\n3,x\n";
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(closep) int fd = memfd_create("trace", MFD_CLOEXEC);
        int n = 0;

        assert_true(write(fd, text, strlen(text)) > 0 && lseek(fd, 0, SEEK_SET) == 0);
        assert_int_equal(trace_read(fd, "t.csv", &problems, stop_at_once, &n), 7);
        assert_int_equal(n, 1);
        assert_int_equal(problems.n, 0);
}

static void test_what_cannot_be_read_has_its_errno(void **state) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(closep) int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int n = 0;

        assert_int_equal(trace_read(folder, "/", &problems, stop_at_once, &n), -EISDIR);
        assert_int_equal(trace_read(-1, "none", &problems, stop_at_once, &n), -EBADF);
        assert_int_equal(problems.n, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_columns_are_known_by_name),
                cmocka_unit_test(test_line_ends_marks_blanks_and_quotes_of_other_programs),
                cmocka_unit_test(test_what_is_empty_is_not_known),
                cmocka_unit_test(test_counters_of_zones_are_summed_up),
                cmocka_unit_test(test_each_mistake_is_told_with_its_place),
                cmocka_unit_test(test_all_bad_rows_are_told_in_one_go_but_not_without_end),
                cmocka_unit_test(test_a_step_back_is_told_once),
                cmocka_unit_test(test_what_harms_nothing_is_warned_of_and_left_out),
                cmocka_unit_test(test_a_byte_zero_and_a_line_without_end_are_no_trace),
                cmocka_unit_test(test_what_is_written_is_read_back),
                cmocka_unit_test(test_who_reads_it_may_stop),
                cmocka_unit_test(test_what_cannot_be_read_has_its_errno),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
