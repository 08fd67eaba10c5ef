/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/base/json.h"

static char *copy(const char *text) {
        char *string = strdup(text);

        assert_non_null(string);
        return string;
}

static void add_blocks(Report *report) {
        ReportBlock block = {.at_sec = -5, .length_sec = 10, .arm = -1};

        for (int metric = 0; metric < _METRIC_MAX; metric++)
                block.shares[metric] = -1;
        block.shares[METRIC_MEMORY_SOME] = 0.004;
        assert_int_equal(report_add_block(report, &block), 0);
        block.at_sec = 5.5;
        block.shares[METRIC_MEMORY_SOME] = 0.125;
        block.shares[METRIC_IO_FULL] = 1;
        assert_int_equal(report_add_block(report, &block), 0);
}

static Report *example(void) {
        Report *report = report_new();

        assert_non_null(report);
        report->id = 7;
        report->profile = copy("redis");
        report->scope = copy("system");
        report->state = copy("reverted");
        report->realtime_usec = 1700000000000000;
        report->ended_sec = report->verdict_sec = 180.5;
        report->verdict = REPORT_VERDICT_REVERT;
        report->reason = REPORT_REASON_REGRESSION;
        report->metric = METRIC_MEMORY_SOME;
        report->e_value = 140;
        report->told_sec = 40;
        report->sentence = copy("it hurts");
        report->load = copy("work done +2 %");
        report->load_changed = true;
        report->metrics[report->n_metrics++] = (ReportMetric){
                .metric = METRIC_MEMORY_SOME,
                .before = {true, 0.0048, 0.0041, 0.0056},
                .since = {true, 0.019, -1, -1},
                .harm = 0.005,
        };
        report->limits[report->n_limits++] = (ReportLimit){METRIC_MEMORY_FULL, 0.1, 2};
        report->rates[report->n_rates++] = (ReportRate){"pgscan_direct", 0.5, -1};
        assert_int_equal(report_add_step(report, "vm.swappiness", "60", "10", "redis.yaml:4"), 0);
        assert_int_equal(report_add_step(report, "vm.dirty_ratio", "20", "5", NULL), 0);
        add_blocks(report);
        return report;
}

static Report *read_report(const char *text, int expected) {
        _cleanup_(json_putp) json_object *json = json_tokener_parse(text);
        Report *report = NULL;

        int r = report_from_json(json, &report);
        if (r != expected)
                print_error("%.200s\n", text);
        assert_int_equal(r, expected);
        assert_true((r < 0) == (report == NULL));
        return report;
}

static void test_json_has_percent_and_seconds_in_plain_words(void **state) {
        _cleanup_(report_freep) Report *report = example();
        _cleanup_(json_putp) json_object *json = report_to_json(report);

        assert_string_equal(
                json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
                "{\"id\":7,\"profile\":\"redis\",\"scope\":\"system\",\"state\":\"reverted\","
                "\"realtime-usec\":1700000000000000,\"ended-at\":180.5,\"verdict\":\"revert\","
                "\"reason\":\"regression\",\"metric\":\"memory.some\",\"verdict-at\":180.5,"
                "\"sentence\":\"it hurts\",\"load\":\"work done +2 %\",\"load-changed\":true,"
                "\"evidence\":{\"against-chance\":140,\"block-length\":40,\"lost\":null,"
                "\"allowed\":0},"
                "\"metrics\":[{\"metric\":\"memory.some\","
                "\"before\":{\"mean\":0.48,\"low\":0.41,\"high\":0.56},"
                "\"since\":{\"mean\":1.9,\"low\":null,\"high\":null},\"harm\":0.5}],"
                "\"limits\":[{\"metric\":\"memory.full\",\"share\":10,\"over\":2}],"
                "\"rates\":[{\"name\":\"pgscan_direct\",\"before\":0.5,\"since\":null}],"
                "\"plan\":[{\"knob\":\"vm.swappiness\",\"old\":\"60\",\"new\":\"10\","
                "\"origin\":\"redis.yaml:4\"},"
                "{\"knob\":\"vm.dirty_ratio\",\"old\":\"20\",\"new\":\"5\",\"origin\":null}],"
                "\"trial\":null,\"oom\":null,"
                "\"blocks\":[{\"at\":-5,\"length\":10,\"memory.some\":0.4},"
                "{\"at\":5.5,\"length\":10,\"memory.some\":12.5,\"io.full\":100}]}");
}

static void assert_same_json(const Report *a, const Report *b) {
        _cleanup_(json_putp) json_object *json_a = report_to_json(a), *json_b = report_to_json(b);

        assert_string_equal(json_object_to_json_string(json_a), json_object_to_json_string(json_b));
}

