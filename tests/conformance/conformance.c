/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The catalogue against the running kernel: to every knob that this machine has, the ends of its
 * range, their neighbours outside, every word and some nonsense are written; the kernel must take,
 * refuse and read back as the catalogue says. Each value is in force for microseconds, and every
 * knob reads as before at the end.
 *
 *   conformance [--spare CONFIG]
 *
 * With --spare the machine is a guest that nobody else uses, and more is tried; CONFIG is its
 * kernel's .config, by which the knobs that it has are judged, too.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include "core/machine/live.h"
#include "tests/conformance/exception.h"
#include "tests/conformance/judge.h"
#include "tests/conformance/presence.h"
#include "tests/conformance/supervise.h"
#include "tests/conformance/tap.h"

/* What tests/support/knobs.sh takes, too: one user of the live knobs at a time. */
#define LOCK "run/lock/memctl-live-knobs.lock"

/* Fewer than any kernel with /proc/sys/vm gives. */
#define CHANGED_MIN 10

static int skip(const char *why) {
        printf("1..0 # SKIP %s\n", why);
        fprintf(stderr, "conformance SKIPPED: %s\n", why);
        return EXIT_SUCCESS;
}

static int bail_out(const char *what, int r) {
        printf("Bail out! %s: %s\n", what, strerror(-r));
        return EXIT_FAILURE;
}

static void judge_triggers(const Machine *machine) {
        for (size_t i = 0; i < knob_count(); i++) {
                _cleanup_(freep) KnobRef *refs = NULL;
                size_t n = 0;
                if (!(knob_at(i)->flags & KNOB_TRIGGER))
                        continue;
                if (live_refs(machine->root, knob_at(i), &refs, &n) < 0)
                        tap_fail("cannot be listed: %s", knob_at(i)->name);
                for (size_t k = 0; k < n; k++)
                        judge_trigger(machine, refs[k]);
        }
}

static void judge_all(const Machine *machine) {
        for (size_t i = 0; i < machine->kept.n; i++)
                judge_knob(machine, &machine->kept.knobs[i]);
        judge_triggers(machine);
}

/* Another value that does no harm, when there is one. */
static void change(const Machine *machine, const KeptKnob *knob) {
        ValueType type;
        Probes probes;

        if (knob->error < 0 || knob_value_type(knob->ref.knob, &machine->facts.context, &type) < 0)
                return;
        probes_make(&type, &knob->value, &probes);
        for (size_t i = 0; i < probes.n && !kept_differs(machine->root, knob); i++) {
                const Probe *probe = &probes.items[i];
                const Exception *exception = exception_find(machine, knob->ref, probe->kind);
                if ((probe->kind & (PROBE_NEXT | PROBE_WORD)) &&
                    !(exception && exception->outcome == OUTCOME_UNWRITTEN))
                        (void) kernel_write(machine->root, knob->path, probe->text);
        }
}

static void change_all_and_be_killed(const Machine *machine) {
        for (size_t i = 0; i < machine->kept.n; i++)
                change(machine, &machine->kept.knobs[i]);
        (void) kill(getppid(), SIGTERM);
        for (;;)
                (void) pause();
}

static int open_machine(Machine *machine) {
        _cleanup_(problems_done) Problems problems = PROBLEMS_INIT;

        int r = facts_read(machine->root, &problems, &machine->facts);
        return r < 0 ? r : kept_save(machine->root, &machine->kept);
}

static int try_machine(const Machine *machine, const char *config) {
        Ended ended;

        judge_unknown(machine);
        judge_presence(machine, config);
        int r = supervise(machine, judge_all, &ended);
        if (r < 0)
                return bail_out("no child", r);
        if (ended.end == END_SIGNAL) {
                printf("Bail out! %s; %zu knobs are not as before\n",
                       strsignal(ended.signal),
                       ended.n_left);
                return 128 + ended.signal;
        }
        if (ended.end != END_DONE)
                tap_fail("the test died: %s", strsignal(ended.signal));
        if (ended.n_left > 0)
                tap_fail("%zu do not", ended.n_left);
        tap_line("every knob reads as before");

        r = supervise(machine, change_all_and_be_killed, &ended);
        if (r < 0)
                return bail_out("no child", r);
        if (ended.end != END_INTERRUPTED || ended.n_changed < CHANGED_MIN)
                tap_fail("the second run was not killed with knobs changed");
        if (ended.n_left > 0)
                tap_fail("%zu do not", ended.n_left);
        tap_note("%zu had been changed", ended.n_changed);
        tap_line("killed in the middle, every knob reads as before");
        return tap_end() ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
        Machine machine = {.spare = argc == 3 && streq(argv[1], "--spare")};
        _cleanup_(root_closep) Root *root = NULL;
        _cleanup_(freep) char *config = NULL;
        _cleanup_(closep) int lock = -1;

        if (geteuid() != 0)
                return skip("it writes the live kernel's knobs, which needs root");
        int r = root_open("/", &root);
        if (r < 0)
                return bail_out("/", r);
        _cleanup_(closep) int writable = root_open_file(root, "proc/sys/vm/swappiness", O_WRONLY);
        if (writable < 0)
                return skip("/proc/sys/vm cannot be written here");
        /* Without the folder nobody else can hold it. */
        lock = openat(root_fd(root), LOCK, O_CREAT | O_RDWR | O_CLOEXEC, 0644);
        if (lock >= 0 && flock(lock, LOCK_EX) < 0)
                return bail_out(LOCK, -errno);

        machine.root = root;
        r = tap_begin(stdout);
        if (r >= 0)
                r = open_machine(&machine);
        if (r >= 0 && machine.spare)
                r = root_read(root, argv[2], &config);
        if (r < 0)
                return bail_out("the machine cannot be read", r);
        r = try_machine(&machine, config);
        kept_done(&machine.kept);
        return r;
}
