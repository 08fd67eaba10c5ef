/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/inspect-print.h"
#include "core/base/quantity.h"

static const char *mode_words(OvercommitMode mode) {
        switch (mode) {
        case OVERCOMMIT_GUESS:
                return "guess (0): only a request larger than all RAM and swap is refused";
        case OVERCOMMIT_ALWAYS:
                return "always (1): nothing is refused";
        case OVERCOMMIT_NEVER:
                return "never (2): what goes beyond the limit is refused";
        case _OVERCOMMIT_MODE_MAX:
                break;
        }
        return "";
}

/* What is promised, in 1/10000 of the limit; -1 when not known. */
static int promised_share(const Overcommit *overcommit) {
        int64_t limit =
                overcommit->kernel_limit >= 0 ? overcommit->kernel_limit : overcommit->limit;

        if (overcommit->committed < 0 || limit <= 0)
                return -1;
        return (int) MIN_OF(share_of((uint64_t) overcommit->committed, (uint64_t) limit), 1000000u);
}

void inspect_print_overcommit(const Inspect *inspect) {
        const Overcommit *overcommit = &inspect->now->overcommit;

        inspect_label("Mode");
        (void) printf("%s\n", mode_words(overcommit->mode));
        inspect_label("Promised");
        (void) printf("%s of %s (%s)%s\n",
                      size_text(overcommit->committed).text,
                      size_text(overcommit->limit).text,
                      share_text(promised_share(overcommit)).text,
                      overcommit->mode == OVERCOMMIT_NEVER ? "" : "; this mode knows no limit");
        inspect_label("Limit");
        if (overcommit->kbytes > 0)
                (void) printf("%s (vm.overcommit_kbytes)",
                              size_text(overcommit->kbytes * 1024).text);
        else
                (void) printf("%s %% of RAM but huge pages (vm.overcommit_ratio)",
                              count_text(overcommit->ratio).text);
        (void) printf(", and %s of swap\n",
                      size_text(inspection_bytes(inspect->now, "SwapTotal")).text);
        inspect_label("RAM+swap");
        (void) printf("%s\n", size_text(overcommit->total).text);
}

json_object *inspect_json_overcommit(const Inspect *inspect) {
        const Overcommit *overcommit = &inspect->now->overcommit;
        json_object *object = NULL;

        if (!(inspect->now->parts & INSPECTION_OVERCOMMIT))
                return NULL;
        object = json_object_new_object();
        json_add_text(object, "mode", overcommit_mode_to_string(overcommit->mode));
        json_add_known(object, "committed-bytes", overcommit->committed);
        json_add_known(object, "limit-bytes", overcommit->limit);
        json_add_known(object, "kernel-limit-bytes", overcommit->kernel_limit);
        json_add_known(object, "committed-permyriad", promised_share(overcommit));
        json_add_bool(object, "enforced", overcommit->mode == OVERCOMMIT_NEVER);
        json_add_known(object, "ram-and-swap-bytes", overcommit->total);
        return object;
}
