/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/repairs.h"

#include "core/base/json.h"
#include "daemon/state.h"

static const ValueType number = {.kind = VALUE_INTEGER};

/* A clock that is behind the record is another one (a container's time namespace): it counts. */
static bool is_recent(const Repair *repair, usec_t now_usec) {
        return now_usec < repair->at_usec || now_usec - repair->at_usec < USEC_PER_HOUR;
}

static json_object *repair_to_json(const Repair *repair) {
        json_object *object = json_object_new_object();
        char name[KNOB_NAME_MAX];

        knob_ref_name(repair->ref, name);
        if (object) {
                json_need(object, "knob", json_object_new_string(name));
                json_need(object, "at", json_object_new_uint64(repair->at_usec));
        }
        return object;
}

static int repairs_store(Repairs *repairs, int state_fd) {
        _cleanup_(json_putp) json_object *record = json_object_new_object();
        json_object *list = json_object_new_array();
        char text[VALUE_TEXT_MAX];

        if (!record || !list) {
                (void) json_object_put(list);
                return -ENOMEM;
        }
        for (size_t i = 0; i < repairs->n; i++)
                json_need_item(list, repair_to_json(&repairs->items[i]));
        json_need(record, "boot-id", json_object_new_string(repairs->boot_id));
        json_need(record, "repairs", list);
        if (repairs->guards) {
                value_format(&repairs->min_free, text);
                json_need(record, "min-free", json_object_new_string(text));
        }
        int r = state_replace(state_fd, REPAIRS_FILE, record);
        repairs->unsaved = r < 0;
        return r;
}

static int repair_from_json(json_object *object, Repair *ret) {
        const char *name = json_get_string(object, "knob");
        Repair repair = {.at_usec = json_get_uint64(object, "at")};

        if (!name || knob_ref_parse(name, &repair.ref) < 0)
                return -EBADMSG;
        *ret = repair;
        return 0;
}

static int repairs_parse(json_object *record, Repairs *repairs) {
        const char *min_free = json_get_string(record, "min-free");
        json_object *list = NULL;

        if (!json_object_object_get_ex(record, "repairs", &list) ||
            !json_object_is_type(list, json_type_array) ||
            json_object_array_length(list) > REPAIRS_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                int r = repair_from_json(json_object_array_get_idx(list, i),
                                         &repairs->items[repairs->n]);
                if (r < 0)
                        return r;
                repairs->n++;
        }
        repairs->guards = min_free != NULL;
        return min_free && value_parse_kernel(&number, min_free, &repairs->min_free) < 0 ? -EBADMSG
                                                                                         : 0;
}

int repairs_load(int state_fd, const char *boot_id, Repairs *ret) {
        _cleanup_(json_putp) json_object *records = NULL;
        Repairs repairs = {0};

        (void) snprintf(repairs.boot_id, sizeof(repairs.boot_id), "%s", boot_id);
        *ret = repairs;
        int r = state_read(state_fd, REPAIRS_FILE, &records);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        json_object *record = json_object_array_get_idx(records, 0);
        const char *theirs = json_get_string(record, "boot-id");
        if (!theirs)
                return -EBADMSG;
        if (!streq(theirs, boot_id))
                return 0;
        r = repairs_parse(record, &repairs);
        if (r >= 0)
                *ret = repairs;
        return r;
}

static void drop_old(Repairs *repairs, usec_t now_usec) {
        size_t old = 0;

        while (old < repairs->n && !is_recent(&repairs->items[old], now_usec))
                old++;
        if (repairs->n - old == REPAIRS_MAX)
                old++;
        repairs->n -= old;
        memmove(repairs->items, repairs->items + old, repairs->n * sizeof(Repair));
}

int repairs_note(
        Repairs *repairs, int state_fd, KnobRef ref, usec_t now_usec, const Value *min_free) {
        bool guarded = repairs->guards;

        drop_old(repairs, now_usec);
        repairs->items[repairs->n++] = (Repair){.ref = ref, .at_usec = now_usec};
        repairs->guards = min_free != NULL;
        if (min_free)
                repairs->min_free = *min_free;
        int r = repairs_store(repairs, state_fd);
        if (r >= 0)
                return r;
        /* None took place. The record may be there all the same. */
        repairs->n--;
        repairs->guards = guarded;
        repairs->unsaved = true;
        return r;
}

int repairs_end_guard(Repairs *repairs, int state_fd) {
        repairs->guards = false;
        repairs->unsaved = true;
        return repairs_save(repairs, state_fd);
}

int repairs_save(Repairs *repairs, int state_fd) {
        return repairs->unsaved ? repairs_store(repairs, state_fd) : 0;
}

size_t repairs_count(const Repairs *repairs, KnobRef ref, usec_t now_usec) {
        size_t n = 0;

        for (size_t i = 0; i < repairs->n; i++)
                n += knob_ref_equal(repairs->items[i].ref, ref) &&
                     is_recent(&repairs->items[i], now_usec);
        return n;
}
