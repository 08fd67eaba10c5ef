/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/block.h"

#include "core/profile/block-value.h"

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
        if (!knob_ref_equal(rival->ref, ref))
                problem_set_id(reader->problems, "pair-twice");
        return false;
}

static bool check_settable(Reader *reader, const Node *node, const Knob *knob, const char *name) {
        if (!knob_is_settable(knob)) {
                reader_key_error(reader,
                                 node,
                                 NULL,
                                 "%s cannot be set by a profile: %s",
                                 name,
                                 knob->refusal);
                if (knob->flags & KNOB_TRIGGER)
                        problem_set_id(reader->problems, "trigger-as-setting");
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

/* Takes a knob that is known into the block. */
static void add_setting(Reader *reader, const Node *node, KnobRef ref, ProfileSettings *settings) {
        ProfileSetting setting = {.ref = ref, .line = node->key_line, .column = node->key_column};
        char name[KNOB_NAME_MAX];
        Place place = {node->line, node->column};

        knob_ref_name(ref, name);
        if (node->refused || !check_settable(reader, node, ref.knob, name) ||
            !check_rival(reader, node, settings, ref, name))
                return;
        setting.value = block_value_read(reader, node, ref.knob, &place);
        setting.value_line = place.line;
        setting.value_column = place.column;
        block_value_check(reader, &setting, name);
        if (array_grow(&settings->items, settings->n, sizeof(ProfileSetting)) < 0) {
                block_value_done(&setting.value);
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
        const char *dot = strchr(node->key, '.');
        for (KnobSection section = 0; dot && section < _KNOB_SECTION_MAX; section++) {
                const char *block = knob_section_to_string(section);
                size_t n = (size_t) (dot - node->key);
                if (strlen(block) != n || strncmp(node->key, block, n) != 0)
                        continue;
                _cleanup_(freep) char *hint = text_format("move it to the block \"%s:\"", block);
                reader_key_error(reader, node, hint, "\"%s\" is no sysctl", node->key);
                return;
        }
        reader_key_error(reader,
                         node,
                         "set it in sysctl.d",
                         "\"%s\" is out of scope: of the sysctls, a profile sets vm.*",
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

static void block_read_sysctl(Reader *reader, const Node *node, ProfileSettings *settings) {
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

static void refuse_unknown(Reader *reader, const Node *node, const char *name, bool bad_number) {
        static const char *const groups[] = {
                "khugepaged", "hugepages-64kB", "hugepages-2048kB", "node0"};
        Nearest nearest = NEAREST_INIT(node->key);

        if (bad_number) {
                reader_key_error(reader,
                                 node,
                                 "page sizes are powers of two, like hugepages-64kB",
                                 "\"%s\" names no page size or node",
                                 name);
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                nearest_offer(&nearest, groups[i]);
        _cleanup_(freep) char *hint =
                node->kind == NODE_MAPPING ? nearest_hint(&nearest) : knob_hint(name);
        reader_key_error(reader, node, hint, "unknown knob \"%s\"", name);
}

/* What could stand in a block of that name: "transparent_hugepage", "hugepages.node0". */
static const char *block_example(const char *name) {
        static const struct {
                const char *end, *example;
        } examples[] = {
                {"khugepaged", "{defrag: 1}"},
                {"ksm", "{run: 1}"},
                {"lru_gen", "{min_ttl_ms: 1000}"},
                {"zswap", "{enabled: true}"},
                {"hugepages", "{hugepages-2048kB: {nr_hugepages: 512}}"},
        };

        for (size_t i = 0; i < ELEMENTSOF(examples); i++) {
                size_t n = strlen(name), n_end = strlen(examples[i].end);
                if (n >= n_end && streq(name + n - n_end, examples[i].end))
                        return examples[i].example;
        }
        if (text_starts_with(name, "hugepages."))
                return strstr(name, "kB") ? "{nr_hugepages: 512}"
                                          : "{hugepages-2048kB: {nr_hugepages: 512}}";
        return "{enabled: madvise}";
}

/* A block mirrors its folder in sysfs: a group of knobs is a block in it. */
static void
read_folder(Reader *reader, const Node *node, const char *prefix, ProfileSettings *settings) {
        if (!reader_open_mapping(reader, node, block_example(prefix)))
                return;
        for (size_t i = 0; i < node->n; i++) {
                const Node *child = node->children[i];
                char name[4 * DOCUMENT_KEY_MAX];
                KnobRef ref = {0};

                (void) snprintf(name, sizeof(name), "%s.%s", prefix, child->key);
                int r = knob_ref_parse(name, &ref);
                if (r == 0)
                        add_setting(reader, child, ref, settings);
                else if (r == -ENOENT && is_group(name))
                        read_folder(reader, child, name, settings);
                else
                        refuse_unknown(reader, child, name, r != -ENOENT);
        }
}

void block_read(Reader *reader, const Node *node, ProfileSettings *settings) {
        if (streq(node->key, "sysctl"))
                block_read_sysctl(reader, node, settings);
        else
                read_folder(reader, node, node->key, settings);
}

void profile_settings_done(ProfileSettings *settings) {
        for (size_t i = 0; i < settings->n; i++)
                block_value_done(&settings->items[i].value);
        free(settings->items);
        *settings = (ProfileSettings){0};
}
