/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/profile/tuned-file.h"

#include <regex.h>
#include <sys/utsname.h>

#include "core/profile/tuned-function.h"
#include "core/profile/tuned-profile.h"

/* Variables may use each other; more is a loop. */
#define EXPANSIONS_MAX 100

typedef struct Evaluation {
        const Root *root;
        TunedUnit *variables; /* a copy of the unit with what it includes, or NULL */
        Assignments *assignments;
} Evaluation;

/* Variables */

/* One ${NAME} replaced; false when there is none that is known. */
static bool expand_once(const Evaluation *evaluation, char **text) {
        for (const char *p = *text; (p = strstr(p, "${")); p += 2) {
                size_t n = strcspn(p + 2, "}");
                _cleanup_(freep) char *name = strndup(p + 2, n);
                const char *value = name && evaluation->variables && p[2 + n]
                                            ? tuned_option_get(evaluation->variables, name)
                                            : NULL;
                if (!value)
                        continue;
                char *expanded =
                        text_format("%.*s%s%s", (int) (p - *text), *text, value, p + 2 + n + 1);
                if (!expanded)
                        return false;
                free(*text);
                *text = expanded;
                return true;
        }
        return false;
}

/* The caller frees; "${" is still in it when something could not be worked out. */
static char *expand(const Evaluation *evaluation, const char *text) {
        char *expanded = strdup(text);

        for (int i = 0; expanded && i < EXPANSIONS_MAX && expand_once(evaluation, &expanded);)
                i++;
        char *done = expanded ? tuned_function_expand(evaluation->root, expanded) : NULL;
        free(expanded);
        return done;
}

/* "include=/etc/tuned/x-variables.conf": a file that may be missing. */
static int read_variables(const Root *root, TunedUnit *variables) {
        _cleanup_(freep) char *file = NULL, *text = NULL;
        const char *include = tuned_option_get(variables, "include");

        if (!include)
                return 0;
        file = strdup(include);
        if (!file)
                return -ENOMEM;
        if (root_read(root, file + strspn(file, "/"), &text) < 0)
                return 0;
        int r = tuned_unit_read(variables, file, text);
        return r == -ENOMEM ? r : 0;
}

/* Conditions */

/* re.search() of Python, nearly: \s, \b and \w are in glibc's extended expressions too. */
static int matches(const char *expression, const char *text) {
        regex_t regex;

        if (regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
                return -EINVAL;
        int r = regexec(&regex, text, 0, NULL, 0) == 0;
        regfree(&regex);
        return r;
}

/* os.uname() of the machine; NULL for a tree, which does not say its processor. */
static char *uname_text(const Root *root) {
        struct utsname names;

        if (!root_is_live(root) || uname(&names) < 0)
                return NULL;
        return text_format("%s %s %s %s %s",
                           names.sysname,
                           names.nodename,
                           names.release,
                           names.version,
                           names.machine);
}

/* 1, 0, or -errno when it cannot be told. */
static int condition_holds(const Evaluation *evaluation, const TunedUnit *unit, const char *key) {
        _cleanup_(freep) char *expression = NULL, *text = NULL;
        const char *said = tuned_option_get(unit, key);

        if (!said)
                return 1;
        expression = expand(evaluation, said);
        if (!expression)
                return -ENOMEM;
        if (strstr(expression, "${"))
                return -EINVAL;
        if (streq(key, "uname_regex"))
                text = uname_text(evaluation->root);
        else
                (void) root_read(evaluation->root, "proc/cpuinfo", &text);
        return text ? matches(expression, text) : -ENODATA;
}

/* Whether the unit is in force here; what cannot be told is left out, and said. */
static bool unit_applies(const Evaluation *evaluation, const TunedUnit *unit) {
        static const char *const keys[] = {"uname_regex", "cpuinfo_regex"};
        const char *enabled = tuned_option_get(unit, "enabled");
        const Origin origin = {.file = unit->file, .line = unit->line};
        _cleanup_(freep) char *what = text_format("[%s]", unit->name);

        if (enabled && (streq(enabled, "0") || streq(enabled, "false") || streq(enabled, "False")))
                return false;
        for (size_t i = 0; what && i < ELEMENTSOF(keys); i++) {
                int r = condition_holds(evaluation, unit, keys[i]);
                if (r < 0)
                        assignments_leave_out(evaluation->assignments,
                                              what,
                                              origin,
                                              "its condition %s cannot be worked out here",
                                              keys[i]);
                if (r <= 0)
                        return false;
        }
        return true;
}

/* Options */

static bool is_general(const char *key) {
        static const char *const keys[] = {
                "type",
                "enabled",
                "devices",
                "devices_udev_regex",
                "uname_regex",
                "cpuinfo_regex",
                "script_pre",
                "script_post",
                "priority",
                "include",
        };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (streq(key, keys[i]))
                        return true;
        return false;
}

/* Quotes off, then ">N": only when that raises the value; "<N": only when it lowers it. */
static const char *take_modifiers(char *value, Only *ret) {
        size_t n = strlen(value);

        if (n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n - 1] == value[0]) {
                value[n - 1] = '\0';
                value++;
        }
        *ret = ONLY_NONE;
        if (value[0] != '>' && value[0] != '<')
                return value;
        *ret = value[0] == '>' ? ONLY_RAISE : ONLY_LOWER;
        return value + 1 + strspn(value + 1, " ");
}

