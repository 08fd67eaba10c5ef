/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/setting.h"

#include "core/base/quantity.h"

void setting_done(Setting *setting) {
        free(setting->origin);
        free(setting->source);
        free(setting->reviewed);
}

void skipped_done(Skipped *skipped) {
        free(skipped->origin);
        free(skipped->reason);
}

Location setting_source_location(const SettingSource *source) {
        return (Location){.file = source->profile->file,
                          .line = source->said->value_line,
                          .column = source->said->value_column,
                          .text = source->profile->text};
}

char *setting_source_origin(const SettingSource *source) {
        return text_format("%s:%u", source->profile->file, source->said->line);
}

static void tell(const SettingContext *context,
                 const SettingSource *source,
                 const char *hint,
                 const char *why) {
        Location where = setting_source_location(source);
        char name[KNOB_NAME_MAX];

        knob_ref_name(source->said->ref, name);
        (void) problem_add(context->problems,
                           PROBLEM_ERROR,
                           &where,
                           hint,
                           "%s %s",
                           name,
                           why ? why : "cannot have this value");
}

/* Writing 0 to vm.dirty_bytes is refused; to the other two it silently wipes the ratio. */
static bool
refuse_zero(const SettingContext *context, const SettingSource *source, const ValueType *type) {
        const Knob *knob = source->said->ref.knob;
        ValueType from_zero = *type;
        Value value;

        if (!knob->pair || knob_is_ratio(knob) || !source->said->value.text)
                return false;
        from_zero.min = INTEGER_OF(0);
        _cleanup_(freep) char *why = NULL;
        if (value_parse(&from_zero, source->said->value.text, &value, &why) < 0 ||
            !value_is_zero(&value))
                return false;
        _cleanup_(freep) char *hint = text_format("set %s instead", knob->pair);
        tell(context,
             source,
             hint,
             "is 0, which does not hand over to the ratio: the kernel refuses it, or forgets the "
             "ratio as well");
        return true;
}

/* The share of RAM in the knob's unit, whole pages, within the bounds that were asked. */
static uint64_t
of_ram(const Facts *facts, const Knob *knob, const ProfileValue *said, bool *ret_raised) {
        uint64_t page = facts->context.page_bytes > 0 ? facts->context.page_bytes : 4096;
        uint64_t share = said->of_ram_permyriad;
        uint64_t bytes =
                facts->ram_bytes / 10000 * share + facts->ram_bytes % 10000 * share / 10000;

        bytes -= bytes % page;
        if (said->at_most_bytes > 0)
                bytes = MIN_OF(bytes, said->at_most_bytes);
        *ret_raised = bytes < said->at_least_bytes;
        bytes = MAX_OF(bytes, said->at_least_bytes);
        return knob->unit == VALUE_UNIT_KIB ? bytes / 1024 : bytes;
}

static int value_of_ram(const Facts *facts,
                        const Knob *knob,
                        const ValueType *type,
                        const ProfileValue *said,
                        Value *ret,
                        char **ret_why) {
        _cleanup_(freep) char *why = NULL;
        char share[16], ram[32], least[32];
        bool raised = false;

        uint64_t number = of_ram(facts, knob, said, &raised);
        int r = value_from_uint64(type, number, ret, &why);
        if (r >= 0)
                return r;
        format_share(said->of_ram_permyriad, share);
        format_size(facts->ram_bytes, ram);
        format_size(said->at_least_bytes, least);
        *ret_why = text_format("%s (%s of this machine's %s%s%s)",
                               why ? why : "does not fit",
                               share,
                               ram,
                               raised ? ", but at least " : "",
                               raised ? least : "");
        return r;
}

/* Of a machine that is not at hand, whose nodes are those of this one unless it was said how many
 * there are. */
static bool lacks_node(const SettingContext *context, unsigned node) {
        char path[KNOB_PATH_MAX];

        (void) snprintf(path, sizeof(path), "sys/devices/system/node/node%u", node);
        return node >= context->facts->n_nodes &&
               (context->facts->assumed & FACT_NODES || !root_exists(context->root, path));
}

