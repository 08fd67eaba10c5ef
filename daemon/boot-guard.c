/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/boot-guard.h"

#include "core/base/json.h"
#include "daemon/state.h"

int boot_guard_load(int state_fd, BootGuard *ret) {
        _cleanup_(json_putp) json_object *records = NULL;
        BootGuard guard = {0};

        *ret = guard;
        int r = state_read(state_fd, BOOT_GUARD_FILE, &records);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        json_object *record = json_object_array_get_idx(records, 0);
        const char *profile = json_get_string(record, "profile");
        const char *boot_id = json_get_string(record, "boot-id");
        if (!profile || !profile_name_is_valid(profile) || !boot_id || !boot_id[0])
                return -EBADMSG;
        guard.open = true;
        guard.id = json_get_uint64(record, "id");
        guard.at_usec = json_get_uint64(record, "at");
        (void) snprintf(guard.profile, sizeof(guard.profile), "%s", profile);
        (void) snprintf(guard.boot_id, sizeof(guard.boot_id), "%s", boot_id);
        *ret = guard;
        return 0;
}

int boot_guard_open(int state_fd,
                    const char *profile,
                    uint64_t id,
                    const char *boot_id,
                    usec_t now_usec,
                    BootGuard *guard) {
        _cleanup_(json_putp) json_object *record = json_object_new_object();
        BootGuard opened = {.open = true, .id = id, .at_usec = now_usec};

        if (!record)
                return -ENOMEM;
        (void) snprintf(opened.profile, sizeof(opened.profile), "%s", profile);
        (void) snprintf(opened.boot_id, sizeof(opened.boot_id), "%s", boot_id);
        json_need(record, "profile", json_object_new_string(profile));
        json_need(record, "id", json_object_new_uint64(id));
        json_need(record, "boot-id", json_object_new_string(boot_id));
        json_need(record, "at", json_object_new_uint64(now_usec));
        int r = state_replace(state_fd, BOOT_GUARD_FILE, record);
        if (r >= 0)
                *guard = opened;
        return r;
}

int boot_guard_close(int state_fd, BootGuard *guard) {
        if (!guard->open)
                return 0;
        int r = state_remove(state_fd, BOOT_GUARD_FILE);
        if (r >= 0)
                guard->open = false;
        return r;
}

bool boot_guard_is_over(const BootGuard *guard, usec_t length_usec, usec_t now_usec) {
        return now_usec >= guard->at_usec && now_usec - guard->at_usec >= length_usec;
}
