/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/memctl.h"

#include <getopt.h>

#include "cli/options.h"
#include "cli/print.h"

/* clang-format off */
static const Verb verbs[] = {
        {
                "list", "[profiles|knobs|guide]", 0, 1, VERB_OFFLINE | VERB_PAGER, "Profiles or knobs, and how they stand here",
                "Lists the profiles that the search path holds: whether this machine can use them, from which folder they come and which file they mask. \"list knobs\" lists the kernel settings memctl knows with their live values; --all adds those that this kernel lacks. \"list guide\" lists the chapters that \"memctl explain\" opens.",
                "memctl list knobs --json=short", verb_list,
        },
        {
                "show", "PROFILE", 1, 1, VERB_OFFLINE | VERB_PAGER, "What a profile comes to on this machine",
                "Shows the profile with its parents, formulas and conditions worked out for this machine: each knob's value and the line it comes from, what is skipped and why, and what is watched after it is applied.",
                "memctl show redis", verb_show,
        },
        {
                "validate", "[PROFILE|FILE...]", 0, SIZE_MAX, VERB_OFFLINE, "Look for mistakes in profiles",
                "Reports every problem of the profiles given (all of them without an argument) with its line, and what has caused outages elsewhere, with a rule's id behind it; --explain ID tells why. A word with a slash or ending in .yaml is a file. --kernel, --ram, --swap and --nodes judge for another machine. Exit code 0 when all are good, 1 when one is not (with --strict: or has a warning). With --check also 4 when the machine's values differ from what the profile wants.",
                "memctl validate --strict --kernel 5.10 --ram 64GiB ./redis.yaml", verb_validate,
        },
        {
                "diff", "PROFILE", 1, 1, VERB_OFFLINE | VERB_PAGER, "What applying a profile would change",
                "Compares the profile with the live values. Exit code 0 when nothing would change, 4 when something would, 3 when the profile cannot be applied here. --all also shows what is already as wanted.",
                "memctl diff redis", verb_diff,
        },
        {
                "explain", "[KNOB|CHAPTER|GROUP|PROFILE|WORD]", 0, 1, VERB_OFFLINE | VERB_PAGER, "What a knob does, how memory works",
                "For a knob: what it is and what the kernel does with it, its live value, what this kernel accepts, when to change it, what it is coupled with, which profiles set it, and what else on this machine does. For a chapter of the guide: how the kernel manages memory, how to see it here, and its knobs with their live values. For a group: its knobs. For a profile: its description and what each of its knobs does. Any other word finds the knobs that mention it. Without an argument, the groups and the chapters.",
                "memctl explain vm.swappiness", verb_explain,
        },
        {
                "inspect", "[VIEW]", 0, 1, VERB_OFFLINE | VERB_PAGER, "What the memory is doing, and what is wrong",
                "One screen: what is wrong, in plain words with the knob that matters; RAM, swap, time lost to waiting, each zone's free level against its watermarks, reclaim, compaction, huge pages, unwritten data and promised memory against their limits. VIEW shows one of them in full: zones, buddy, slab, thp, reclaim, writeback, overcommit, processes or cgroups. What happens now is told from two readings, a second apart or as --interval says; a recorded tree gives one. --watch shows it anew until Ctrl-C; --all leaves no row out.",
                "memctl inspect cgroups", verb_inspect,
        },
        {
                "import", "tuned|sysctl FILE...", 2, SIZE_MAX, VERB_OFFLINE, "A profile of what others set",
                "Prints a profile with what a profile of tuned (a name, its folder or its tuned.conf, with all that it includes) or files of sysctl.d set of memory; later files win. What cannot be carried over is said on standard error, with its line. Exit code 1 when nothing can.",
                "memctl import tuned oracle --name our-oracle", verb_import,
        },
        {
                "export", "sysctl|tmpfiles PROFILE", 2, 2, VERB_OFFLINE, "Write a profile for sysctl.d or tmpfiles.d",
                "Prints what the profile comes to on this machine as a file of sysctl.d (the sysctls) or tmpfiles.d (all other knobs), for machines without memctl. Nobody watches such values or takes them back. What the file cannot say is said on standard error.",
                "memctl export sysctl redis", verb_export,
        },
        {
                "oom", "[FILE|-]", 0, 1, VERB_OFFLINE | VERB_PAGER, "Why the kernel killed a process",
                "Finds every OOM kill and every failed page allocation and says what happened: who asked for what, which zone or cgroup was full, what held the memory, who was killed, and why. The kernel's log is that of this boot in the system journal, of another boot with --boot, or of all boots between --since and --until; with --root it is the journal in that tree. FILE is a log in text instead (dmesg, syslog, journal, serial console, logcat or a mail that quotes one), - is standard input (dmesg | memctl oom -). What a cut dump does not say is left open.",
                "memctl oom --since yesterday --list", verb_oom,
        },
        {
                "record", "FILE|-", 1, 1, VERB_OFFLINE, "Record a pressure trace",
                "Writes what the kernel counts of stalls, reclaim and work done as CSV, a row each second, until --duration is over or Ctrl-C: to be judged with \"memctl replay\", here or elsewhere. FILE must not exist yet; - is standard output.",
                "memctl record trace.csv --interval 1s --duration 1h", verb_record,
        },
        {
                "replay", "FILE|-", 1, 1, VERB_OFFLINE, "What memctld would have said on a trace",
                "Judges a recorded pressure trace as a probation would have: --change-at says how long after the first row the change came; what is before it is what the rest is compared with. Without it the whole trace is judged by itself. --profile takes limits, margins and times from a profile. The verdict is revert, keep or inconclusive. With --trial the trace is that of a trial, whose column \"arm\" says when which setting was in force.",
                "memctl replay trace.csv --change-at 30min", verb_replay,
        },
        {
                "status", "", 0, 0, 0, "What is in force and how it does",
                "Shows which profile is in force, how long its probation still lasts and whether it must be confirmed, pressure before and since, knobs changed from outside, and the last events.",
                "memctl status", verb_status,
        },
        {
                "apply", "PROFILE", 1, 1, 0, "Try a profile: it is kept or taken back by itself",
                "Applies the profile as one transaction and puts it on probation. When pressure exceeds a limit, memctld takes it back; otherwise it is kept when the probation ends. With --confirm-within it is taken back unless \"memctl keep\" comes in time. --wait follows the probation and ends with exit code 0 when the profile was kept, 3 when it was taken back.",
                "memctl apply redis --wait --confirm-within 10min", verb_apply,
        },
        {
                "keep", "[ID]", 0, 1, 0, "Keep what is on probation now",
                "Ends the probation well: the profile stays in force and comes back at boot. ID is the transaction's number, as apply printed it; without it the current one is meant.",
                "memctl keep", verb_keep,
        },
        {
                "revert", "[ID]", 0, 1, 0, "Take the profile in force back",
                "Puts every knob back to what it was before the profile, but for those that were changed from outside meanwhile. ID is the transaction's number; without it the current one is meant.",
                "memctl revert --reason \"latency since noon\"", verb_revert,
        },
        {
                "trial", "[PROFILE [AGAINST]]", 0, 2, 0, "Compare two profiles by switching between them",
                "Measures what a profile does to stalls, whatever the load does meanwhile: memctld switches at random between it and another profile (without AGAINST: what is in force) in blocks of time, and ends when the answer is clear: worse, better, no difference that matters, or undecided. What was in force comes back at the end. Only knobs that show soon what they do can be on trial (\"memctl explain KNOB\" says which). --wait follows it, --stop ends it; \"memctl report\" shows what came of it.",
                "memctl trial redis --metric io.full --wait", verb_trial,
        },
        {
                "release", "[PROFILE]", 0, 1, 0, "End a profile's quarantine, or a hold",
                "A profile under which the machine went down, on probation or soon after it was applied, is quarantined: it is not applied again until it is released. Without PROFILE, the hold ends: after too many automatic reverts within an hour (RevertsPerHour= in memctld.conf) nothing is applied until they are an hour ago, or somebody says this.",
                "memctl release redis", verb_release,
        },
        {
                "events", "", 0, 0, VERB_PAGER, "What happened",
                "Lists what memctld did and saw, oldest first.",
                "memctl events -n 20 --follow", verb_events,
        },
        {
                "report", "[ID|FILE|-]", 0, 1, VERB_PAGER, "What a change did, with plots",
                "Shows what a probation or a trial came to: the verdict, pressure over time with the change marked, each metric before and since, the evidence, what happened to the load, and what was changed. ID is the transaction's number; without it the latest is shown. A word with a slash or ending in .json is a file that \"memctl report --json=short\" wrote, - is standard input; for those no daemon is needed. --html writes one page that stands alone, for a mail or a postmortem.",
                "memctl report 12 --html report.html", verb_report,
        },
        {
                "reload", "", 0, 0, 0, "Make memctld read its configuration again",
                "Makes memctld read memctld.conf again, as systemctl reload memctld does. What is in force stays.",
                "memctl reload", verb_reload,
        },
};
/* clang-format on */

