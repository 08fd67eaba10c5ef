/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/explain.h"
#include "cli/machine.h"
#include "cli/memctl.h"
#include "cli/table.h"
#include "core/machine/live.h"

#define PROFILES_FOLDER "/memctl/profiles/"

/* How a profile stands on this machine. */
typedef struct Standing {
        const char *state; /* as on the bus: "ok", "not-applicable", "invalid" */
        Style style;
        char *summary; /* NULL when its file cannot be read */
        char *why;     /* not applicable: what is missing */
        size_t n_errors;
} Standing;

static void standing_done(Standing *standing) {
        free(standing->summary);
        free(standing->why);
}

static Standing profile_standing(const Machine *machine, const char *name) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;
        _cleanup_(settings_freep) Settings *settings = NULL;

        int r = resolve_name(machine->root, name, STORE_ANY, &machine->facts, &problems, &settings);
        if (r < 0)
                return (Standing){
                        .state = "invalid", .style = STYLE_BAD, .n_errors = problems.n_errors};
        Standing standing = {
                .state = settings->applicable ? "ok" : "not-applicable",
                .style = settings->applicable ? STYLE_GOOD : STYLE_DIM,
        };
        standing.summary = TAKE_PTR(settings->summary);
        standing.why = TAKE_PTR(settings->why_not);
        return standing;
}

/* "/etc" of "/etc/memctl/profiles/redis.yaml": the part in which the folders differ. */
static int folder_width(const char *path) {
        const char *common = strstr(path, PROFILES_FOLDER);
        return common ? (int) (common - path) : (int) strlen(path);
}

/* "/etc", or "/etc, masks /usr/share" */
static char *entry_folders(const StoreEntry *entry) {
        if (entry->n_masked == 0)
                return text_format("/%.*s", folder_width(entry->path), entry->path);
        return text_format("/%.*s, masks /%.*s%s",
                           folder_width(entry->path),
                           entry->path,
                           folder_width(entry->masked[0]),
                           entry->masked[0],
                           entry->n_masked > 1 ? " and more" : "");
}

static json_object *path_json(const Machine *machine, const char *path) {
        _cleanup_(freep) char *full = text_format("%s/%s", root_prefix(machine->root), path);
        return json_text(full);
}

static json_object *
profile_json(const Machine *machine, const StoreEntry *entry, const Standing *standing) {
        json_object *object = json_object_new_object();
        json_object *masks = json_object_new_array();

        for (size_t i = 0; i < entry->n_masked; i++)
                json_object_array_add(masks, path_json(machine, entry->masked[i]));
        json_add_text(object, "name", entry->name);
        json_add_text(object, "state", standing->state);
        json_add_text(object, "why-not", standing->why);
        json_add_text(object, "summary", standing->summary);
        json_add(object, "file", path_json(machine, entry->path));
        json_add(object, "masks", masks);
        return object;
}

static void profile_row(Table *table, const StoreEntry *entry, const Standing *standing) {
        _cleanup_(freep) char *folders = entry_folders(entry);

        table_add_text(table, STYLE_BOLD, entry->name);
        table_add_text(table,
                       standing->style,
                       streq(standing->state, "not-applicable") ? "not applicable"
                                                                : standing->state);
        table_add_text(table, STYLE_PLAIN, folders);
        if (standing->summary)
                table_add_text(table, STYLE_PLAIN, standing->summary);
        else
                table_add(table,
                          STYLE_BAD,
                          "%zu problem%s: memctl validate %s",
                          standing->n_errors,
                          standing->n_errors == 1 ? "" : "s",
                          entry->name);
}

static ExitCode list_profiles(const Machine *machine) {
        static const char *const headings[] = {"PROFILE", "STATE", "FROM", "SUMMARY", NULL};
        _cleanup_(store_list_done) StoreList list = {0};
        _cleanup_(table_done) Table table = {0};
        json_object *array = print_is_json() ? json_object_new_array() : NULL;

        table_init(&table, headings);
        int r = store_list(machine->root, &list);
        if (r < 0)
                return print_errno(r, "cannot list the profiles");
        for (size_t i = 0; i < list.n; i++) {
                _cleanup_(standing_done) Standing standing =
                        profile_standing(machine, list.items[i].name);
                if (array)
                        json_object_array_add(array,
                                              profile_json(machine, &list.items[i], &standing));
                else
                        profile_row(&table, &list.items[i], &standing);
        }
        if (array)
                return print_json(array);
        if (list.n == 0) {
                print_note("no profiles; they lie in /etc/memctl/profiles and "
                           "/usr/share/memctl/profiles");
                return EXIT_CODE_DONE;
        }
        return table_print(&table);
}

static json_object *knob_json(KnobRef ref, const char *name, const char *live) {
        json_object *object = json_object_new_object();

        json_add_text(object, "knob", name);
        json_add_bool(object, "available", live != NULL);
        json_add_text(object, "live", live);
        json_add_text(object, "section", knob_section_to_string(ref.knob->section));
        json_add_text(object, "summary", ref.knob->summary);
        return object;
}

/* One line; live NULL where it cannot be read. */
static void add_knob(const Machine *machine, KnobRef ref, Table *table, json_object *array) {
        char name[KNOB_NAME_MAX], text[VALUE_TEXT_MAX];
        Value value;

        knob_ref_name(ref, name);
        bool available = live_read(machine->root, ref, &value) >= 0;
        if (!available && !arg_all)
                return;
        if (available)
                value_format(&value, text);
        if (array) {
                json_object_array_add(array, knob_json(ref, name, available ? text : NULL));
                return;
        }
        _cleanup_(freep) char *human =
                available ? knob_value_brief(ref.knob, &machine->facts.context, &value) : NULL;
        table_add_text(table, available ? STYLE_PLAIN : STYLE_DIM, name);
        table_add_text(table, available ? STYLE_BOLD : STYLE_DIM, human ? human : "-");
        table_add_text(table, available ? STYLE_PLAIN : STYLE_DIM, ref.knob->summary);
}

static void add_family(const Machine *machine, const Knob *knob, Table *table, json_object *array) {
        _cleanup_(freep) KnobRef *refs = NULL;
        size_t n = 0;

        if (!knob_is_family(knob)) {
                add_knob(machine, (KnobRef){.knob = knob}, table, array);
                return;
        }
        if (live_refs(machine->root, knob, &refs, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                add_knob(machine, refs[i], table, array);
}

static ExitCode list_knobs(const Machine *machine) {
        static const char *const headings[] = {"KNOB", "LIVE", "SUMMARY", NULL};
        _cleanup_(table_done) Table table = {0};
        json_object *array = print_is_json() ? json_object_new_array() : NULL;

        table_init(&table, headings);
        table.drop_last = true;
        for (size_t i = 0; i < knob_count(); i++)
                if (knob_is_settable(knob_at(i)) || arg_all)
                        add_family(machine, knob_at(i), &table, array);
        return array ? print_json(array) : table_print(&table);
}

ExitCode verb_list(size_t n, char **arguments) {
        _cleanup_(machine_done) Machine machine = {0};
        const char *what = n > 0 ? arguments[0] : "profiles";

        if (streq(what, "guide"))
                return explain_chapters();
        if (!streq(what, "profiles") && !streq(what, "knobs")) {
                print_error("list shows profiles, knobs or the guide, not \"%s\"", what);
                return EXIT_CODE_USAGE;
        }
        if (machine_open(&machine) < 0)
                return EXIT_CODE_FAILED;
        return streq(what, "knobs") ? list_knobs(&machine) : list_profiles(&machine);
}
