/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a profile: either a profile or problems that say why not; and a profile resolves, or
 * there are problems that say why not. "/" is only looked at. */

#include "core/profile/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Facts machines[] = {
        {.context = {.kernel = KERNEL_VERSION_OF(6, 1), .page_bytes = 4096, .pmd_pages = 512},
         .release = "6.1.0",
         .ram_bytes = 1ull << 30,
         .swap_kinds = SWAP_NONE},
        {.context = {.kernel = KERNEL_VERSION_OF(6, 18), .page_bytes = 65536, .pmd_pages = 8192},
         .release = "6.18.0",
         .ram_bytes = 1ull << 42,
         .swap_kinds = SWAP_ZRAM | SWAP_FILE},
};

static void check(bool holds) {
        if (!holds)
                abort();
}

static void use(const Profile *profile) {
        check(profile->name && profile->file && profile->text && profile->summary);
        for (size_t i = 0; i < ELEMENTSOF(machines); i++) {
                _cleanup_(freep) char *why = when_explain(&profile->when, &machines[i]);
                check(when_holds(&profile->when, &machines[i]) == !why);
        }
        _cleanup_(freep) char *when = when_format(&profile->when);
        check(when);
        for (size_t i = 0; i < profile->settings.n; i++) {
                const ProfileSetting *setting = &profile->settings.items[i];
                check(setting->value.text || setting->value.of_ram_permyriad > 0);
                check(setting->line > 0 && setting->value_line > 0);
        }
        for (size_t i = 0; i < profile->watch.n_limits; i++) {
                char text[64];
                watch_limit_format(&profile->watch.limits[i], text);
        }
}

static void resolve(const Profile *profile, Problems *problems) {
        _cleanup_(root_closep) Root *root = NULL;

        check(root_open("/", &root) == 0);
        for (size_t i = 0; i < ELEMENTSOF(machines); i++) {
                _cleanup_(settings_freep) Settings *settings = NULL;
                size_t n_errors = problems->n_errors;
                int r = resolve_profile(
                        root, profile, STORE_ANY, &machines[i], problems, &settings);
                check((r >= 0) == (settings != NULL));
                check((r < 0) == (problems->n_errors > n_errors));
                check(!settings || settings->watch.pressure_of);
                check(!settings || settings->applicable == !settings->why_not);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(profile_freep) Profile *profile = NULL;
        Problems problems = PROBLEMS_INIT;

        int r = profile_parse("x.yaml", "x", (const char *) data, size, &problems, &profile);
        check((r >= 0) == (profile != NULL));
        check((r < 0) == (problems.n_errors > 0));
        if (profile) {
                use(profile);
                resolve(profile, &problems);
        }
        _cleanup_(freep) char *text = problems_format(&problems);
        check(text);
        /* What a terminal would obey must not come through. */
        for (const char *p = text; *p; p++)
                check((unsigned char) *p >= ' ' || *p == '\n');
        problems_done(&problems);
        return 0;
}
