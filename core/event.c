/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/event.h"

#include <ctype.h>
#include <stdarg.h>
#include <syslog.h>

/* clang-format off */
static const struct {
        const char *name;
        const char *message_id; /* random (sd_id128), as in the journal catalog */
        int priority;
} event_types[_EVENT_TYPE_MAX] = {
        [EVENT_STARTED] = {"started", "2364485c758c4b759e049cacf89e8903", LOG_INFO},
        [EVENT_STOPPED] = {"stopped", "af115d121de8428fa14c87ae65de7aa1", LOG_INFO},
        [EVENT_ADOPTED] = {"adopted", "c1368402e0654ebcb7004b74054e33b9", LOG_INFO},
        [EVENT_RECOVERED] = {"recovered", "f093b5a68f834151944ce45247eb83a5", LOG_WARNING},
        [EVENT_APPLIED] = {"applied", "377d4271d691455484d880fe6eccfe99", LOG_INFO},
        [EVENT_REFUSED] = {"refused", "8eab2d8c363b4f2cab395e99cd459755", LOG_WARNING},
        [EVENT_EXTENDED] = {"extended", "351d4194acb3457eac7ccd3bb3a13344", LOG_INFO},
        [EVENT_LIMIT] = {"limit", "9b49bf0a74684f1d8dd5de892ebfa0e8", LOG_WARNING},
        [EVENT_OOM_KILL] = {"oom-kill", "ea59bb8c64e74b789b890c21dd2178fb", LOG_WARNING},
        [EVENT_REGRESSION] = {"regression", "c3b8751e7102411a9729ec9b3a788722", LOG_WARNING},
        [EVENT_TRIAL] = {"trial", "42b9be80866543a7994c0c15b4853842", LOG_INFO},
        [EVENT_KEPT] = {"kept", "1fe9b8141323478d9dd2a85ea19f83bd", LOG_INFO},
        [EVENT_REVERTED] = {"reverted", "432379d2b9db428c91aa364080f6e1c4", LOG_WARNING},
        [EVENT_LEFT_ALONE] = {"left-alone", "f58b4de151fc4e45a861f7ed0f23371d", LOG_WARNING},
        [EVENT_DRIFT] = {"drift", "fc1f361ab90249679c33055ae89fb6c4", LOG_WARNING},
        [EVENT_REPAIRED] = {"repaired", "cc2e0cfa3ae14566b68c30932e74379f", LOG_WARNING},
        [EVENT_YIELDED] = {"yielded", "f7a9117550fa47e4932451b2193d0ffb", LOG_WARNING},
        [EVENT_QUARANTINED] = {"quarantined", "b60ed6cc4700410eb412d348ff58378b", LOG_WARNING},
        [EVENT_HELD] = {"held", "227cf5b45fb44c3a9c4bb7f556703f7d", LOG_WARNING},
        [EVENT_RELEASED] = {"released", "1d8ba46d51e04267a9396bc2cbb0b89c", LOG_INFO},
        [EVENT_RELOADED] = {"reloaded", "cb2e1505aa944bfd94b24927b940d6db", LOG_INFO},
        [EVENT_PROBLEM] = {"problem", "03abb76ecff3421c992e2fb07fbbd536", LOG_ERR},
};
/* clang-format on */

static bool type_is_valid(EventType type) {
        return type >= 0 && type < _EVENT_TYPE_MAX;
}

const char *event_type_to_string(EventType type) {
        return type_is_valid(type) ? event_types[type].name : NULL;
}

EventType event_type_from_string(const char *name) {
        for (int type = 0; type < _EVENT_TYPE_MAX; type++)
                if (streq(event_types[type].name, name))
                        return type;
        return _EVENT_TYPE_INVALID;
}

const char *event_type_message_id(EventType type) {
        return type_is_valid(type) ? event_types[type].message_id : NULL;
}

int event_type_priority(EventType type) {
        return type_is_valid(type) ? event_types[type].priority : LOG_ERR;
}

Event *event_new(EventType type, const char *profile, uint64_t transaction) {
        _cleanup_(event_freep) Event *event = calloc(1, sizeof(*event));

        if (!event)
                return NULL;
        event->type = type;
        event->transaction = transaction;
        event->profile = profile ? strdup(profile) : NULL;
        event->message = strdup("");
        if (!event->message || (profile && !event->profile))
                return NULL;
        return TAKE_PTR(event);
}

Event *event_free(Event *event) {
        if (!event)
                return NULL;
        for (size_t i = 0; i < event->n_fields; i++) {
                free(event->fields[i].key);
                free(event->fields[i].value);
        }
        free(event->fields);
        free(event->profile);
        free(event->message);
        free(event);
        return NULL;
}

int event_set_message(Event *event, const char *format, ...) {
        char *message = NULL;
        va_list ap;

        va_start(ap, format);
        int r = vasprintf(&message, format, ap);
        va_end(ap);
        if (r < 0)
                return -ENOMEM;
        free(event->message);
        event->message = message;
        return 0;
}

static EventField *find_field(const Event *event, const char *key) {
        for (size_t i = 0; i < event->n_fields; i++)
                if (streq(event->fields[i].key, key))
                        return &event->fields[i];
        return NULL;
}

