/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/source.h"

void sources_done(Sources *sources) {
        free(sources->items);
        free(sources->replaced);
        *sources = SOURCES_INIT;
}

const SettingSource *sources_find(const Sources *sources, KnobRef ref) {
        for (size_t i = 0; i < sources->n; i++)
                if (knob_ref_equal(sources->items[i].said->ref, ref))
                        return &sources->items[i];
        return NULL;
}

static int append(SettingSource **items, size_t *n, SettingSource source) {
        int r = array_grow(items, *n, sizeof(SettingSource));
        if (r >= 0)
                (*items)[(*n)++] = source;
        return r;
}

static int replace(Sources *sources, size_t i) {
        int r = append(&sources->replaced, &sources->n_replaced, sources->items[i]);
        if (r < 0)
                return r;
        memmove(sources->items + i,
                sources->items + i + 1,
                (--sources->n - i) * sizeof(SettingSource));
        return 0;
}

/* Both members of a pair make room for either. */
static int put(Sources *sources, const Profile *profile, const ProfileSetting *said) {
        KnobRef partner = {0};
        bool paired = knob_ref_partner(said->ref, &partner);

        for (size_t i = sources->n; i-- > 0;) {
                KnobRef ref = sources->items[i].said->ref;
                if (!knob_ref_equal(ref, said->ref) && !(paired && knob_ref_equal(ref, partner)))
                        continue;
                int r = replace(sources, i);
                if (r < 0)
                        return r;
        }
        return append(
                &sources->items, &sources->n, (SettingSource){.profile = profile, .said = said});
}

static int put_all(Sources *sources, const Profile *profile, const ProfileSettings *settings) {
        for (size_t i = 0; i < settings->n; i++) {
                int r = put(sources, profile, &settings->items[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int put_profile(Sources *sources, const Profile *profile, const Facts *facts) {
        int r = put_all(sources, profile, &profile->settings);

        for (size_t i = 0; r >= 0 && i < profile->n_overrides; i++)
                if (when_holds(&profile->overrides[i].when, facts))
                        r = put_all(sources, profile, &profile->overrides[i].settings);
        return r;
}

int sources_gather(const Ancestry *ancestry, const Facts *facts, Sources *ret) {
        _cleanup_(sources_done) Sources sources = SOURCES_INIT;

        for (size_t i = 0; i < ancestry->n_order; i++) {
                int r = put_profile(&sources, ancestry->order[i], facts);
                if (r < 0)
                        return r;
        }
        *ret = sources;
        sources = SOURCES_INIT;
        return 0;
}
