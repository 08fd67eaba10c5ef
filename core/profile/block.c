/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/block.h"

#include "core/base/quantity.h"

#define THP_PREFIX "transparent_hugepage"

/* A value as it is read: which of its parts were said, and where. */
typedef struct ValueForm {
        ProfileValue value;
        const Node *said; /* "value" or "of-ram" */
        bool twice;       /* both */
} ValueForm;

static void form_value(Reader *reader, const Node *node, void *target) {
        ValueForm *form = target;
        const char *text = reader_text(reader, node, "the knob's value");

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

static const Field form_fields[] = {
        {"value", form_value},
        {"optional", form_optional},
        {"of-ram", form_of_ram},
        {"at-least", form_at_least},
        {"at-most", form_at_most},
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

/* {value: X, optional: true} or {of-ram: 1%, at-least: 64MiB, at-most: 1GiB} */
static void read_form(Reader *reader, const Node *node, const Knob *knob, ValueForm *form) {
        const Node *bound = NULL;

        bool known = reader_mapping(
                reader, node, "{value: X}", form_fields, ELEMENTSOF(form_fields), form);
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

static ProfileValue read_value(Reader *reader, const Node *node, const Knob *knob, Place *place) {
        ValueForm form = {.said = node};

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
                const char *text = reader_text(reader, node, "the knob's value");
                form.value.text = text ? reader_copy(reader, text) : NULL;
        }
        if (form.said)
                *place = (Place){form.said->line, form.said->column};
        return form.value;
}

/* The setting of the block that is the same knob, or its partner; NULL when there is none. */
static const ProfileSetting *find_rival(const ProfileSettings *settings, KnobRef ref) {
        KnobRef partner = {0};
        bool paired = knob_ref_partner(ref, &partner);

        for (size_t i = 0; i < settings->n; i++)
                if (knob_ref_equal(settings->items[i].ref, ref) ||
                    (paired && knob_ref_equal(settings->items[i].ref, partner)))
                        return &settings->items[i];
        return NULL;
}

static bool check_rival(Reader *reader,
                        const Node *node,
                        const ProfileSettings *settings,
                        KnobRef ref,
                        const char *name) {
        const ProfileSetting *rival = find_rival(settings, ref);
        char other[KNOB_NAME_MAX];

        if (!rival)
                return true;
        knob_ref_name(rival->ref, other);
        if (knob_ref_equal(rival->ref, ref))
                reader_key_error(reader,
                                 node,
                                 "remove one of the two",
                                 "%s is set twice; first in line %u",
                                 name,
                                 rival->line);
        else
                reader_key_error(reader,
                                 node,
                                 "keep one of the two",
                                 "%s and %s (line %u) are one setting in two units: the kernel "
                                 "forgets the one that is written first",
                                 name,
                                 other,
                                 rival->line);
        return false;
}

static bool check_settable(Reader *reader, const Node *node, const Knob *knob, const char *name) {
        if (knob->flags & KNOB_TRIGGER) {
                reader_key_error(reader,
                                 node,
                                 NULL,
                                 "%s cannot be set by a profile: %s",
                                 name,
                                 knob->refusal);
                return false;
        }
        if (knob->flags & KNOB_DEPRECATED) {
                Location where = node_key_location(reader->document, node);
                (void) problem_add(reader->problems,
                                   PROBLEM_WARNING,
                                   &where,
                                   "remove it",
                                   "%s has no effect: the kernel accepts it for old scripts only",
                                   name);
        }
        return true;
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
static void check_value(Reader *reader, const ProfileSetting *setting, const char *name) {
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

/* Takes a knob that is known into the block. */
static void add_setting(Reader *reader, const Node *node, KnobRef ref, ProfileSettings *settings) {
        ProfileSetting setting = {.ref = ref, .line = node->key_line, .column = node->key_column};
        char name[KNOB_NAME_MAX];
        Place place = {node->line, node->column};

        knob_ref_name(ref, name);
        if (node->refused || !check_settable(reader, node, ref.knob, name) ||
            !check_rival(reader, node, settings, ref, name))
                return;
        setting.value = read_value(reader, node, ref.knob, &place);
        setting.value_line = place.line;
        setting.value_column = place.column;
        check_value(reader, &setting, name);
        if (array_grow(&settings->items, settings->n, sizeof(ProfileSetting)) < 0) {
                free(setting.value.text);
                reader->out_of_memory = true;
                return;
        }
        settings->items[settings->n++] = setting;
}

/* A name without its "vm.", or one that is not memctl's business. */
static void refuse_foreign_sysctl(Reader *reader, const Node *node) {
        char name[KNOB_NAME_MAX];
        KnobRef ref;

        (void) snprintf(name, sizeof(name), "vm.%.*s", KNOB_NAME_MAX - 4, node->key);
        if (knob_ref_parse(name, &ref) == 0) {
                _cleanup_(freep) char *hint = text_format("write %s", name);
                reader_key_error(reader, node, hint, "unknown knob \"%s\"", node->key);
                return;
        }
        if (text_starts_with(node->key, THP_PREFIX ".")) {
                reader_key_error(reader,
                                 node,
                                 "move it to the block \"transparent_hugepage:\"",
                                 "\"%s\" is no sysctl",
                                 node->key);
                return;
        }
        reader_key_error(reader,
                         node,
                         "set it in sysctl.d",
                         "\"%s\" is out of scope: a profile sets vm.* and transparent_hugepage",
                         node->key);
}

static void read_sysctl(Reader *reader, const Node *node, ProfileSettings *settings) {
        KnobRef ref = {0};

        if (strchr(node->key, '/')) {
                reader_key_error(reader,
                                 node,
                                 "write it with dots, as sysctl(8) prints it: vm.swappiness",
                                 "\"%s\" is written as a path",
                                 node->key);
                return;
        }
        if (!text_starts_with(node->key, "vm.")) {
                refuse_foreign_sysctl(reader, node);
                return;
        }
        if (knob_ref_parse(node->key, &ref) < 0) {
                _cleanup_(freep) char *hint = knob_hint(node->key);
                reader_key_error(reader, node, hint, "unknown knob \"%s\"", node->key);
                return;
        }
        add_setting(reader, node, ref, settings);
}

void block_read_sysctl(Reader *reader, const Node *node, ProfileSettings *settings) {
        if (!reader_open_mapping(reader, node, "{vm.swappiness: 10}"))
                return;
        for (size_t i = 0; i < node->n; i++)
                read_sysctl(reader, node->children[i], settings);
}

/* True when knobs lie below that name: "transparent_hugepage.hugepages-64kB" of
 * "transparent_hugepage.hugepages-*kB.enabled". */
static bool is_group_of(const char *group, const char *knob) {
        for (; *group; knob++) {
                if (*knob == '*') {
                        group += strspn(group, "0123456789");
                        continue;
                }
                if (*group++ != *knob)
                        return false;
        }
        return *knob == '.';
}

static bool is_group(const char *name) {
        for (size_t i = 0; i < knob_count(); i++)
                if (is_group_of(name, knob_at(i)->name))
                        return true;
        return false;
}

static void refuse_thp(Reader *reader, const Node *node, const char *name, bool bad_size) {
        Nearest nearest = NEAREST_INIT(node->key);

        if (bad_size) {
                reader_key_error(reader,
                                 node,
                                 "folio sizes are powers of two, like hugepages-64kB",
                                 "\"%s\" names no folio size",
                                 name);
                return;
        }
        nearest_offer(&nearest, "khugepaged");
        nearest_offer(&nearest, "hugepages-64kB");
        _cleanup_(freep) char *hint =
                node->kind == NODE_MAPPING ? nearest_hint(&nearest) : knob_hint(name);
        reader_key_error(reader, node, hint, "unknown knob \"%s\"", name);
}

static void
read_thp_group(Reader *reader, const Node *node, const char *prefix, ProfileSettings *settings) {
        for (size_t i = 0; i < node->n; i++) {
                const Node *child = node->children[i];
                char name[sizeof(THP_PREFIX) + 2 * DOCUMENT_KEY_MAX + 3];
                KnobRef ref = {0};

                (void) snprintf(name, sizeof(name), "%s.%s", prefix, child->key);
                int r = knob_ref_parse(name, &ref);
                if (r == 0 && (ref.instance_kb > 0 || !strchr(ref.knob->name, '*')))
                        add_setting(reader, child, ref, settings);
                else if (r == -ENOENT && is_group(name)) {
                        const char *example = streq(child->key, "khugepaged")
                                                      ? "{defrag: 1}"
                                                      : "{enabled: madvise}";
                        if (reader_open_mapping(reader, child, example))
                                read_thp_group(reader, child, name, settings);
                } else
                        refuse_thp(reader, child, name, r != -ENOENT);
        }
}

void block_read_thp(Reader *reader, const Node *node, ProfileSettings *settings) {
        if (reader_open_mapping(reader, node, "{enabled: madvise}"))
                read_thp_group(reader, node, THP_PREFIX, settings);
}

void profile_settings_done(ProfileSettings *settings) {
        for (size_t i = 0; i < settings->n; i++)
                free(settings->items[i].value.text);
        free(settings->items);
        *settings = (ProfileSettings){0};
}