/* Takes value over, also on failure. A key that is there already gets the new value. */
static int take_field(Event *event, const char *key, char *value) {
        _cleanup_(freep) char *owned = value;
        EventField *known = find_field(event, key);

        if (known) {
                free(known->value);
                known->value = TAKE_PTR(owned);
                return 0;
        }
        if (event->n_fields >= EVENT_FIELDS_MAX)
                return -E2BIG;
        _cleanup_(freep) char *copy = strdup(key);
        if (!copy || array_grow(&event->fields, event->n_fields, sizeof(EventField)) < 0)
                return -ENOMEM;
        event->fields[event->n_fields++] =
                (EventField){.key = TAKE_PTR(copy), .value = TAKE_PTR(owned)};
        return 0;
}

int event_add(Event *event, const char *key, const char *format, ...) {
        char *value = NULL;
        va_list ap;

        va_start(ap, format);
        int r = vasprintf(&value, format, ap);
        va_end(ap);
        return r < 0 ? -ENOMEM : take_field(event, key, value);
}

const char *event_field(const Event *event, const char *key) {
        const EventField *field = find_field(event, key);
        return field ? field->value : NULL;
}

/* json_object_object_add() keeps the value only when it succeeds. */
static int add_member(json_object *object, const char *key, json_object *value) {
        if (value && json_object_object_add(object, key, value) == 0)
                return 0;
        json_object_put(value);
        return -ENOMEM;
}

static json_object *fields_to_json(const Event *event) {
        json_object *fields = json_object_new_object();

        for (size_t i = 0; fields && i < event->n_fields; i++) {
                const EventField *field = &event->fields[i];
                if (add_member(fields, field->key, json_object_new_string(field->value)) < 0) {
                        json_object_put(fields);
                        return NULL;
                }
        }
        return fields;
}

json_object *event_to_json(const Event *event) {
        json_object *object = json_object_new_object();

        if (!object)
                return NULL;
        int r = add_member(object, "seq", json_object_new_uint64(event->seq));
        if (r >= 0)
                r = add_member(
                        object, "realtime-usec", json_object_new_uint64(event->realtime_usec));
        if (r >= 0)
                r = add_member(
                        object, "type", json_object_new_string(event_type_to_string(event->type)));
        if (r >= 0)
                r = add_member(object, "transaction", json_object_new_uint64(event->transaction));
        if (r >= 0 && event->profile)
                r = add_member(object, "profile", json_object_new_string(event->profile));
        if (r >= 0)
                r = add_member(object, "message", json_object_new_string(event->message));
        if (r >= 0)
                r = add_member(object, "fields", fields_to_json(event));
        if (r < 0) {
                json_object_put(object);
                return NULL;
        }
        return object;
}

static int get_uint64(json_object *object, const char *key, uint64_t *ret) {
        json_object *member = NULL;

        if (!json_object_object_get_ex(object, key, &member) ||
            !json_object_is_type(member, json_type_int) || json_object_get_int64(member) < 0)
                return -EBADMSG;
        *ret = json_object_get_uint64(member);
        return 0;
}

/* NULL when it is no string, or holds a NUL. */
static const char *get_string(json_object *member) {
        if (!json_object_is_type(member, json_type_string))
                return NULL;
        const char *text = json_object_get_string(member);
        return strlen(text) == (size_t) json_object_get_string_len(member) ? text : NULL;
}

static const char *get_string_member(json_object *object, const char *key) {
        json_object *member = NULL;

        return json_object_object_get_ex(object, key, &member) ? get_string(member) : NULL;
}

/* A word, the name of a knob ("transparent_hugepage.hugepages-64kB.enabled") or of a metric. */
static bool key_is_valid(const char *key) {
        for (const char *p = key; *p; p++)
                if (!isalnum((unsigned char) *p) && !strchr("-._", *p))
                        return false;
        return key[0] != '\0';
}

static int fields_from_json(json_object *object, Event *event) {
        json_object *fields = NULL;

        if (!json_object_object_get_ex(object, "fields", &fields) ||
            !json_object_is_type(fields, json_type_object) ||
            json_object_object_length(fields) > EVENT_FIELDS_MAX)
                return -EBADMSG;
        json_object_object_foreach(fields, key, member) {
                const char *text = get_string(member);
                if (!text || !key_is_valid(key))
                        return -EBADMSG;
                int r = event_add(event, key, "%s", text);
                if (r < 0)
                        return r;
        }
        return 0;
}

int event_from_json(json_object *object, Event **ret) {
        uint64_t seq = 0, realtime_usec = 0, transaction = 0;

        if (!json_object_is_type(object, json_type_object))
                return -EBADMSG;
        const char *type_name = get_string_member(object, "type");
        const char *message = get_string_member(object, "message");
        const char *profile = get_string_member(object, "profile");
        if (!type_name || !message ||
            (!profile && json_object_object_get_ex(object, "profile", NULL)))
                return -EBADMSG;
        EventType type = event_type_from_string(type_name);
        if (type < 0 || get_uint64(object, "seq", &seq) < 0 ||
            get_uint64(object, "realtime-usec", &realtime_usec) < 0 ||
            get_uint64(object, "transaction", &transaction) < 0)
                return -EBADMSG;

        _cleanup_(event_freep) Event *event = event_new(type, profile, transaction);
        if (!event)
                return -ENOMEM;
        event->seq = seq;
        event->realtime_usec = realtime_usec;
        int r = event_set_message(event, "%s", message);
        if (r >= 0)
                r = fields_from_json(object, event);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(event);
        return 0;
}