static Report *through_json(const Report *report) {
        _cleanup_(json_putp) json_object *json = report_to_json(report);

        return read_report(json_object_to_json_string(json), 0);
}

static void test_a_report_survives_json(void **state) {
        _cleanup_(report_freep) Report *report = example();
        _cleanup_(report_freep) Report *back = through_json(report);

        assert_same_json(report, back);
        assert_true(back->metrics[0].since.low < 0 && back->metrics[0].since.high < 0);
        assert_true(fabs(back->metrics[0].before.low - 0.0041) < 1e-12);
        assert_true(back->rates[0].since < 0 && back->lost_sec < 0);
        assert_string_equal(back->rates[0].name, "pgscan_direct");
        assert_true(back->blocks[0].shares[METRIC_IO_FULL] < 0 && back->blocks[0].arm == -1);
        assert_true(back->steps[1].origin == NULL);
        assert_false(back->trial.known);
}

static void test_a_block_may_be_as_short_as_the_clock_can_tell(void **state) {
        const ReportBlock block = {.at_sec = -5e-7, .length_sec = 1e-6, .arm = -1};
        _cleanup_(report_freep) Report *report = report_new();

        assert_int_equal(report_add_block(report, &block), 0);
        _cleanup_(report_freep) Report *back = through_json(report);
        assert_same_json(report, back);
}

static void test_a_trial_survives_json(void **state) {
        _cleanup_(report_freep) Report *report = example();
        ReportBlock block = {.at_sec = 20, .length_sec = 20, .arm = 1};

        report->trial = (ReportTrial){
                .known = true,
                .against = copy("server"),
                .effect = copy("worse"),
                .metric = METRIC_IO_FULL,
                .old = {true, 0.01, 0.008, 0.012},
                .new = {true, 0.9, 0.7, 1.1}, /* an interval may end above what can be */
                .points = 0.89,
                .low = -0.01,
                .high = 1.2,
                .p = 0.00005,
                .n_blocks = 24,
                .block_sec = 30,
                .washout_sec = 10,
        };
        assert_int_equal(report_add_block(report, &block), 0);
        block.arm = 0;
        assert_int_equal(report_add_block(report, &block), 0);
        _cleanup_(report_freep) Report *back = through_json(report);
        assert_same_json(report, back);
        assert_true(back->trial.known && back->trial.metric == METRIC_IO_FULL);
        assert_true(back->trial.n_blocks == 24 && fabs(back->trial.new.high - 1.1) < 1e-12);
        assert_int_equal(back->blocks[2].arm, 1);
        assert_int_equal(back->blocks[3].arm, 0);
        assert_string_equal(back->trial.against, "server");
}

static void test_kills_survive_json(void **state) {
        static const char events[] = "[{\"kind\":\"oom-kill\",\"victim\":{\"pid\":4711}}]";
        _cleanup_(report_freep) Report *report = example();

        report->oom.killed = 2;
        report->oom.limit = 1;
        report_set_oom(report, json_tokener_parse(events), copy("one is missing"));
        _cleanup_(report_freep) Report *back = through_json(report);
        assert_same_json(report, back);
        assert_true(back->oom.killed == 2 && back->oom.limit == 1);
        assert_int_equal(json_object_array_length(back->oom.events), 1);
        assert_string_equal(back->oom.note, "one is missing");
        /* Set again, as when more was found. */
        report_set_oom(report, NULL, NULL);
        _cleanup_(report_freep) Report *counted = through_json(report);
        assert_null(counted->oom.note);
        assert_int_equal(json_object_array_length(counted->oom.events), 0);
}

static void test_an_empty_report_survives_json(void **state) {
        _cleanup_(report_freep) Report *report = report_new();
        _cleanup_(report_freep) Report *back = through_json(report);

        assert_same_json(report, back);
        assert_int_equal(back->metric, _METRIC_INVALID);
        assert_int_equal(back->verdict, REPORT_VERDICT_NONE);
        assert_true(back->ended_sec < 0 && back->verdict_sec < 0);
        assert_null(back->sentence);
}

static void test_what_cannot_be_told_is_null(void **state) {
        _cleanup_(report_freep) Report *report = example();

        report->e_value = NAN;
        report->lost_sec = INFINITY;
        report->blocks[0].shares[METRIC_MEMORY_SOME] = NAN;
        _cleanup_(report_freep) Report *back = through_json(report);
        assert_true(back->e_value == 0 && back->lost_sec < 0);
        assert_true(back->blocks[0].shares[METRIC_MEMORY_SOME] < 0);
}

/* A report with some members more. */
#define REPORT_WITH(members) "{\"id\":1,\"state\":\"kept\"," members "\"blocks\":[]}"
#define REPORT_OF(blocks) "{\"id\":1,\"state\":\"kept\",\"blocks\":" blocks "}"

