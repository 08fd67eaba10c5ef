/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/plan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define THP "transparent_hugepage."

static void test_a_plan_survives_json(void **state) {
        static const char text[] =
                "{\"profile\":\"x\",\"steps\":[{\"kind\":\"set\",\"knob\":\"" THP
                "hugepages-64kB.enabled\",\"old\":\"never\",\"new\":\"inherit\",\"origin\":"
                "\"x.yaml:5\"},{\"kind\":\"set\",\"knob\":\"vm.lowmem_reserve_ratio\",\"old\":"
                "\"256 256 32 0 0\",\"new\":\"256 256 64 0 0\",\"origin\":\"x.yaml:3\"},{\"kind\":"
                "\"set\",\"knob\":\"vm.dirty_bytes\",\"old\":\"0\",\"new\":\"67108864\","
                "\"partner\":\"vm.dirty_ratio\",\"partner-old\":\"20\",\"origin\":\"x.yaml:1\"},"
                "{\"kind\":\"guard\",\"knob\":\"vm.min_free_kbytes\",\"old\":\"67584\",\"new\":"
                "\"67584\",\"origin\":\"guard\"},{\"kind\":\"set\",\"knob\":\"vm.stat_interval\","
                "\"old\":\"1\",\"new\":\"5\",\"origin\":\"x.yaml:6\",\"drift\":\"yield\",\"only\":"
                "\"raise\"}],\"unchanged\":[{\"knob\":\"vm.swappiness\","
                "\"value\":\"60\",\"origin\":\"x.yaml:4\",\"drift\":\"repair\",\"only\":\"lower\"}]"
                "}";
        json_object *json = json_tokener_parse(text);
        KnobRef ref = {0};
        Value value = {0};
        Plan *plan = NULL;

        assert_int_equal(plan_from_json(json, &plan), 0);
        assert_int_equal(plan->n, 5);
        assert_int_equal(plan->steps[0].ref.instance_kb, 64);
        step_undo_target(&plan->steps[2], &ref, &value);
        assert_string_equal(ref.knob->name, "vm.dirty_ratio");
        assert_true(value.integers[0].magnitude == 20);
        assert_int_equal(plan->steps[3].kind, STEP_GUARD);
        assert_string_equal(plan->unchanged[0].origin, "x.yaml:4");
        assert_int_equal(plan->unchanged[0].drift, DRIFT_POLICY_REPAIR);
        assert_int_equal(plan->steps[4].drift, DRIFT_POLICY_YIELD);
        assert_int_equal(plan->steps[4].only, ONLY_RAISE);
        json_object *again = plan_to_json(plan);
        assert_string_equal(json_object_to_json_string_ext(again, JSON_C_TO_STRING_PLAIN), text);
        json_object_put(again);
        json_object_put(json);
        plan_freep(&plan);
}

#define PLAN_OF(steps) "{\"profile\":\"x\",\"steps\":[" steps "],\"unchanged\":[]}"
#define STEP(kind, knob, old, new, more)                            \
        "{\"kind\":\"" kind "\",\"knob\":\"" knob "\",\"old\":" old \
        ",\"new\":" new ",\"origin\":\"o\"" more "}"
#define GOOD STEP("set", "vm.swappiness", "\"60\"", "\"1\"", "")
#define PARTNER ",\"partner\":\"vm.dirty_ratio\",\"partner-old\":\"20\""

