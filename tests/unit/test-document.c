/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/document.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Parses text that is expected to be without any problem. */
static Document *parse(const char *text) {
        Document *document = NULL;
        Problems problems = PROBLEMS_INIT;

        assert_int_equal(document_parse("x.yaml", text, strlen(text), &problems, &document), 0);
        assert_int_equal(problems.n, 0);
        return document;
}

/* What document_parse says of it; the caller frees. */
static char *complaints(const char *text, size_t size, int expected) {
        _cleanup_(document_freep) Document *document = NULL;
        Problems problems = PROBLEMS_INIT;

        int r = document_parse("x.yaml", text, size, &problems, &document);
        assert_int_equal(r, expected);
        assert_int_equal(r < 0, document == NULL);
        char *all = problems_format(&problems);
        problems_done(&problems);
        assert_non_null(all);
        return all;
}

static void assert_complaint(const char *text, int expected, const char *words) {
        _cleanup_(freep) char *all = complaints(text, strlen(text), expected);
        if (!strstr(all, words))
                fail_msg("expected \"%s\" in:\n%s", words, all);
}

static char *repeat(const char *text, size_t n) {
        size_t size = strlen(text);
        char *all = malloc(n * size + 1);

        assert_non_null(all);
        for (size_t i = 0; i < n; i++)
                memcpy(all + i * size, text, size);
        all[n * size] = '\0';
        return all;
}

static void test_a_tree_has_kinds_keys_and_places(void **state) {
        _cleanup_(document_freep) Document *document = parse("a: 1\nb:\n  - x\n  - {c: 'y'}\n");
        const Node *a = node_find(document->root, "a"), *b = node_find(document->root, "b");

        assert_int_equal(document->root->kind, NODE_MAPPING);
        assert_int_equal(document->root->n, 2);
        assert_string_equal(a->scalar, "1");
        assert_int_equal(a->line, 1);
        assert_int_equal(a->column, 4);
        assert_int_equal(a->key_column, 1);
        assert_int_equal(b->kind, NODE_SEQUENCE);
        assert_int_equal(b->key_line, 2);
        assert_int_equal(b->line, 3);
        assert_null(b->children[0]->key);
        const Node *c = node_find(b->children[1], "c");
        assert_true(c->quoted);
        assert_false(a->quoted);
        assert_int_equal(c->line, 4);
        assert_int_equal(c->key_column, 6);
        assert_int_equal(c->column, 9);
        assert_null(node_find(document->root, "c"));
}

static void test_locations_carry_the_text_for_the_quoted_line(void **state) {
        _cleanup_(document_freep) Document *document = parse("a:\n    b: c\n");
        const Node *b = node_find(node_find(document->root, "a"), "b");
        Location value = node_location(document, b), key = node_key_location(document, b);

        assert_string_equal(value.file, "x.yaml");
        assert_ptr_equal(value.text, document->text);
        assert_int_equal(value.line, 2);
        assert_int_equal(value.column, 8);
        assert_int_equal(key.column, 5);
}

static void test_only_plain_nothing_is_null(void **state) {
        _cleanup_(document_freep) Document *document =
                parse("a:\nb: ~\nc: null\nh: ''\ne: 'null'\nf: nil\ng: []\n");
        const bool expected[] = {true, true, true, false, false, false, false};

        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                assert_int_equal(node_is_null(document->root->children[i]), expected[i]);
}

static void test_windows_line_ends_and_the_byte_order_mark_say_nothing(void **state) {
        _cleanup_(document_freep) Document *document = parse("\xef\xbb\xbf"
                                                             "a: 1\r\nb: 2\r\n");
        const Node *a = node_find(document->root, "a"), *b = node_find(document->root, "b");

        assert_int_equal(a->key_column, 1);
        assert_string_equal(a->scalar, "1");
        assert_string_equal(b->scalar, "2");
        assert_int_equal(b->key_line, 2);
}

static void test_columns_count_characters(void **state) {
        _cleanup_(document_freep) Document *document = parse("\"\u00e4\u00f6\": x\n");

        assert_int_equal(document->root->children[0]->column, 7);
}

static void test_one_document_may_begin_and_end_with_its_marks(void **state) {
        _cleanup_(document_freep) Document *document = parse("---\na: 1\n...\n");

        assert_string_equal(node_find(document->root, "a")->scalar, "1");
}

static void test_a_duplicate_key_leaves_the_first_and_the_rest(void **state) {
        static const char text[] = "a: 1\na: 2\nb: 3\nb: 4\n";
        _cleanup_(document_freep) Document *document = NULL;
        Problems problems = PROBLEMS_INIT;

        assert_int_equal(document_parse("x.yaml", text, strlen(text), &problems, &document), 0);
        assert_int_equal(problems.n_errors, 2);
        assert_int_equal(problems.items[1].line, 4);
        assert_int_equal(document->root->n, 2);
        assert_string_equal(node_find(document->root, "a")->scalar, "1");
        problems_done(&problems);
}

