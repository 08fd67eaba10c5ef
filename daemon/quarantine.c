/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/quarantine.h"

#include "core/base/json.h"
#include "daemon/state.h"

static void entry_done(QuarantineEntry *entry) {
        free(entry->profile);
        free(entry->reason);
        *entry = (QuarantineEntry){0};
}

void quarantine_done(Quarantine *quarantine) {
        for (size_t i = 0; i < quarantine->n; i++)
                entry_done(&quarantine->items[i]);
        quarantine->n = 0;
}

static void remove_at(Quarantine *quarantine, size_t i) {
        entry_done(&quarantine->items[i]);
        quarantine->n--;
        memmove(&quarantine->items[i],
                &quarantine->items[i + 1],
                (quarantine->n - i) * sizeof(QuarantineEntry));
        quarantine->items[quarantine->n] = (QuarantineEntry){0};
}

static int entry_make(const char *profile, const char *reason, usec_t when, QuarantineEntry *ret) {
        QuarantineEntry entry = {
                .profile = strdup(profile),
                .reason = strdup(reason),
                .realtime_usec = when,
        };

        if (!entry.profile || !entry.reason) {
                entry_done(&entry);
                return -ENOMEM;
        }
        *ret = entry;
        return 0;
}

static int quarantine_store(const Quarantine *quarantine, int state_fd) {
        _cleanup_(json_putp) json_object *record = json_object_new_object();
        json_object *list = json_object_new_array();

        if (!record || !list) {
                (void) json_object_put(list);
                return -ENOMEM;
        }
        for (size_t i = 0; i < quarantine->n; i++) {
                const QuarantineEntry *entry = &quarantine->items[i];
                json_object *object = json_object_new_object();
                if (!object) {
                        (void) json_object_put(list);
                        return -ENOMEM;
                }
                json_need(object, "profile", json_object_new_string(entry->profile));
                json_need(object, "reason", json_object_new_string(entry->reason));
                json_need(object, "time", json_object_new_uint64(entry->realtime_usec));
                json_need_item(list, object);
        }
        json_need(record, "quarantine", list);
        return state_replace(state_fd, QUARANTINE_FILE, record);
}

int quarantine_load(int state_fd, Quarantine *ret) {
        _cleanup_(json_putp) json_object *records = NULL;
        _cleanup_(quarantine_done) Quarantine quarantine = {0};
        json_object *list = NULL;

        int r = state_read(state_fd, QUARANTINE_FILE, &records);
        if (r == -ENOENT) {
                *ret = (Quarantine){0};
                return 0;
        }
        if (r < 0)
                return r;
        if (!json_object_object_get_ex(
                    json_object_array_get_idx(records, 0), "quarantine", &list) ||
            !json_object_is_type(list, json_type_array))
                return -EBADMSG;
        for (size_t i = 0; i < json_object_array_length(list) && i < QUARANTINE_MAX; i++) {
                json_object *object = json_object_array_get_idx(list, i);
                const char *profile = json_get_string(object, "profile");
                const char *reason = json_get_string(object, "reason");
                if (!profile || !reason)
                        return -EBADMSG;
                r = entry_make(profile,
                               reason,
                               json_get_uint64(object, "time"),
                               &quarantine.items[quarantine.n]);
                if (r < 0)
                        return r;
                quarantine.n++;
        }
        *ret = quarantine;
        quarantine = (Quarantine){0};
        return 0;
}

const QuarantineEntry *quarantine_find(const Quarantine *quarantine, const char *profile) {
        for (size_t i = 0; i < quarantine->n; i++)
                if (streq(quarantine->items[i].profile, profile))
                        return &quarantine->items[i];
        return NULL;
}

int quarantine_add(
        Quarantine *quarantine, int state_fd, const char *profile, const char *reason, usec_t now) {
        QuarantineEntry entry;
        const QuarantineEntry *old = quarantine_find(quarantine, profile);

        int r = entry_make(profile, reason, now, &entry);
        if (r < 0)
                return r;
        if (old)
                remove_at(quarantine, (size_t) (old - quarantine->items));
        if (quarantine->n == QUARANTINE_MAX)
                remove_at(quarantine, 0);
        quarantine->items[quarantine->n++] = entry;
        quarantine->unsaved = true;
        return quarantine_save(quarantine, state_fd);
}

int quarantine_save(Quarantine *quarantine, int state_fd) {
        int r = quarantine->unsaved ? quarantine_store(quarantine, state_fd) : 0;

        if (r >= 0)
                quarantine->unsaved = false;
        return r;
}

int quarantine_release(Quarantine *quarantine, int state_fd, const char *profile) {
        const QuarantineEntry *entry = quarantine_find(quarantine, profile);

        if (!entry)
                return -ENOENT;
        QuarantineEntry released = *entry;
        size_t i = (size_t) (entry - quarantine->items);
        quarantine->items[i] = (QuarantineEntry){0};
        remove_at(quarantine, i);
        int r = quarantine_store(quarantine, state_fd);
        if (r < 0) {
                quarantine->items[quarantine->n++] = released;
                return r;
        }
        entry_done(&released);
        return 0;
}