size_t verb_count(void) {
        return ELEMENTSOF(verbs);
}

const Verb *verb_at(size_t i) {
        return &verbs[i];
}

static ExitCode find_verb(const char *name, const Verb **ret) {
        Nearest nearest = NEAREST_INIT(name);

        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                if (streq(verbs[i].name, name)) {
                        *ret = &verbs[i];
                        return EXIT_CODE_DONE;
                }
                nearest_offer(&nearest, verbs[i].name);
        }
        return usage_error_unknown("verb", name, &nearest);
}

static ExitCode check_arguments(const Verb *verb, size_t n, char **arguments) {
        if (n < verb->n_min) {
                print_error("\"%s\" needs an argument: memctl %s %s",
                            verb->name,
                            verb->name,
                            verb->arguments);
                return EXIT_CODE_USAGE;
        }
        if (n > verb->n_max) {
                print_error("\"%s\" takes no argument \"%s\": memctl %s%s%s",
                            verb->name,
                            arguments[verb->n_max],
                            verb->name,
                            verb->arguments[0] ? " " : "",
                            verb->arguments);
                return EXIT_CODE_USAGE;
        }
        return EXIT_CODE_DONE;
}

static ExitCode run_verb(const Verb *verb, size_t n, char **arguments) {
        if (verb->flags & VERB_PAGER && !arg_follow && !arg_html && !arg_watch)
                print_pager_start();
        ExitCode code = verb->run(n, arguments);
        if (!print_done()) {
                print_errno(-errno, "standard output");
                return EXIT_CODE_FAILED;
        }
        return code;
}

int memctl_main(int argc, char **argv) {
        const Verb *verb = NULL;

        print_init();
        ExitCode code = options_parse(argc, argv);
        if (code == EXIT_CODE_DONE && optind < argc)
                code = find_verb(argv[optind], &verb);
        if (code != EXIT_CODE_DONE)
                return (int) code;
        if (arg_help || arg_version) {
                if (arg_help)
                        help_print(verb);
                else
                        (void) printf("memctl %s\n", MEMCTL_VERSION);
                return print_done() ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
        }
        if (!verb) {
                print_error("which verb? See \"memctl --help\"");
                return EXIT_CODE_USAGE;
        }
        size_t n = (size_t) (argc - optind - 1);
        code = options_check(verb);
        if (code == EXIT_CODE_DONE)
                code = check_arguments(verb, n, argv + optind + 1);
        if (code == EXIT_CODE_DONE)
                code = run_verb(verb, n, argv + optind + 1);
        return (int) code;
}