static void test_an_alias_is_refused_and_reading_goes_on(void **state) {
        static const char text[] = "a: &x 1\nb: *x\nc: *x\n? [k]\n: v\nz: !t 4\n";
        _cleanup_(document_freep) Document *document = NULL;
        Problems problems = PROBLEMS_INIT;

        assert_int_equal(document_parse("x.yaml", text, strlen(text), &problems, &document), 0);
        /* Anchor, the first alias, the key that is a list, the tag. */
        assert_int_equal(problems.n_errors, 4);
        assert_true(node_find(document->root, "b")->refused);
        assert_true(document->root->lacking);
        assert_string_equal(node_find(document->root, "z")->scalar, "4");
        problems_done(&problems);
}

static void test_a_file_of_more_than_1_mib_is_refused_unread(void **state) {
        _cleanup_(freep) char *text = repeat("#", DOCUMENT_SIZE_MAX + 1);
        _cleanup_(freep) char *larger = complaints(text, DOCUMENT_SIZE_MAX + 1, -EINVAL);
        _cleanup_(freep) char *just = complaints(text, DOCUMENT_SIZE_MAX, -EINVAL);

        assert_non_null(strstr(larger, "x.yaml: error: the file is larger than 1 MiB"));
        assert_non_null(strstr(just, "the file is empty"));
}

static void test_more_entries_than_any_profile_has_are_refused(void **state) {
        _cleanup_(freep) char *entries = repeat("- x\n", DOCUMENT_NODES_MAX + 1);
        _cleanup_(freep) char *text = text_format("a:\n%s", entries);

        assert_complaint(text, -EINVAL, "x.yaml:4096:3: error: the file goes on for too long");
}

static void test_a_text_of_more_than_64_kib_is_refused(void **state) {
        _cleanup_(freep) char *word = repeat("w", DOCUMENT_SCALAR_MAX + 1);
        _cleanup_(freep) char *text = text_format("a: %s\n", word);

        assert_complaint(text, 0, "x.yaml:1:4: error: a text longer than 64 KiB");
}

static void test_sixteen_levels_are_taken_and_no_more(void **state) {
        _cleanup_(freep) char *open = repeat("[", DOCUMENT_DEPTH_MAX - 2);
        _cleanup_(freep) char *close = repeat("]", DOCUMENT_DEPTH_MAX - 2);
        _cleanup_(freep) char *good = text_format("a: %sx%s\n", open, close);
        _cleanup_(freep) char *bad = text_format("a: [[%s%s]]\n", open, close);

        _cleanup_(document_freep) Document *document = parse(good);
        assert_non_null(document);
        assert_complaint(bad, -EINVAL, "nested too deeply");
}

/* libyaml alone takes minutes for this. */
static void test_a_mebibyte_of_brackets_ends_at_once(void **state) {
        _cleanup_(freep) char *text = repeat("[", DOCUMENT_SIZE_MAX);

        assert_complaint(text, -EINVAL, "x.yaml:1:17: error: nested too deeply");
}

static void test_what_is_no_text_is_refused_where_it_stands(void **state) {
        static const char nul[] = "a: b\nc: d\0e\n";
        _cleanup_(freep) char *all = complaints(nul, sizeof(nul) - 1, -EINVAL);

        assert_non_null(strstr(all, "x.yaml:2:5: error: a NUL byte"));
        assert_complaint("a: \xc3\x28", -EINVAL, "x.yaml:1:4: error: the text is not UTF-8");
        assert_complaint("a: \xed\xa0\x80", -EINVAL, "not UTF-8");     /* a surrogate */
        assert_complaint("a: \xf4\x90\x80\x80", -EINVAL, "not UTF-8"); /* above U+10FFFF */
        assert_complaint("a: \xe2\x82", -EINVAL, "not UTF-8");         /* cut off */
        assert_complaint("a: b\rc: d\n", -EINVAL, "control character U+000D");
        assert_complaint("a: \xc2\x85", -EINVAL, "control character U+0085");
        assert_complaint("a: \"\\0\"\n", 0, "x.yaml:1:4: error: the text holds a control");
        assert_complaint("\"a\\nb\": c\n", 0, "a key that is empty or holds control characters");
}

static void test_a_directive_of_another_yaml_is_refused(void **state) {
        assert_complaint("%YAML 3.0\n---\na: b\n", -EINVAL, "this is not YAML: found incompatible");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_tree_has_kinds_keys_and_places),
                cmocka_unit_test(test_locations_carry_the_text_for_the_quoted_line),
                cmocka_unit_test(test_only_plain_nothing_is_null),
                cmocka_unit_test(test_windows_line_ends_and_the_byte_order_mark_say_nothing),
                cmocka_unit_test(test_columns_count_characters),
                cmocka_unit_test(test_one_document_may_begin_and_end_with_its_marks),
                cmocka_unit_test(test_a_duplicate_key_leaves_the_first_and_the_rest),
                cmocka_unit_test(test_an_alias_is_refused_and_reading_goes_on),
                cmocka_unit_test(test_a_file_of_more_than_1_mib_is_refused_unread),
                cmocka_unit_test(test_more_entries_than_any_profile_has_are_refused),
                cmocka_unit_test(test_a_text_of_more_than_64_kib_is_refused),
                cmocka_unit_test(test_sixteen_levels_are_taken_and_no_more),
                cmocka_unit_test(test_a_mebibyte_of_brackets_ends_at_once),
                cmocka_unit_test(test_what_is_no_text_is_refused_where_it_stands),
                cmocka_unit_test(test_a_directive_of_another_yaml_is_refused),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests_name("document", tests, NULL, NULL);
}
