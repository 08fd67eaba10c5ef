/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/conformance/supervise.h"

#include <signal.h>
#include <sys/wait.h>

static void end_signals(sigset_t *ret) {
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

        (void) sigemptyset(ret);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sigaddset(ret, signals[i]);
}

static size_t count_changed(const Machine *machine) {
        size_t n = 0;

        for (size_t i = 0; i < machine->kept.n; i++)
                n += kept_differs(machine->root, &machine->kept.knobs[i]);
        return n;
}

/* Until the child ends by itself, or a signal says that it shall. */
static void wait_for(pid_t child, const sigset_t *awaited, Ended *ret) {
        siginfo_t info;
        int status = 0;

        while (waitpid(child, &status, WNOHANG) == 0) {
                int number = sigwaitinfo(awaited, &info);
                if (number < 0 || number == SIGCHLD)
                        continue;
                ret->signal = number;
                ret->end = info.si_pid == child ? END_INTERRUPTED : END_SIGNAL;
                (void) kill(child, SIGKILL);
                (void) waitpid(child, &status, 0);
                return;
        }
        ret->end = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? END_DONE : END_DIED;
        ret->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int supervise(const Machine *machine, void (*work)(const Machine *machine), Ended *ret) {
        Ended ended = {0};
        sigset_t awaited, before;

        /* A child that is ignored would never be reported. */
        (void) signal(SIGCHLD, SIG_DFL);
        end_signals(&awaited);
        (void) sigaddset(&awaited, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &awaited, &before) < 0)
                return -errno;
        pid_t child = fork();
        if (child < 0)
                return -errno;
        if (child == 0) {
                (void) sigprocmask(SIG_SETMASK, &before, NULL);
                work(machine);
                _exit(0);
        }
        wait_for(child, &awaited, &ended);
        ended.n_changed = count_changed(machine);
        ended.n_left = kept_restore(machine->root, &machine->kept);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        *ret = ended;
        return 0;
}