static void test_what_is_no_report_is_refused(void **state) {
        static const char *const refused[] = {
                "null",
                "[]",
                "7",
                "{}",
                "{\"id\":1,\"state\":\"kept\"}",
                "{\"id\":1,\"blocks\":[]}",
                "{\"state\":\"kept\",\"blocks\":[]}",
                "{\"id\":-1,\"state\":\"kept\",\"blocks\":[]}",
                "{\"id\":\"1\",\"state\":\"kept\",\"blocks\":[]}",
                "{\"id\":1,\"state\":7,\"blocks\":[]}",
                "{\"id\":1,\"state\":\"a\\u0000b\",\"blocks\":[]}",
                REPORT_WITH("\"profile\":[],"),
                REPORT_WITH("\"verdict\":\"exploded\","),
                REPORT_WITH("\"verdict\":\"\","),
                REPORT_WITH("\"reason\":\"whim\","),
                REPORT_WITH("\"verdict-at\":-1,"),
                REPORT_WITH("\"verdict-at\":1e300,"),
                REPORT_WITH("\"verdict-at\":NaN,"),
                REPORT_WITH("\"ended-at\":Infinity,"),
                REPORT_WITH("\"load-changed\":1,"),
                REPORT_WITH("\"evidence\":[],"),
                REPORT_WITH("\"evidence\":{\"against-chance\":-Infinity},"),
                REPORT_WITH("\"evidence\":{\"against-chance\":\"140\"},"),
                REPORT_WITH("\"metrics\":{},"),
                REPORT_WITH("\"metrics\":[7],"),
                REPORT_WITH("\"metrics\":[{\"metric\":\"io.full\"},{\"metric\":\"io.full\"}],"),
                REPORT_WITH("\"metrics\":[{\"metric\":\"io.full\",\"before\":{}}],"),
                REPORT_WITH("\"metrics\":[{\"metric\":\"io.full\",\"before\":{\"mean\":101}}],"),
                REPORT_WITH("\"metrics\":[{\"metric\":\"io.full\","
                            "\"before\":{\"mean\":1,\"low\":0.5}}],"),
                REPORT_WITH("\"limits\":[{\"metric\":\"io.full\",\"share\":-3}],"),
                REPORT_WITH("\"rates\":[{\"before\":1}],"),
                REPORT_WITH("\"rates\":[{\"name\":\"x\",\"before\":-1}],"),
                REPORT_WITH("\"plan\":[{\"knob\":\"vm.x\",\"old\":\"1\"}],"),
                REPORT_WITH("\"plan\":[{\"knob\":\"vm.x\",\"old\":1,\"new\":2}],"),
                REPORT_WITH("\"trial\":true,"),
                REPORT_WITH("\"oom\":[],"),
                REPORT_WITH("\"oom\":{\"killed\":-1},"),
                REPORT_WITH("\"oom\":{\"limit\":\"1\"},"),
                REPORT_WITH("\"oom\":{\"note\":1},"),
                REPORT_WITH("\"oom\":{\"events\":{}},"),
                REPORT_WITH("\"oom\":{\"events\":[1]},"),
                REPORT_WITH("\"oom\":{\"events\":[{},{},{},{},{},{},{},{},{}]},"),
                REPORT_WITH("\"trial\":{\"p\":2},"),
                REPORT_WITH("\"trial\":{\"blocks\":1e5},"),
                REPORT_WITH("\"trial\":{\"blocks\":100001},"),
                REPORT_WITH("\"trial\":{\"points\":NaN},"),
                REPORT_OF("[{\"at\":1}]"),
                REPORT_OF("[{\"at\":1,\"length\":0}]"),
                REPORT_OF("[{\"at\":NaN,\"length\":10}]"),
                REPORT_OF("[{\"at\":1,\"length\":10,\"io.full\":100.1}]"),
                REPORT_OF("[{\"at\":1,\"length\":10,\"io.full\":-1}]"),
                REPORT_OF("[{\"at\":1,\"length\":10,\"io.full\":\"1\"}]"),
                REPORT_OF("[{\"at\":1,\"length\":10,\"arm\":1}]"),
                REPORT_OF("[null]"),
        };

        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_null(read_report(refused[i], -EBADMSG));
}

static void test_what_is_not_known_is_passed_over(void **state) {
        _cleanup_(report_freep) Report *report = read_report(
                REPORT_WITH("\"colour\":\"blue\",\"metric\":\"dma.some\","
                            "\"metrics\":[{\"metric\":\"dma.some\"},{\"metric\":\"io.full\"}],"
                            "\"limits\":[{\"metric\":\"dma.some\",\"share\":3}],"
                            "\"rates\":[{\"name\":\"new_counter\",\"before\":1,\"since\":2}],"
                            "\"verdict\":null,\"trial\":null,"),
                0);

        assert_int_equal(report->metric, _METRIC_INVALID);
        assert_int_equal(report->n_metrics, 1);
        assert_int_equal(report->metrics[0].metric, METRIC_IO_FULL);
        assert_int_equal(report->n_limits, 0);
        assert_string_equal(report->rates[0].name, "new_counter");
}

