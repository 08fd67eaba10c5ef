/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/event.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_every_type_has_a_name_an_id_and_a_priority(void **state) {
        for (int type = 0; type < _EVENT_TYPE_MAX; type++) {
                const char *name = event_type_to_string(type), *id = event_type_message_id(type);
                assert_non_null(name);
                assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
                assert_int_equal(event_type_from_string(name), type);
                assert_int_equal(strlen(id), 32);
                assert_int_equal(strspn(id, "0123456789abcdef"), 32);
                assert_in_range(event_type_priority(type), 3, 6);
                for (int other = 0; other < type; other++)
                        assert_string_not_equal(id, event_type_message_id(other));
        }
        assert_int_equal(event_type_from_string("exploded"), _EVENT_TYPE_INVALID);
        assert_null(event_type_to_string(_EVENT_TYPE_MAX));
        assert_null(event_type_message_id(_EVENT_TYPE_INVALID));
        assert_int_equal(event_type_priority(_EVENT_TYPE_MAX), 3);
}

static Event *example(void) {
        Event *event = event_new(EVENT_LIMIT, "redis", UINT64_MAX);

        assert_non_null(event);
        event->seq = 42;
        event->realtime_usec = 1700000000000000;
        assert_int_equal(event_set_message(event, "%s was \"%d\"\n%%", "io.full", 12), 0);
        assert_int_equal(event_add(event, "metric", "io.full"), 0);
        assert_int_equal(event_add(event, "share", "%d", 1), 0);
        assert_int_equal(event_add(event, "share", "%d", 2), 0); /* the later one counts */
        return event;
}

static void test_evidence_is_kept_once_a_key(void **state) {
        _cleanup_(event_freep) Event *event = example();

        assert_int_equal(event->n_fields, 2);
        assert_string_equal(event_field(event, "share"), "2");
        assert_null(event_field(event, "shar"));
        for (unsigned i = 2; i < EVENT_FIELDS_MAX; i++) {
                char key[16];
                (void) snprintf(key, sizeof(key), "k%u", i);
                assert_int_equal(event_add(event, key, "v"), 0);
        }
        assert_int_equal(event_add(event, "one-more", "v"), -E2BIG);
        assert_int_equal(event_add(event, "share", "3"), 0);
        assert_int_equal(event->n_fields, EVENT_FIELDS_MAX);
}

static void test_an_event_survives_json(void **state) {
        _cleanup_(event_freep) Event *event = example();
        _cleanup_(event_freep) Event *back = NULL;
        json_object *json = event_to_json(event);
        const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);

        assert_string_equal(text,
                            "{\"seq\":42,\"realtime-usec\":1700000000000000,\"type\":\"limit\","
                            "\"transaction\":18446744073709551615,\"profile\":\"redis\","
                            "\"message\":\"io.full was \\\"12\\\"\\n%\","
                            "\"fields\":{\"metric\":\"io.full\",\"share\":\"2\"}}");
        json_object *parsed = json_tokener_parse(text);
        assert_int_equal(event_from_json(parsed, &back), 0);
        assert_true(back->seq == 42 && back->realtime_usec == event->realtime_usec);
        assert_true(back->type == EVENT_LIMIT && back->transaction == UINT64_MAX);
        assert_string_equal(back->profile, "redis");
        assert_string_equal(back->message, event->message);
        assert_int_equal(back->n_fields, 2);
        assert_string_equal(event_field(back, "share"), "2");
        json_object_put(parsed);
        json_object_put(json);
}

static void test_an_event_of_no_profile_survives_json(void **state) {
        _cleanup_(event_freep) Event *event = event_new(EVENT_STARTED, NULL, 0);
        _cleanup_(event_freep) Event *back = NULL;
        json_object *json = event_to_json(event);

        assert_int_equal(event_from_json(json, &back), 0);
        assert_null(back->profile);
        assert_string_equal(back->message, "");
        assert_int_equal(back->n_fields, 0);
        json_object_put(json);
}

/* A complete event with one member replaced. */
#define EVENT_WITH(seq, type, profile, message, fields)                                         \
        "{\"seq\":" seq ",\"realtime-usec\":1,\"type\":" type                                   \
        ",\"transaction\":1,\"profile\":" profile ",\"message\":" message ",\"fields\":" fields \
        "}"

static void test_what_is_no_event_is_refused(void **state) {
        static const char *const refused[] = {
                "null",
                "[]",
                "{}",
                "7",
                "\"x\"",
                EVENT_WITH("-1", "\"kept\"", "\"p\"", "\"m\"", "{}"),
                EVENT_WITH("1.5", "\"kept\"", "\"p\"", "\"m\"", "{}"),
                EVENT_WITH("\"1\"", "\"kept\"", "\"p\"", "\"m\"", "{}"),
                EVENT_WITH("1", "\"exploded\"", "\"p\"", "\"m\"", "{}"),
                EVENT_WITH("1", "3", "\"p\"", "\"m\"", "{}"),
                EVENT_WITH("1", "\"kept\\u0000\"", "\"p\"", "\"m\"", "{}"),
                EVENT_WITH("1", "\"kept\"", "7", "\"m\"", "{}"),
                EVENT_WITH("1", "\"kept\"", "null", "\"m\"", "{}"),
                EVENT_WITH("1", "\"kept\"", "\"p\"", "null", "{}"),
                EVENT_WITH("1", "\"kept\"", "\"p\"", "\"m\\u0000\"", "{}"),
                EVENT_WITH("1", "\"kept\"", "\"p\"", "\"m\"", "[]"),
                EVENT_WITH("1", "\"kept\"", "\"p\"", "\"m\"", "{\"k\":1}"),
                EVENT_WITH("1", "\"kept\"", "\"p\"", "\"m\"", "{\"k k\":\"v\"}"),
                EVENT_WITH("1", "\"kept\"", "\"p\"", "\"m\"", "{\"\":\"v\"}"),
        };
        _cleanup_(event_freep) Event *event = NULL;

        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                json_object *json = json_tokener_parse(refused[i]);
                assert_int_equal(event_from_json(json, &event), -EBADMSG);
                assert_null(event);
                json_object_put(json);
        }
        json_object *good =
                json_tokener_parse(EVENT_WITH("1",
                                              "\"applied\"",
                                              "\"p\"",
                                              "\"m\"",
                                              "{\"transparent_hugepage.hugepages-64kB.enabled\":"
                                              "\"never -> inherit\",\"io.some-before\":\"v\"}"));
        assert_int_equal(event_from_json(good, &event), 0);
        json_object_put(good);
}

static void test_an_event_with_too_much_evidence_is_refused(void **state) {
        _cleanup_(event_freep) Event *event = event_new(EVENT_KEPT, NULL, 1);
        _cleanup_(event_freep) Event *back = NULL;
        json_object *json = event_to_json(event), *fields = NULL;

        assert_true(json_object_object_get_ex(json, "fields", &fields));
        for (unsigned i = 0; i <= EVENT_FIELDS_MAX; i++) {
                char key[16];
                (void) snprintf(key, sizeof(key), "k%u", i);
                json_object_object_add(fields, key, json_object_new_string("v"));
        }
        assert_int_equal(event_from_json(json, &back), -EBADMSG);
        json_object_put(json);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_type_has_a_name_an_id_and_a_priority),
                cmocka_unit_test(test_evidence_is_kept_once_a_key),
                cmocka_unit_test(test_an_event_survives_json),
                cmocka_unit_test(test_an_event_of_no_profile_survives_json),
                cmocka_unit_test(test_what_is_no_event_is_refused),
                cmocka_unit_test(test_an_event_with_too_much_evidence_is_refused),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
