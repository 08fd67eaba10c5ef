/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/conformance/kept.h"

#include <fcntl.h>

#include "core/machine/live.h"

/* A knob that another's restore moved is put back in the next round. */
#define RESTORE_ROUNDS 3

ssize_t kernel_write(const Root *root, const char *path, const char *text) {
        _cleanup_(closep) int fd = root_open_file(root, path, O_WRONLY | O_NOFOLLOW);
        RootWriteHook hook = root_write_hook(root);
        char line[VALUE_TEXT_MAX + 2];

        if (fd < 0)
                return fd;
        int size = snprintf(line, sizeof(line), "%s\n", text);
        if (size < 2 || (size_t) size >= sizeof(line))
                return -E2BIG;
        if (hook)
                return hook(root, path, fd, line, (size_t) size);
        ssize_t n = write(fd, line, (size_t) size);
        return n < 0 ? -errno : n;
}

static KeptKnob save_one(const Root *root, KnobRef ref) {
        KeptKnob knob = {.ref = ref};

        knob_ref_path(ref, knob.path);
        knob.error = root_read_into(root, knob.path, knob.text, sizeof(knob.text));
        if (knob.error >= 0)
                knob.error = live_read(root, ref, &knob.value);
        return knob;
}

static int compare_stage(const void *a, const void *b) {
        const KnobRef *x = &((const KeptKnob *) a)->ref, *y = &((const KeptKnob *) b)->ref;

        if (x->knob->stage != y->knob->stage)
                return x->knob->stage < y->knob->stage ? -1 : 1;
        return strcmp(((const KeptKnob *) a)->path, ((const KeptKnob *) b)->path);
}

static int save_knob(const Root *root, const Knob *knob, Kept *kept) {
        _cleanup_(freep) KnobRef *refs = NULL;
        size_t n = 0;

        int r = live_refs(root, knob, &refs, &n);
        for (size_t i = 0; i < n && r >= 0; i++) {
                r = array_grow(&kept->knobs, kept->n, sizeof(*kept->knobs));
                if (r >= 0)
                        kept->knobs[kept->n++] = save_one(root, refs[i]);
        }
        return r;
}

int kept_save(const Root *root, Kept *ret) {
        Kept kept = KEPT_INIT;

        for (size_t i = 0; i < knob_count(); i++) {
                int r = knob_is_settable(knob_at(i)) ? save_knob(root, knob_at(i), &kept) : 0;
                if (r < 0) {
                        kept_done(&kept);
                        return r;
                }
        }
        if (kept.n > 1)
                qsort(kept.knobs, kept.n, sizeof(*kept.knobs), compare_stage);
        *ret = kept;
        return 0;
}

void kept_done(Kept *kept) {
        free(kept->knobs);
        *kept = KEPT_INIT;
}

const KeptKnob *kept_find(const Kept *kept, KnobRef ref) {
        for (size_t i = 0; i < kept->n; i++)
                if (knob_ref_equal(kept->knobs[i].ref, ref))
                        return &kept->knobs[i];
        return NULL;
}

const KeptKnob *kept_partner(const Kept *kept, const KeptKnob *knob) {
        KnobRef partner;

        return knob_ref_partner(knob->ref, &partner) ? kept_find(kept, partner) : NULL;
}

bool kept_differs(const Root *root, const KeptKnob *knob) {
        char text[KEPT_TEXT_MAX];

        if (knob->error < 0)
                return false;
        return root_read_into(root, knob->path, text, sizeof(text)) < 0 || !streq(text, knob->text);
}

/* The member of a pair whose write restores both. */
static const KeptKnob *in_force(const Kept *kept, const KeptKnob *knob) {
        const KeptKnob *partner = kept_partner(kept, knob);

        if (!partner || !value_is_zero(&knob->value))
                return knob;
        if (!value_is_zero(&partner->value))
                return partner;
        return knob_is_ratio(knob->ref.knob) ? knob : partner;
}

void kept_restore_one(const Root *root, const Kept *kept, const KeptKnob *knob) {
        char text[VALUE_TEXT_MAX];

        const KeptKnob *written = in_force(kept, knob);
        value_format(&written->value, text);
        (void) kernel_write(root, written->path, text);
}

size_t kept_restore(const Root *root, const Kept *kept) {
        size_t n_different = 1;

        for (int round = 0; round < RESTORE_ROUNDS && n_different > 0; round++) {
                n_different = 0;
                for (size_t i = 0; i < kept->n; i++)
                        if (kept_differs(root, &kept->knobs[i]))
                                kept_restore_one(root, kept, &kept->knobs[i]);
                for (size_t i = 0; i < kept->n; i++)
                        n_different += kept_differs(root, &kept->knobs[i]);
        }
        return n_different;
}
