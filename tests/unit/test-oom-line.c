/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/machine/oom-line.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Every message, each with a bar behind it. */
static char collected[4096];

static int collect(char *message, size_t n, void *userdata) {
        assert_int_equal(strlen(message), n);
        assert_true(strlen(collected) + n + 2 < sizeof(collected));
        (void) strcat(strcat(collected, message), "|");
        return 0;
}

static void expect(const char *log, const char *messages) {
        _cleanup_(freep) char *copy = strdup(log);
        OomLines lines;

        collected[0] = '\0';
        assert_int_equal(oom_lines_init(&lines, collect, NULL), 0);
        for (char *line = copy, *end; line; line = end) {
                end = strchr(line, '\n');
                if (end)
                        *end++ = '\0';
                assert_int_equal(oom_lines_push(&lines, line, strlen(line)), 0);
        }
        assert_int_equal(oom_lines_flush(&lines), 0);
        oom_lines_done(&lines);
        assert_string_equal(collected, messages);
}

static void test_prefixes(void **state) {
        static const char *const prefixes[] = {
                "[  101.743371] ",
                "[  +0.000003] ",
                "[Thu Dec  7 00:05:14 2017] ",
                "[71073.562094] [T13546] ",
                "[71073.562094][ T1778] ",
                "[    1.000000][    C1] ",
                "<4>[    0.000000] ",
                "<6>",
                "Dec  5 22:20:29 host kernel: ",
                "Dec 05 22:20:29 host kernel: [12345.678901] ",
                "Mon 2024-05-27 10:11:12 CEST host kernel: ",
                "2024-05-27T10:11:12.123456+02:00 host kernel: [    1.234567] ",
                "2024-05-27T10:11:12+0200 host kernel[0]: ",
                "2024-05-27T10:11:12,123456+02:00 ",
                "05-27 10:11:12.123  1234  1240 W kernel  : ",
                "[21161.093418] kernel: ",
                "[21161.093418] host kernel: ",
                "4,19685342,241227987454,-,caller=T12845;",
                "4,1,2,-;",
                "[Do Dez  7 00:05:14 2017] ",
                "kern  :warn  : [  123.456789] ",
                "kern  :err   : [Thu Dec  7 00:05:14 2017] ",
                "<4>1 2024-05-27T10:11:12.123Z host kernel - - - ",
                "1716797472.123456 host kernel: ",
                "Dec  5 2022 22:20:29 host kernel: ",
                "05-27 10:11:12.123 W/kernel  (    0): ",
                "05-27 10:11:12.123     0     0 W ",
                "05-27 10:11:12.123     0     0 W         : ",
                "<4>[  123.456789]  (3)[1234:Binder:12_3]",
                "[  123.456789] c2    345 (init) ",
                "[  123.456789] c2    345 ",
                "kernel: [  123.456789] ",
                "> [ 1929.272003] ",
                "> > Dec  5 22:20:29 host kernel: ",
                "Creating journal (262144 blocks): [   34.739137] ",
        };

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++) {
                _cleanup_(freep) char *log = text_format("%sMem-Info:", prefixes[i]);
                expect(log, "Mem-Info:|");
        }
}

static void test_what_is_no_prefix(void **state) {
        expect("[  219]     0   219 hog", "[  219]     0   219 hog|");
        expect("[  pid  ]   uid  tgid", "[  pid  ]   uid  tgid|");
        expect(" [<ffffffff816861ac>] dump_stack", " [<ffffffff816861ac>] dump_stack|");
        expect("4 pages RAM", "4 pages RAM|");
}

static void test_other_programs_are_left_out(void **state) {
        expect("Dec  5 22:20:29 host kernel: one\n"
               "Dec  5 22:20:29 host systemd[1]: Killed process 12 (x)\n"
               "Dec  5 22:20:29 host kernel: two",
               "one|two|");
        expect("Dec  5 22:20:29 host app[7]: the kernel: it killed", "");
}

static void test_broken_lines_are_joined(void **state) {
        expect("[    1.000000] hog invoked\noom-killer: order=0,\noom_score_adj=0\n[    1.1] next",
               "hog invoked oom-killer: order=0, oom_score_adj=0|next|");
        expect("[    1.000000] stress \ninvoked", "stress invoked|");
        expect("[    1.000000] oom-kill:constraint=CONSTRAINT_MEMCG,oom\n_memcg=/a-\nb,task=x",
               "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a-b,task=x|");
        /* Without prefixes only what can be nothing else. */
        expect("hog invoked oom-killer: gfp_mask=0xcc0,\norder=0\nprose",
               "hog invoked oom-killer: gfp_mask=0xcc0, order=0|prose|");
}

static void test_lines_of_one_message_stay_lines(void **state) {
        expect("[    1.000000] active_anon:1 inactive_anon:2\n active_file:3\n[    1.1] Node 0 x",
               "active_anon:1 inactive_anon:2| active_file:3|Node 0 x|");
        expect("[    1.000000] Memory cgroup stats for /a:\nanon 12\nfile 0",
               "Memory cgroup stats for /a:|anon 12|file 0|");
        expect("Jan  1 00:00:00 h kernel: active_anon:1#012 active_file:3#012 free:4",
               "active_anon:1| active_file:3| free:4|");
        expect("4,1,2,-;active_anon:1\\x0a active_file:3", "active_anon:1| active_file:3|");
}

static void test_what_mails_and_damage_leave(void **state) {
        expect("[    1.000000] Free swap \xc2\xa0= 12kB\r", "Free swap  = 12kB|");
        OomLines lines;
        char text[] = "[    1.000000] a\0b";
        collected[0] = '\0';
        assert_int_equal(oom_lines_init(&lines, collect, NULL), 0);
        assert_int_equal(oom_lines_push(&lines, text, sizeof(text) - 1), 0);
        assert_int_equal(oom_lines_flush(&lines), 0);
        oom_lines_done(&lines);
        assert_string_equal(collected, "a b|");
}

static int count(char *message, size_t n, void *userdata) {
        *(size_t *) userdata += n;
        return 0;
}

static void test_a_line_without_end_is_cut(void **state) {
        size_t total = 0, n = 3 * OOM_LINE_MAX;
        _cleanup_(freep) char *text = malloc(n + 1);
        OomLines lines;

        memset(text, 'x', n);
        assert_int_equal(oom_lines_init(&lines, count, &total), 0);
        assert_int_equal(oom_lines_push(&lines, text, n), 0);
        assert_int_equal(oom_lines_flush(&lines), 0);
        oom_lines_done(&lines);
        assert_int_equal(total, OOM_LINE_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_prefixes),
                cmocka_unit_test(test_what_is_no_prefix),
                cmocka_unit_test(test_other_programs_are_left_out),
                cmocka_unit_test(test_broken_lines_are_joined),
                cmocka_unit_test(test_lines_of_one_message_stay_lines),
                cmocka_unit_test(test_what_mails_and_damage_leave),
                cmocka_unit_test(test_a_line_without_end_is_cut),
        };

        return cmocka_run_group_tests_name("oom-line", tests, NULL, NULL);
}
