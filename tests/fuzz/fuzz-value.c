/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A knob and any text as its value: the first byte chooses the knob. What is taken must read back
 * the same; what is not must be told why. */

#include "core/knobs/knob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
        if (!holds)
                abort();
}

static void parse_written(const ValueType *type, const char *text) {
        _cleanup_(freep) char *why = NULL, *human = NULL;
        char canonical[VALUE_TEXT_MAX];
        Value value, again;

        int r = value_parse(type, text, &value, &why);
        if (r < 0) {
                check((r == -EINVAL || r == -ERANGE) && why);
                return;
        }
        check(!why);
        value_format(&value, canonical);
        check(canonical[0] && !strchr(canonical, '\n'));
        check(value_parse_kernel(type, canonical, &again) == 0 && value_equal(&value, &again));
        check(value_parse(type, canonical, &again, &why) == 0 && value_equal(&value, &again));
        human = value_format_human(type, &value);
        check(human);
}

static void parse_read(const ValueType *type, const char *text) {
        char canonical[VALUE_TEXT_MAX];
        Value value, again;

        if (value_parse_kernel(type, text, &value) < 0)
                return;
        value_format(&value, canonical);
        check(value_parse_kernel(type, canonical, &again) == 0 && value_equal(&value, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const KnobContext context = {
                .kernel = KERNEL_VERSION_OF(6, 12), .page_bytes = 4096, .pmd_pages = 512};
        ValueType type;

        if (size == 0)
                return 0;
        const Knob *knob = knob_at(data[0] % knob_count());
        if (knob_value_type(knob, &context, &type) < 0)
                return 0;
        _cleanup_(freep) char *text = strndup((const char *) data + 1, size - 1);
        check(text);
        parse_written(&type, text);
        parse_read(&type, text);
        return 0;
}
