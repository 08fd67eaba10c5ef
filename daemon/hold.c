/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/hold.h"

#include "core/base/json.h"
#include "daemon/state.h"

static void revert_done(HoldRevert *revert) {
        free(revert->profile);
        free(revert->why);
        *revert = (HoldRevert){0};
}

void hold_done(Hold *hold) {
        for (size_t i = 0; i < hold->n; i++)
                revert_done(&hold->items[i]);
        hold->n = 0;
}

static int add(Hold *hold, uint64_t id, const char *profile, const char *why, usec_t at_usec) {
        HoldRevert revert = {
                .id = id,
                .profile = strdup(profile),
                .why = strdup(why),
                .at_usec = at_usec,
        };

        if (!revert.profile || !revert.why) {
                revert_done(&revert);
                return -ENOMEM;
        }
        if (hold->n == HOLD_REVERTS_MAX) {
                revert_done(&hold->items[0]);
                hold->n--;
                memmove(hold->items, hold->items + 1, hold->n * sizeof(HoldRevert));
        }
        hold->items[hold->n++] = revert;
        return 0;
}

static json_object *revert_to_json(const HoldRevert *revert) {
        json_object *object = json_object_new_object();

        if (!object)
                return NULL;
        json_need(object, "id", json_object_new_uint64(revert->id));
        json_need(object, "profile", json_object_new_string(revert->profile));
        json_need(object, "why", json_object_new_string(revert->why));
        json_need(object, "at", json_object_new_uint64(revert->at_usec));
        return object;
}

static int hold_store(Hold *hold, int state_fd) {
        _cleanup_(json_putp) json_object *record = json_object_new_object();
        json_object *list = json_object_new_array();

        if (!record || !list) {
                (void) json_object_put(list);
                return -ENOMEM;
        }
        for (size_t i = 0; i < hold->n; i++)
                json_need_item(list, revert_to_json(&hold->items[i]));
        json_need(record, "boot-id", json_object_new_string(hold->boot_id));
        json_need(record, "reverts", list);
        int r = state_replace(state_fd, HOLD_FILE, record);
        hold->unsaved = r < 0;
        return r;
}

static int hold_parse(json_object *record, Hold *hold) {
        const char *boot_id = json_get_string(record, "boot-id");
        json_object *list = NULL;

        if (!boot_id || !json_object_object_get_ex(record, "reverts", &list) ||
            !json_object_is_type(list, json_type_array))
                return -EBADMSG;
        bool here = streq(boot_id, hold->boot_id);
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                json_object *object = json_object_array_get_idx(list, i);
                const char *profile = json_get_string(object, "profile");
                const char *why = json_get_string(object, "why");
                if (!profile || !why)
                        return -EBADMSG;
                int r = add(hold,
                            json_get_uint64(object, "id"),
                            profile,
                            why,
                            here ? json_get_uint64(object, "at") : 0);
                if (r < 0)
                        return r;
        }
        return 0;
}

int hold_load(int state_fd, const char *boot_id, Hold *ret) {
        _cleanup_(json_putp) json_object *records = NULL;
        _cleanup_(hold_done) Hold hold = {0};

        (void) snprintf(hold.boot_id, sizeof(hold.boot_id), "%s", boot_id);
        *ret = hold;
        int r = state_read(state_fd, HOLD_FILE, &records);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = hold_parse(json_object_array_get_idx(records, 0), &hold);
        if (r < 0)
                return r;
        *ret = hold;
        hold = (Hold){0};
        return 0;
}

static bool is_recent(const HoldRevert *revert, usec_t now_usec) {
        return now_usec < revert->at_usec + USEC_PER_HOUR;
}

static void drop_old(Hold *hold, usec_t now_usec) {
        size_t old = 0;

        while (old < hold->n && !is_recent(&hold->items[old], now_usec))
                revert_done(&hold->items[old++]);
        hold->n -= old;
        memmove(hold->items, hold->items + old, hold->n * sizeof(HoldRevert));
}

static bool is_noted(const Hold *hold, uint64_t id) {
        for (size_t i = 0; i < hold->n; i++)
                if (hold->items[i].id == id)
                        return true;
        return false;
}

int hold_note(
        Hold *hold, int state_fd, uint64_t id, const char *profile, const char *why, usec_t now) {
        drop_old(hold, now);
        if (is_noted(hold, id))
                return 0;
        int r = add(hold, id, profile, why, now);
        if (r < 0)
                return r;
        hold->unsaved = true;
        return hold_save(hold, state_fd);
}

int hold_save(Hold *hold, int state_fd) {
        return hold->unsaved ? hold_store(hold, state_fd) : 0;
}

int hold_lift(Hold *hold, int state_fd) {
        int r = state_remove(state_fd, HOLD_FILE);

        if (r < 0)
                return r;
        hold_done(hold);
        hold->unsaved = false;
        return 0;
}

usec_t hold_until(const Hold *hold, unsigned limit, usec_t now_usec) {
        if (limit == 0 || hold->n < limit)
                return 0;
        const HoldRevert *oldest = &hold->items[hold->n - limit];
        return is_recent(oldest, now_usec) ? oldest->at_usec + USEC_PER_HOUR : 0;
}

char *hold_format(const Hold *hold, usec_t now_usec) {
        char *text = NULL;
        size_t size = 0, n = 0;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;
        for (size_t i = 0; i < hold->n; i++)
                if (is_recent(&hold->items[i], now_usec))
                        (void) fprintf(out,
                                       "%s%s (transaction %lu): %s",
                                       n++ > 0 ? "\n" : "",
                                       hold->items[i].profile,
                                       (unsigned long) hold->items[i].id,
                                       hold->items[i].why);
        (void) stream_close(out, &text);
        return text;
}
