/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/machine.h"

#include "core/base/quantity.h"
#include "core/machine/live.h"

int machine_open(Machine *ret) {
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        Facts facts;

        int r = root_open(arg_root, &root);
        if (r < 0) {
                print_error("%s: %s", arg_root, strerror(-r));
                return r;
        }
        r = facts_read(root, &problems, &facts);
        if (r < 0) {
                print_problems(&problems);
                if (problems.n == 0)
                        print_error("cannot read the facts of %s: %s", arg_root, strerror(-r));
                return r;
        }
        *ret = (Machine){.root = TAKE_PTR(root), .facts = facts};
        return 0;
}

void machine_done(Machine *machine) {
        machine->root = root_close(machine->root);
}

int machine_resolve(const Machine *machine, const char *name, Settings **ret) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;

        int r = resolve_name(machine->root, name, STORE_ANY, &machine->facts, &problems, ret);
        if (r >= 0)
                return 0;
        print_problems(&problems);
        if (problems.n == 0)
                print_error("%s: %s", name, strerror(-r));
        return r;
}

char *knob_value_text(const Knob *knob, const KnobContext *context, const Value *value) {
        ValueType type = {.kind = knob->kind, .unit = knob->unit, .choices = knob->choices};

        (void) knob_value_type(knob, context, &type);
        return value_format_human(&type, value);
}

char *machine_live_text(const Machine *machine, KnobRef ref) {
        Value value;

        if (live_read(machine->root, ref, &value) < 0)
                return NULL;
        return knob_value_text(ref.knob, &machine->facts.context, &value);
}

char *knob_value_brief(const Knob *knob, const KnobContext *context, const Value *value) {
        bool is_size = knob->unit == VALUE_UNIT_BYTES || knob->unit == VALUE_UNIT_KIB;
        uint64_t bytes = value->integers[0].magnitude, again = 0;
        char text[32];

        if (knob->kind != VALUE_INTEGER || !is_size || value->integers[0].negative ||
            (knob->unit == VALUE_UNIT_KIB && __builtin_mul_overflow(bytes, 1024, &bytes)))
                return knob_value_text(knob, context, value);
        if (bytes == 0)
                return strdup("0");
        format_size(bytes, text);
        if (parse_size(text, &again) < 0 || again != bytes)
                return knob_value_text(knob, context, value);
        return strdup(text);
}

const char *origin_short(const char *origin) {
        const char *slash = strrchr(origin, '/');
        return slash ? slash + 1 : origin;
}
