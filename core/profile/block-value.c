/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/block-value.h"

#include <ctype.h>

static const char *const drift_policy_names[_DRIFT_POLICY_MAX] = {
        [DRIFT_POLICY_NONE] = "none",
        [DRIFT_POLICY_REPORT] = "report",
        [DRIFT_POLICY_REPAIR] = "repair",
        [DRIFT_POLICY_YIELD] = "yield",
};

const char *drift_policy_to_string(DriftPolicy policy) {
        return policy >= 0 && policy < _DRIFT_POLICY_MAX ? drift_policy_names[policy] : NULL;
}

DriftPolicy drift_policy_from_string(const char *name) {
        for (int policy = DRIFT_POLICY_REPORT; policy < _DRIFT_POLICY_MAX; policy++)
                if (streq(drift_policy_names[policy], name))
                        return policy;
        return _DRIFT_POLICY_INVALID;
}

void block_value_read_drift(Reader *reader, const Node *node, DriftPolicy *ret) {
        static const char expected[] = "report, repair or yield";
        const char *text = reader_text(reader, node, expected);

        if (!text)
                return;
        DriftPolicy policy = drift_policy_from_string(text);
        if (policy < 0) {
                reader_error(reader,
                             node,
                             "report: tell; repair: write the value again; yield: let it go",
                             "drift is \"%s\"; expected %s",
                             text,
                             expected);
                return;
        }
        *ret = policy;
}

/* A value as it is read: which of its parts were said, and where. */
typedef struct ValueForm {
        const Knob *knob;
        ProfileValue value;
        const Node *said; /* "value" or "of-ram" */
        bool twice;       /* both */
} ValueForm;

/* The value as text; a problem that names what the knob takes when there is none. */
static const char *value_text(Reader *reader, const Node *node, const Knob *knob) {
        const KnobContext any = {0};
        ValueType type;
        _cleanup_(freep) char *expected =
                knob_value_type(knob, &any, &type) >= 0 ? value_type_format(&type) : NULL;

        return reader_text(reader, node, expected ? expected : "the knob's value");
}

static void form_value(Reader *reader, const Node *node, void *target) {
        ValueForm *form = target;
        const char *text = value_text(reader, node, form->knob);

        form->twice = form->twice || form->said;
        form->said = node;
        if (text)
                form->value.text = reader_copy(reader, text);
}

static void form_of_ram(Reader *reader, const Node *node, void *target) {
        ValueForm *form = target;

        form->twice = form->twice || form->said;
        form->said = node;
        (void) reader_share(reader, node, &form->value.of_ram_permyriad);
}

static void form_at_least(Reader *reader, const Node *node, void *target) {
        ValueForm *form = target;
        (void) reader_size(reader, node, &form->value.at_least_bytes);
}

static void form_at_most(Reader *reader, const Node *node, void *target) {
        ValueForm *form = target;
        (void) reader_size(reader, node, &form->value.at_most_bytes);
}

static void form_optional(Reader *reader, const Node *node, void *target) {
        ValueForm *form = target;
        (void) reader_bool(reader, node, &form->value.optional);
}

static void form_only(Reader *reader, const Node *node, void *target) {
        ValueForm *form = target;
        const char *text = reader_text(reader, node, "raise or lower");

        if (!text)
                return;
        form->value.only = only_from_string(text);
        if (form->value.only < 0)
                reader_error(reader,
                             node,
                             "raise: never lower a higher value; lower: never raise a lower one",
                             "only is \"%s\"; expected raise or lower",
                             text);
}

static void form_drift(Reader *reader, const Node *node, void *target) {
        ValueForm *form = target;
        block_value_read_drift(reader, node, &form->value.drift);
}

static void form_source(Reader *reader, const Node *node, void *target) {
        ValueForm *form = target;
        const char *text = reader_text(reader, node, "who recommends it, and where");

        form->value.source = text ? reader_copy(reader, text) : NULL;
}

static bool is_date(const char *text) {
        static const char pattern[] = "dddd-dd-dd";
        size_t n = strlen(text);

        if (n != 7 && n != 10)
                return false;
        for (size_t i = 0; i < n; i++)
                if (pattern[i] == 'd' ? !isdigit((unsigned char) text[i]) : text[i] != '-')
                        return false;
        return strncmp(text + 5, "01", 2) >= 0 && strncmp(text + 5, "12", 2) <= 0;
}

static void form_reviewed(Reader *reader, const Node *node, void *target) {
        ValueForm *form = target;
        const char *text = reader_text(reader, node, "a month like 2026-11");

        if (text && !is_date(text))
                reader_error(reader,
                             node,
                             NULL,
                             "reviewed is \"%s\"; expected a month like 2026-11, or a day",
                             text);
        else if (text)
                form->value.reviewed = reader_copy(reader, text);
}

static const Field form_fields[] = {
        {"value", form_value},
        {"optional", form_optional},
        {"of-ram", form_of_ram},
        {"at-least", form_at_least},
        {"at-most", form_at_most},
        {"only", form_only},
        {"drift", form_drift},
        {"source", form_source},
        {"reviewed", form_reviewed},
};

