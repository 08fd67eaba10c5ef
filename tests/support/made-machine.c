/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/made-machine.h"

#include <err.h>

#include "tests/support/tree.h"

static void write_or_end(const char *tree, const char *path, const char *text) {
        int r = tree_write(tree, path, text);
        if (r < 0)
                errx(1, "%s: %s", path, strerror(-r));
}

static void write_knob(const MadeMachine *machine, const Knob *knob) {
        static const unsigned sizes[] = {16, 64, 2048};
        char path[KNOB_PATH_MAX];
        ValueType type;

        if (knob_value_type(knob, &machine->facts.context, &type) < 0)
                return;
        for (size_t i = 0; i < (knob_is_family(knob) ? ELEMENTSOF(sizes) : 1); i++) {
                knob_ref_path((KnobRef){.knob = knob, .instance_kb = sizes[i]}, path);
                write_or_end(machine->tree, path, knob->choices ? "[never]\n" : "0\n");
        }
}

void made_machine_init(MadeMachine *machine, unsigned major, unsigned minor) {
        *machine = (MadeMachine){
                .facts = {.context = {.kernel = KERNEL_VERSION_OF(major, minor),
                                      .page_bytes = 4096,
                                      .pmd_pages = 512},
                          .ram_bytes = 8ull << 30,
                          .swap_kinds = SWAP_NONE,
                          .n_nodes = 1,
                          .has_thp = true,
                          .has_psi = true},
        };
        (void) snprintf(machine->facts.release,
                        sizeof(machine->facts.release),
                        "%u.%u.0-test",
                        major,
                        minor);
        int r = tree_copy(NULL, &machine->tree);
        if (r >= 0)
                r = root_open(machine->tree, &machine->root);
        if (r < 0)
                errx(1, "cannot make a machine: %s", strerror(-r));
        for (size_t i = 0; i < knob_count(); i++)
                write_knob(machine, knob_at(i));
}

void made_machine_done(MadeMachine *machine) {
        machine->root = root_close(machine->root);
        machine->tree = tree_remove(machine->tree);
}

void made_machine_profile(const MadeMachine *machine, const char *name, const char *text) {
        _cleanup_(freep) char *path = text_format("etc/memctl/profiles/%s.yaml", name);

        write_or_end(machine->tree, path ? path : "", text);
}
