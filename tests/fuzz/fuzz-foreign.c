/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as a file of another manager: sysctl.d, tmpfiles.d, tuned. What comes of it is a profile
 * that parses. */

#include "core/profile/import.h"
#include "core/profile/profile.h"
#include "core/profile/sysctl-file.h"
#include "core/profile/tmpfiles-file.h"
#include "core/profile/tuned-profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
        if (!holds)
                abort();
}

static void check_import(Assignments *assignments) {
        const Facts facts = {
                .context = {.kernel = KERNEL_VERSION_OF(6, 12),
                            .page_bytes = 4096,
                            .pmd_pages = 512},
                .ram_bytes = 8ull << 30,
        };
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(profile_freep) Profile *profile = NULL;
        _cleanup_(freep) char *text = NULL;

        check(import_format(&facts, "x", "a test", assignments, &text) >= 0);
        if (assignments->n == 0)
                return;
        int r = profile_parse("x.yaml", "x", text, strlen(text), &problems, &profile);
        if (r < 0)
                (void) fputs(text, stderr);
        check(r >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(freep) char *text = strndup((const char *) data, size);
        _cleanup_(assignments_done) Assignments assignments = {0};
        _cleanup_(tuned_profile_done) TunedProfile profile = {0};
        TunedUnit *unit = calloc(1, sizeof(*unit));

        check(text && unit);
        sysctl_file_parse("f", text, &assignments);
        tmpfiles_file_parse("f", text, &assignments);
        check(!assignments.failed);
        check_import(&assignments);
        profile = (TunedProfile){.units = unit, .n = 1};
        (void) tuned_unit_read(unit, "f", text);
        return 0;
}