static void test_what_is_no_plan_is_refused(void **state) {
        static const char *const refused[] = {
                "null",
                "7",
                "\"x\"",
                "[]",
                "{}",
                "{\"profile\":\"x\"}",
                "{\"profile\":7,\"steps\":[],\"unchanged\":[]}",
                "{\"profile\":\"x\\u0000\",\"steps\":[],\"unchanged\":[]}",
                "{\"profile\":\"x\",\"steps\":{},\"unchanged\":[]}",
                "{\"profile\":\"x\",\"steps\":[],\"unchanged\":7}",
                "{\"profile\":\"x\",\"steps\":[],\"unchanged\":[{}]}",
                PLAN_OF("null"),
                PLAN_OF("[]"),
                PLAN_OF("{}"),
                PLAN_OF(STEP("write", "vm.swappiness", "\"60\"", "\"1\"", "")),
                PLAN_OF(STEP("set", "vm.swapiness", "\"60\"", "\"1\"", "")),
                PLAN_OF(STEP("set", "vm.drop_caches", "\"1\"", "\"3\"", "")),
                PLAN_OF(STEP("set", THP "hugepages-*kB.enabled", "\"a\"", "\"b\"", "")),
                PLAN_OF(STEP("set", THP "hugepages-63kB.enabled", "\"a\"", "\"b\"", "")),
                PLAN_OF(STEP("set", "vm.swappiness", "60", "\"1\"", "")),
                PLAN_OF(STEP("set", "vm.swappiness", "\"60\"", "\"\"", "")),
                PLAN_OF(STEP("set", "vm.swappiness", "\"60\"", "\"01\"", "")),
                PLAN_OF(STEP("set", "vm.swappiness", "\"60\"", "\"1\\n\"", "")),
                PLAN_OF(STEP("set", "vm.swappiness", "\"60\"", "\"1\\u0000\"", "")),
                PLAN_OF(STEP("set", "vm.swappiness", "\"60\"", "\"1 2\"", "")),
                PLAN_OF(STEP("set", "vm.swappiness", "\"60\"", "\"1\"", PARTNER)),
                PLAN_OF(STEP("set", "vm.swappiness", "\"60\"", "\"1\"", ",\"drift\":\"fight\"")),
                PLAN_OF(STEP("set", "vm.swappiness", "\"60\"", "\"1\"", ",\"only\":\"x\"")),
                PLAN_OF(STEP("set", THP "enabled", "\"[never]\"", "\"always\"", "")),
                PLAN_OF(STEP("set", "vm.dirty_bytes", "\"0\"", "\"8192\"", "")),
                PLAN_OF(STEP("set",
                             "vm.dirty_bytes",
                             "\"0\"",
                             "\"8192\"",
                             ",\"partner\":\"vm.dirty_background_ratio\",\"partner-old\":\"20\"")),
                PLAN_OF(STEP("set",
                             "vm.dirty_bytes",
                             "\"0\"",
                             "\"8192\"",
                             ",\"partner\":\"vm.dirty_ratio\"")),
                PLAN_OF(STEP("guard", "vm.min_free_kbytes", "\"1\"", "\"2\"", "")),
                PLAN_OF(GOOD "," GOOD),
                PLAN_OF("{\"kind\":\"set\",\"knob\":\"vm.swappiness\",\"old\":\"1\",\"new\":"
                        "\"2\"}"),
        };
        Plan *plan = NULL;

        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                json_object *json = json_tokener_parse(refused[i]);
                assert_int_equal(plan_from_json(json, &plan), -EBADMSG);
                assert_null(plan);
                json_object_put(json);
        }
        json_object *json = json_tokener_parse(PLAN_OF(
                GOOD "," STEP("set", "vm.dirty_bytes", "\"0\"", "\"8192\"", PARTNER) "," STEP(
                        "guard", "vm.min_free_kbytes", "\"2\"", "\"2\"", "")));
        assert_int_equal(plan_from_json(json, &plan), 0);
        assert_int_equal(plan->n, 3);
        plan_freep(&plan);
        json_object_put(json);
}

static void test_a_plan_of_endless_steps_is_refused(void **state) {
        json_object *json = json_tokener_parse("{\"profile\":\"x\",\"steps\":[],\"unchanged\":[]}");
        json_object *same = NULL;
        Plan *plan = NULL;

        assert_true(json_object_object_get_ex(json, "unchanged", &same));
        for (unsigned i = 0; i < 1025; i++)
                json_object_array_add(
                        same,
                        json_tokener_parse("{\"knob\":\"vm.swappiness\",\"value\":\"1\","
                                           "\"origin\":\"o\"}"));
        assert_int_equal(plan_from_json(json, &plan), -EBADMSG);
        assert_null(plan);
        json_object_put(json);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_plan_survives_json),
                cmocka_unit_test(test_what_is_no_plan_is_refused),
                cmocka_unit_test(test_a_plan_of_endless_steps_is_refused),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