static void
check_of_ram(Reader *reader, const Node *node, const Knob *knob, const ValueForm *form) {
        if (knob->unit != VALUE_UNIT_BYTES && knob->unit != VALUE_UNIT_KIB)
                reader_key_error(reader,
                                 form->said,
                                 "write {value: X}",
                                 "%s is not a size; of-ram is for knobs in bytes or KiB",
                                 knob->name);
        if (form->value.at_least_bytes > 0 && form->value.at_most_bytes > 0 &&
            form->value.at_least_bytes > form->value.at_most_bytes)
                reader_key_error(
                        reader, node_find(node, "at-least"), NULL, "at-least is above at-most");
}

/* More and less are what numbers have; of a pair the one in force would have to be compared. */
static void check_only(Reader *reader, const Node *node, const Knob *knob, const ValueForm *form) {
        if (form->value.only == ONLY_NONE || (knob->kind == VALUE_INTEGER && !knob->pair))
                return;
        reader_key_error(reader,
                         node_find(node, "only"),
                         "remove it",
                         knob->pair ? "%s has a partner, so it cannot be compared with the live "
                                      "value; \"only\" is for other knobs"
                                    : "%s is no number; \"only\" is for knobs that are one",
                         knob->name);
}

/* {value: X, optional: true} or {of-ram: 1%, at-least: 64MiB, at-most: 1GiB} */
static void read_form(Reader *reader, const Node *node, const Knob *knob, ValueForm *form) {
        const Node *bound = NULL;

        bool known = reader_mapping(
                reader, node, "{value: X}", form_fields, ELEMENTSOF(form_fields), form);
        if (known)
                check_only(reader, node, knob, form);
        bound = node_find(node, "at-least");
        bound = bound ? bound : node_find(node, "at-most");
        if (form->twice)
                reader_error(reader,
                             node,
                             "keep one of the two",
                             "%s has both a value and of-ram",
                             node->key);
        else if (!form->said && known)
                reader_error(reader,
                             node,
                             "write {value: X} or {of-ram: 1%}",
                             "%s has neither a value nor of-ram",
                             node->key);
        else if (form->said && form->value.of_ram_permyriad > 0)
                check_of_ram(reader, node, knob, form);
        else if (bound && form->said && streq(form->said->key, "value"))
                reader_key_error(reader,
                                 bound,
                                 "remove it, or write of-ram in place of value",
                                 "%s bounds a share of RAM; there is none here",
                                 bound->key);
}

ProfileValue block_value_read(Reader *reader, const Node *node, const Knob *knob, Place *place) {
        ValueForm form = {.knob = knob, .said = node};

        if (node->kind == NODE_MAPPING && node->n > 0) {
                form.said = NULL;
                read_form(reader, node, knob, &form);
        } else if (node->kind == NODE_SEQUENCE && knob->kind == VALUE_VECTOR) {
                reader_error(reader,
                             node,
                             "write the numbers with blanks between them, without brackets",
                             "%s is a list; expected the knob's value",
                             node->key);
        } else {
                const char *text = value_text(reader, node, knob);
                form.value.text = text ? reader_copy(reader, text) : NULL;
        }
        if (form.said)
                *place = (Place){form.said->line, form.said->column};
        return form.value;
}

/* Whether some kernel that has the knob takes the value; *ret_why of the newest one. */
static bool is_possible(const Knob *knob, const char *text, char **ret_why) {
        KnobContext context = {0};

        for (size_t i = 0; i <= knob->n_ranges; i++) {
                _cleanup_(freep) char *why = NULL;
                ValueType type;
                Value value;
                if (i > 0) {
                        const KnobRange *range = &knob->ranges[i - 1];
                        context.kernel = MAX_OF(range->since, knob->since);
                        if (context.kernel == 0)
                                context.kernel = range->until > 0 ? range->until - 1 : 0;
                }
                if (knob_value_type(knob, &context, &type) < 0)
                        continue;
                if (value_parse(&type, text, &value, &why) >= 0)
                        return true;
                if (!*ret_why)
                        *ret_why = TAKE_PTR(why);
        }
        return !*ret_why;
}

/*
 * What no kernel takes is said here, beside the other mistakes of the file; what this machine does
 * not take, when the profile is resolved. So is 0 for a size whose ratio is meant: it has its own
 * reason.
 */
void block_value_check(Reader *reader, const ProfileSetting *setting, const char *name) {
        const Knob *knob = setting->ref.knob;
        const char *text = setting->value.text;
        _cleanup_(freep) char *why = NULL;
        Location where = {
                .file = reader->document->file,
                .line = setting->value_line,
                .column = setting->value_column,
                .text = reader->document->text,
        };

        if (!text || (knob->pair && !knob_is_ratio(knob) && text[strspn(text, "0")] == '\0') ||
            is_possible(knob, text, &why))
                return;
        (void) problem_add(reader->problems, PROBLEM_ERROR, &where, NULL, "%s %s", name, why);
}

void block_value_done(ProfileValue *value) {
        free(value->text);
        free(value->source);
        free(value->reviewed);
        *value = (ProfileValue){0};
}

static const char *const only_names[_ONLY_MAX] = {
        [ONLY_NONE] = "none",
        [ONLY_RAISE] = "raise",
        [ONLY_LOWER] = "lower",
};

const char *only_to_string(Only only) {
        return only >= 0 && only < _ONLY_MAX ? only_names[only] : NULL;
}

Only only_from_string(const char *name) {
        for (int only = ONLY_RAISE; only < _ONLY_MAX; only++)
                if (streq(only_names[only], name))
                        return only;
        return _ONLY_INVALID;
}