/* The names that the plug-in "vm" has for knobs; NULL when it is none of them. */
static const char *vm_option_name(const char *key, const char *value) {
        static const char *const names[][2] = {
                {"transparent_hugepages", "transparent_hugepage.enabled"},
                {"transparent_hugepage", "transparent_hugepage.enabled"},
                {"transparent_hugepage.defrag", "transparent_hugepage.defrag"},
                {"dirty_ratio", "vm.dirty_ratio"},
                {"dirty_background_ratio", "vm.dirty_background_ratio"},
        };
        bool percent = strchr(value, '%');

        if (streq(key, "dirty_bytes"))
                return percent ? "vm.dirty_ratio" : "vm.dirty_bytes";
        if (streq(key, "dirty_background_bytes"))
                return percent ? "vm.dirty_background_ratio" : "vm.dirty_background_bytes";
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(key, names[i][0]))
                        return names[i][1];
        return NULL;
}

/* tuned does not write this one when the kernel's command line has it. */
static bool is_on_command_line(const Evaluation *evaluation, const char *name) {
        _cleanup_(freep) char *line = NULL;

        return streq(name, "transparent_hugepage.enabled") &&
               root_read(evaluation->root, "proc/cmdline", &line) >= 0 &&
               strstr(line, "transparent_hugepage=");
}

/* A 0 that the kernel refuses, since it is no size: tuned logs an error and goes on. */
static bool is_refused_zero(const char *name, const char *value) {
        static const char *const names[] = {
                "vm.dirty_bytes", "vm.dirty_background_bytes", "vm.overcommit_kbytes"};

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(name, names[i]) && streq(value, "0"))
                        return true;
        return false;
}

static void put_option(const Evaluation *evaluation,
                       const char *name,
                       const char *value,
                       Only only,
                       Origin origin) {
        _cleanup_(freep) char *what = text_format("%s = %s", name, value);
        KnobRef ref;

        if (!what)
                evaluation->assignments->failed = true;
        else if (is_on_command_line(evaluation, name))
                assignments_leave_out(evaluation->assignments,
                                      what,
                                      origin,
                                      "tuned leaves it to transparent_hugepage= on the kernel's "
                                      "command line");
        else if (is_refused_zero(name, value))
                assignments_leave_out(evaluation->assignments,
                                      what,
                                      origin,
                                      "0 is no size: the kernel refuses it");
        else if (text_starts_with(name, "transparent_hugepage.") && knob_ref_parse(name, &ref) >= 0)
                assignments_put(evaluation->assignments, ref, value, only, origin);
        else
                assignments_put_name(evaluation->assignments, name, value, only, origin);
}

static void
put(const Evaluation *evaluation, const TunedUnit *unit, const TunedOption *option, bool vm) {
        const Origin origin = {.file = option->file, .line = option->line};
        _cleanup_(freep) char *value = expand(evaluation, option->value);
        _cleanup_(freep) char *key = expand(evaluation, option->key);
        Only only = ONLY_NONE;

        if (!value || !key) {
                evaluation->assignments->failed = true;
                return;
        }
        const char *plain = take_modifiers(value, &only);
        const char *name = vm ? vm_option_name(key, plain) : key;
        if (strstr(plain, "${"))
                assignments_leave_out(evaluation->assignments,
                                      key,
                                      origin,
                                      "its value %s can be worked out by tuned only",
                                      option->value);
        else if (!name)
                assignments_leave_out(evaluation->assignments,
                                      key,
                                      origin,
                                      "memctl does not know this option of [%s]",
                                      unit->name);
        else
                put_option(evaluation, name, plain, only, origin);
}

static void evaluate_unit(const Evaluation *evaluation, const TunedUnit *unit) {
        const char *said = tuned_option_get(unit, "type");
        const char *type = said ? said : unit->name;
        const Origin origin = {.file = unit->file, .line = unit->line};
        _cleanup_(freep) char *what = text_format("[%s]", unit->name);

        if (streq(unit->name, "main") || streq(unit->name, "variables") ||
            !unit_applies(evaluation, unit))
                return;
        if (!streq(type, "vm") && !streq(type, "sysctl") && !streq(type, "sysfs")) {
                assignments_leave_out(evaluation->assignments,
                                      what ? what : unit->name,
                                      origin,
                                      streq(type, "script")
                                              ? "a script is not read: look what it sets"
                                              : "it is not about memory");
                return;
        }
        for (size_t i = 0; i < unit->n; i++)
                if (!is_general(unit->options[i].key))
                        put(evaluation, unit, &unit->options[i], streq(type, "vm"));
}

int tuned_file_load(const Root *root,
                    const char *word,
                    Assignments *assignments,
                    Problems *problems) {
        _cleanup_(tuned_profile_done) TunedProfile profile = {0};
        Evaluation evaluation = {.root = root, .assignments = assignments};

        int r = tuned_profile_load(root, word, problems, &profile);
        if (r < 0)
                return r;
        for (size_t i = 0; i < profile.n; i++)
                if (streq(profile.units[i].name, "variables"))
                        evaluation.variables = &profile.units[i];
        if (evaluation.variables)
                r = read_variables(root, evaluation.variables);
        for (size_t i = 0; r >= 0 && i < profile.n; i++)
                evaluate_unit(&evaluation, &profile.units[i]);
        return r < 0 ? r : assignments->failed ? -ENOMEM : 0;
}
