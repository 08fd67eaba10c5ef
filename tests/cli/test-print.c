/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/print.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "cli/machine.h"

static void assert_harmless(const char *text, bool keep_newlines, const char *expected) {
        _cleanup_(freep) char *harmless = text_harmless(text, keep_newlines);

        assert_string_equal(harmless, expected);
}

static void test_control_characters_cannot_act_on_the_terminal(void **state) {
        assert_harmless("a\033[31mb\a\bc\x7f", false, "a?[31mb??c?");
        assert_harmless("tab\tline\nreturn\r", false, "tab line return?");
        assert_harmless("tab\tline\nreturn\r", true, "tab line\nreturn?");
        /* U+009B is an escape sequence's beginning in one character. */
        assert_harmless("a\xc2\x9b"
                        "31mb",
                        false,
                        "a??31mb");
        assert_harmless("größer → ok", false, "größer → ok");
        assert_harmless("\xc2", false, "\xc2");
}

static void test_a_width_counts_characters(void **state) {
        assert_int_equal(text_width(""), 0);
        assert_int_equal(text_width("größer → ok"), 11);
}

static void test_an_origin_is_short_without_its_folder(void **state) {
        assert_string_equal(origin_short("/etc/memctl/profiles/redis.yaml:12"), "redis.yaml:12");
        assert_string_equal(origin_short("guard"), "guard");
}

static void assert_brief(const char *knob_name, uint64_t number, const char *expected) {
        const KnobContext context = {.kernel = KERNEL_VERSION_OF(6, 12), .page_bytes = 4096};
        const Value value = {.kind = VALUE_INTEGER, .n = 1, .integers = {INTEGER_OF(number)}};
        _cleanup_(freep) char *brief = knob_value_brief(knob_find(knob_name), &context, &value);

        assert_string_equal(brief, expected);
}

static void test_a_brief_size_is_exact(void **state) {
        assert_brief("vm.dirty_bytes", 0, "0");
        assert_brief("vm.dirty_bytes", 64 * 1024 * 1024, "64 MiB");
        assert_brief("vm.dirty_bytes", 3334623232, "3334623232 bytes (3.1 GiB)");
        assert_brief("vm.min_free_kbytes", 67584, "66 MiB");
        assert_brief("vm.min_free_kbytes", 67585, "67585 KiB (66 MiB)");
        assert_brief("vm.min_free_kbytes", UINT64_MAX, "18446744073709551615 KiB");
        assert_brief("vm.dirty_expire_centisecs", 3000, "3000 (30s)");
        assert_brief("vm.swappiness", 60, "60");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_control_characters_cannot_act_on_the_terminal),
                cmocka_unit_test(test_a_width_counts_characters),
                cmocka_unit_test(test_an_origin_is_short_without_its_folder),
                cmocka_unit_test(test_a_brief_size_is_exact),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
