/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Shorthands over json-c for reading what may not be what it should be. */

#include <json-c/json.h>

#include "core/base/util.h"

static inline void json_putp(json_object **object) {
        if (*object)
                (void) json_object_put(*object);
}

/* Takes the value over, also when it cannot be added. A NULL value (no memory) becomes null. */
static inline void json_set(json_object *object, const char *key, json_object *value) {
        if (json_object_object_add(object, key, value) < 0)
                (void) json_object_put(value);
}

/*
 * For what must be whole or not be written at all: a value that there was no memory for, or that
 * could not be added, marks what it should have been in, and what that is added to with json_need()
 * in turn. The mark is no part of the text.
 */
static inline bool json_is_short(json_object *object) {
        return json_object_get_userdata(object) != NULL;
}

static inline void json_mark_short(json_object *object) {
        static char mark;
        json_object_set_userdata(object, &mark, NULL);
}

static inline bool json_misses_something(json_object *value) {
        return !value || ((json_object_is_type(value, json_type_object) ||
                           json_object_is_type(value, json_type_array)) &&
                          json_is_short(value));
}

/* Takes the value over. */
static inline void json_need(json_object *object, const char *key, json_object *value) {
        bool short_of = json_misses_something(value);

        if (json_object_object_add(object, key, value) < 0) {
                (void) json_object_put(value);
                short_of = true;
        }
        if (short_of)
                json_mark_short(object);
}

/* The same at the end of an array. */
static inline void json_need_item(json_object *array, json_object *value) {
        bool short_of = json_misses_something(value);

        if (json_object_array_add(array, value) < 0) {
                (void) json_object_put(value);
                short_of = true;
        }
        if (short_of)
                json_mark_short(array);
}

/* The member's text, borrowed; NULL when it is missing or no string. */
static inline const char *json_get_string(json_object *object, const char *key) {
        json_object *member = NULL;

        if (!json_object_object_get_ex(object, key, &member) ||
            !json_object_is_type(member, json_type_string))
                return NULL;
        return json_object_get_string(member);
}

/* The member's number; 0 when it is missing, no integer or negative. */
static inline uint64_t json_get_uint64(json_object *object, const char *key) {
        json_object *member = NULL;

        if (!json_object_object_get_ex(object, key, &member) ||
            !json_object_is_type(member, json_type_int))
                return 0;
        return json_object_get_uint64(member);
}

/* Text that need not be UTF-8 (names of processes, of cgroups, of what a log quotes): a byte that
 * is none becomes "?". */
json_object *json_text_of_bytes(const char *text);
