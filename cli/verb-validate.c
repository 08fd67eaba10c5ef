/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/machine.h"
#include "cli/memctl.h"
#include "cli/validate-rules.h"
#include "core/profile/lint.h"
#include "core/profile/plan.h"

/* What came out for one profile. */
typedef struct Finding {
        Problems problems;
        Settings *settings; /* NULL when it is invalid */
        bool valid;
        bool compared;
        size_t n_changes; /* of --check */
} Finding;

static void finding_done(Finding *finding) {
        problems_done(&finding->problems);
        finding->settings = settings_free(finding->settings);
}

/* Names hold neither a slash nor this ending. */
static bool is_file(const char *word) {
        size_t n = strlen(word);
        return strchr(word, '/') || (n > 5 && streq(word + n - 5, ".yaml"));
}

static int load_word(const Machine *machine, const char *word, Problems *problems, Profile **ret) {
        if (is_file(word))
                return store_load_file(word, problems, ret);
        return store_load(machine->root, word, STORE_ANY, problems, ret);
}

static int resolve_word(const Machine *machine, const char *word, Finding *finding) {
        _cleanup_(profile_freep) Profile *profile = NULL;

        int r = load_word(machine, word, &finding->problems, &profile);
        if (r >= 0)
                r = resolve_profile(machine->root,
                                    profile,
                                    STORE_ANY,
                                    &machine->facts,
                                    &finding->problems,
                                    &finding->settings);
        /* Where it is not applicable it does no harm. */
        if (r < 0 || !finding->settings->applicable)
                return r;
        const LintContext context = {
                .root = machine->root,
                .trust = STORE_ANY,
                .facts = &machine->facts,
                .profile = profile,
                .settings = finding->settings,
                .strict = arg_strict,
        };
        return lint_check(&context, &finding->problems);
}

/* How many knobs differ; what a profile that is not applicable wants does not matter here. */
static int compare(const Machine *machine, Finding *finding) {
        _cleanup_(plan_freep) Plan *plan = NULL;

        if (!finding->settings->applicable)
                return 0;
        int r = plan_new(machine->root, finding->settings, NULL, 0, &finding->problems, &plan);
        if (r < 0)
                return r;
        for (size_t i = 0; i < plan->n; i++)
                finding->n_changes += plan->steps[i].kind == STEP_SET;
        finding->compared = true;
        return 0;
}

static json_object *problem_json(const Problem *problem) {
        json_object *object = json_object_new_object();

        json_add_text(object, "id", problem->id);
        json_add_text(object, "severity", problem_severity_to_string(problem->severity));
        json_add_text(object, "file", problem->file);
        json_add_number(object, "line", problem->line);
        json_add_number(object, "column", problem->column);
        json_add_text(object, "message", problem->message);
        json_add_text(object, "hint", problem->hint);
        json_add_text(object, "quote", problem->quote);
        return object;
}

static json_object *finding_json(const char *word, const Finding *finding) {
        json_object *object = json_object_new_object();
        json_object *problems = json_object_new_array();
        const Settings *settings = finding->settings;

        for (size_t i = 0; i < finding->problems.n; i++)
                json_object_array_add(problems, problem_json(&finding->problems.items[i]));
        json_add_text(object, "profile", word);
        json_add_bool(object, "valid", finding->valid);
        json_add(object,
                 "applicable",
                 settings ? json_object_new_boolean(settings->applicable) : NULL);
        json_add(object,
                 "differs",
                 finding->compared ? json_object_new_uint64(finding->n_changes) : NULL);
        json_add(object, "problems", problems);
        return object;
}

static void print_finding(const char *word, const Finding *finding) {
        print_problems(&finding->problems);
        if (arg_quiet || !finding->valid)
                return;
        (void) printf("%s: ", word);
        print_styled(STYLE_GOOD, "good");
        if (!finding->settings->applicable)
                (void) printf(", not applicable here: %s",
                              finding->settings->why_not ? finding->settings->why_not : "");
        else if (finding->n_changes > 0)
                (void) printf(", %zu of %zu knobs differ: memctl diff %s",
                              finding->n_changes,
                              finding->settings->n,
                              finding->settings->profile);
        else if (finding->compared)
                (void) printf(", as this machine is");
        (void) putchar('\n');
}

static ExitCode validate_word(const Machine *machine, const char *word, json_object *array) {
        _cleanup_(finding_done) Finding finding = {0};

        int r = resolve_word(machine, word, &finding);
        if (r >= 0 && arg_check)
                r = compare(machine, &finding);
        /* Warnings are mistakes to those who asked for strictness. */
        if (r >= 0 && arg_strict && finding.problems.n > 0)
                r = -EINVAL;
        finding.valid = r >= 0;
        if (array)
                json_object_array_add(array, finding_json(word, &finding));
        else
                print_finding(word, &finding);
        if (r < 0) {
                if (finding.problems.n == 0)
                        print_error("%s: %s", word, strerror(-r));
                return EXIT_CODE_FAILED;
        }
        return finding.n_changes > 0 ? EXIT_CODE_DIFFERS : EXIT_CODE_DONE;
}

/* A profile with a mistake weighs more than a machine that differs. */
static ExitCode worse(ExitCode a, ExitCode b) {
        if (a == EXIT_CODE_FAILED || b == EXIT_CODE_FAILED)
                return EXIT_CODE_FAILED;
        return MAX_OF(a, b);
}

static ExitCode validate_all(const Machine *machine, json_object *array) {
        _cleanup_(store_list_done) StoreList list = {0};
        ExitCode code = EXIT_CODE_DONE;

        int r = store_list(machine->root, &list);
        if (r < 0)
                return print_errno(r, "cannot list the profiles");
        for (size_t i = 0; i < list.n; i++)
                code = worse(code, validate_word(machine, list.items[i].name, array));
        return code;
}

static void assume_kernel(Facts *facts, unsigned kernel) {
        facts->context.kernel = kernel;
        (void) snprintf(facts->release,
                        sizeof(facts->release),
                        "%u.%u",
                        KERNEL_VERSION_MAJOR(kernel),
                        KERNEL_VERSION_MINOR(kernel));
        facts->assumed |= FACT_KERNEL;
}

/* The facts of a machine that is not at hand, as far as they were given. */
static void assume(Facts *facts) {
        if (arg_kernel > 0)
                assume_kernel(facts, arg_kernel);
        if (arg_ram > 0) {
                facts->ram_bytes = arg_ram;
                facts->assumed |= FACT_RAM;
        }
        if (arg_swap > 0) {
                facts->swap_kinds = arg_swap;
                facts->assumed |= FACT_SWAP;
        }
        if (arg_nodes > 0) {
                facts->n_nodes = arg_nodes;
                facts->assumed |= FACT_NODES;
        }
}

ExitCode verb_validate(size_t n, char **arguments) {
        _cleanup_(machine_done) Machine machine = {0};
        ExitCode code = EXIT_CODE_DONE;

        if (arg_explain)
                return validate_explain(arg_explain);
        if (machine_open(&machine) < 0)
                return EXIT_CODE_FAILED;
        assume(&machine.facts);
        if (machine.facts.assumed && arg_check) {
                print_error("--check compares with this machine: it does not go with --kernel, "
                            "--ram, --swap and --nodes");
                return EXIT_CODE_USAGE;
        }
        json_object *array = print_is_json() ? json_object_new_array() : NULL;
        if (n == 0)
                code = validate_all(&machine, array);
        for (size_t i = 0; i < n; i++)
                code = worse(code, validate_word(&machine, arguments[i], array));
        if (array)
                code = worse(code, print_json(array));
        return code;
}