/* An array of n times that item. */
static char *report_with_many(const char *key, const char *item, size_t n) {
        char *text = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&text, &size);

        assert_non_null(file);
        (void) fprintf(file, "{\"id\":1,\"state\":\"kept\",\"%s\":[", key);
        for (size_t k = 0; k < n; k++)
                (void) fprintf(file, "%s%s", k > 0 ? "," : "", item);
        (void) fputs(streq(key, "blocks") ? "]}" : "],\"blocks\":[]}", file);
        assert_int_equal(fclose(file), 0);
        return text;
}

static void assert_bound(const char *key, const char *item, size_t max) {
        _cleanup_(freep) char *fits = report_with_many(key, item, max);
        _cleanup_(freep) char *exceeds = report_with_many(key, item, max + 1);

        report_free(read_report(fits, 0));
        assert_null(read_report(exceeds, -EBADMSG));
}

static void test_lists_and_texts_are_bounded(void **state) {
        char word[REPORT_TEXT_MAX + 1], text[REPORT_TEXT_MAX + 64];

        assert_bound("blocks", "{\"at\":0,\"length\":1}", REPORT_BLOCKS_MAX);
        assert_bound("plan", "{\"knob\":\"k\",\"old\":\"\",\"new\":\"\"}", REPORT_STEPS_MAX);
        assert_bound("rates", "{\"name\":\"n\"}", REPORT_RATES_MAX);
        assert_bound("limits", "{\"metric\":\"io.full\"}", REPORT_LIMITS_MAX);
        memset(word, 'x', REPORT_TEXT_MAX);
        word[REPORT_TEXT_MAX] = '\0';
        (void) snprintf(text, sizeof(text), "{\"id\":1,\"blocks\":[],\"state\":\"%s\"}", word);
        report_free(read_report(text, 0));
        (void) snprintf(text, sizeof(text), "{\"id\":1,\"blocks\":[],\"state\":\"%sx\"}", word);
        assert_null(read_report(text, -EBADMSG));
}

static void test_no_more_is_added_than_may_be_read(void **state) {
        _cleanup_(report_freep) Report *report = report_new();
        const ReportBlock block = {.length_sec = 1};

        for (size_t i = 0; i < REPORT_BLOCKS_MAX; i++)
                assert_int_equal(report_add_block(report, &block), 0);
        assert_int_equal(report_add_block(report, &block), -E2BIG);
        for (size_t i = 0; i < REPORT_STEPS_MAX; i++)
                assert_int_equal(report_add_step(report, "k", "1", "2", NULL), 0);
        assert_int_equal(report_add_step(report, "k", "1", "2", NULL), -E2BIG);
}

static void test_names_of_verdicts_and_reasons(void **state) {
        assert_string_equal(report_verdict_to_string(REPORT_VERDICT_INCONCLUSIVE), "inconclusive");
        assert_null(report_verdict_to_string(REPORT_VERDICT_NONE));
        assert_null(report_verdict_to_string(_REPORT_VERDICT_MAX));
        assert_int_equal(report_verdict_from_string("keep"), REPORT_VERDICT_KEEP);
        assert_string_equal(report_reason_to_string(REPORT_REASON_OOM), "oom");
        assert_null(report_reason_to_string(REPORT_REASON_NONE));
        assert_int_equal(report_reason_from_string("limit"), REPORT_REASON_LIMIT);
        assert_int_equal(report_reason_from_string("lim"), _REPORT_REASON_INVALID);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_json_has_percent_and_seconds_in_plain_words),
                cmocka_unit_test(test_a_report_survives_json),
                cmocka_unit_test(test_a_block_may_be_as_short_as_the_clock_can_tell),
                cmocka_unit_test(test_a_trial_survives_json),
                cmocka_unit_test(test_kills_survive_json),
                cmocka_unit_test(test_an_empty_report_survives_json),
                cmocka_unit_test(test_what_cannot_be_told_is_null),
                cmocka_unit_test(test_what_is_no_report_is_refused),
                cmocka_unit_test(test_what_is_not_known_is_passed_over),
                cmocka_unit_test(test_lists_and_texts_are_bounded),
                cmocka_unit_test(test_no_more_is_added_than_may_be_read),
                cmocka_unit_test(test_names_of_verdicts_and_reasons),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