/* Why this machine has no such knob; NULL when it has. */
static char *why_absent(const SettingContext *context, KnobRef ref, bool known_version) {
        const Knob *knob = ref.knob;
        const char *release = context->facts->release;
        unsigned kernel = context->facts->context.kernel;
        char path[KNOB_PATH_MAX];

        if (!known_version && knob->since > kernel)
                return text_format("this kernel (%s) is too old for it: it came with %u.%u",
                                   release,
                                   KERNEL_VERSION_MAJOR(knob->since),
                                   KERNEL_VERSION_MINOR(knob->since));
        if (!known_version && knob->until > 0 && knob->until <= kernel)
                return text_format("this kernel (%s) no longer has it: it went with %u.%u",
                                   release,
                                   KERNEL_VERSION_MAJOR(knob->until),
                                   KERNEL_VERSION_MINOR(knob->until));
        if (context->facts->assumed && knob_has_node(knob) && lacks_node(context, ref.node))
                return text_format("a machine with %u NUMA node%s has no node %u",
                                   context->facts->n_nodes,
                                   context->facts->n_nodes == 1 ? "" : "s",
                                   ref.node);
        knob_ref_path(ref, path);
        if (known_version && (context->facts->assumed || root_exists(context->root, path)))
                return NULL;
        if (knob_has_node(ref.knob))
                return text_format("this machine (kernel %s) has no such file for node %u and "
                                   "pages of %u kB",
                                   release,
                                   ref.node,
                                   ref.instance_kb);
        if (ref.instance_kb > 0)
                return text_format("this machine (kernel %s) has no such file for %s of %u kB",
                                   release,
                                   ref.knob->section == KNOB_SECTION_THP ? "folios" : "pages",
                                   ref.instance_kb);
        return text_format("this kernel (%s) has no such knob%s%s",
                           release,
                           knob->config ? ": it is built without " : "",
                           knob->config ? knob->config : "");
}

static int skip(const SettingSource *source, char *reason, Skipped *ret) {
        _cleanup_(freep) char *origin = setting_source_origin(source);
        _cleanup_(freep) char *why = reason;

        if (!origin || !why)
                return -ENOMEM;
        *ret = (Skipped){
                .ref = source->said->ref, .origin = TAKE_PTR(origin), .reason = TAKE_PTR(why)};
        return 0;
}

static int
refuse_absent(const SettingContext *context, const SettingSource *source, const char *reason) {
        Location where = setting_source_location(source);
        char name[KNOB_NAME_MAX];

        where.line = source->said->line;
        where.column = source->said->column;
        knob_ref_name(source->said->ref, name);
        return problem_add(context->problems,
                           PROBLEM_ERROR,
                           &where,
                           "add \"optional: true\" to its value, {value: X, optional: true}, to go "
                           "without it",
                           "%s cannot be set: %s",
                           name,
                           reason);
}

/* Where the value comes from: the line, and what it says of its own source. */
static int copy_provenance(const SettingSource *source, Setting *setting) {
        const ProfileValue *said = &source->said->value;

        setting->origin = setting_source_origin(source);
        setting->source = said->source ? strdup(said->source) : NULL;
        setting->reviewed = said->reviewed ? strdup(said->reviewed) : NULL;
        if (!setting->origin || (said->source && !setting->source) ||
            (said->reviewed && !setting->reviewed))
                return -ENOMEM;
        return 0;
}

int setting_resolve(const SettingContext *context,
                    const SettingSource *source,
                    Setting *ret,
                    Skipped *ret_skipped) {
        const ProfileSetting *said = source->said;
        Setting setting = {.ref = said->ref,
                           .place = {.line = said->line, .column = said->column},
                           .optional = said->value.optional,
                           .only = said->value.only,
                           .drift = said->value.drift};
        _cleanup_(freep) char *why = NULL, *absent = NULL;

        int r = knob_value_type(said->ref.knob, &context->facts->context, &setting.type);
        absent = why_absent(context, said->ref, r >= 0);
        if (absent) {
                /* A mistake in it is one on every machine. */
                setting_check(context, source, false);
                if (said->value.optional || !context->applicable)
                        return skip(source, TAKE_PTR(absent), ret_skipped);
                return refuse_absent(context, source, absent);
        }
        if (r < 0)
                return r;
        if (refuse_zero(context, source, &setting.type))
                return -EINVAL;
        if (said->value.text)
                r = value_parse(&setting.type, said->value.text, &setting.value, &why);
        else
                r = value_of_ram(context->facts,
                                 said->ref.knob,
                                 &setting.type,
                                 &said->value,
                                 &setting.value,
                                 &why);
        if (r == -ERANGE && !context->applicable)
                return skip(source, TAKE_PTR(why), ret_skipped);
        if (r < 0) {
                tell(context, source, NULL, why);
                return -EINVAL;
        }
        r = copy_provenance(source, &setting);
        if (r < 0) {
                setting_done(&setting);
                return r;
        }
        *ret = setting;
        return 1;
}

void setting_check(const SettingContext *context, const SettingSource *source, bool in_range) {
        KnobContext any = context->facts->context;
        _cleanup_(freep) char *why = NULL;
        ValueType type;
        Value value;

        if (!source->said->value.text)
                return;
        if (knob_value_type(source->said->ref.knob, &any, &type) < 0) {
                any.kernel = 0;
                in_range = false;
                if (knob_value_type(source->said->ref.knob, &any, &type) < 0)
                        return;
        }
        if (refuse_zero(context, source, &type))
                return;
        int r = value_parse(&type, source->said->value.text, &value, &why);
        if (r == -EINVAL || (r < 0 && in_range))
                tell(context, source, NULL, why);
}
