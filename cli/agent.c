/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "core/base/util.h"

#define AGENT "pkttyagent"
/* It only has to register with polkit. */
#define READY_TIMEOUT_MSEC 5000

static _Noreturn void agent_run(pid_t parent, int ready) {
        char number[16];

        /* Must not outlive the command, however that ends. */
        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent || fcntl(ready, F_SETFD, 0) < 0)
                _exit(EXIT_FAILURE);
        (void) snprintf(number, sizeof(number), "%d", ready);
        (void) execlp(AGENT, AGENT, "--notify-fd", number, "--fallback", NULL);
        _exit(127);
}

void agent_start(Agent *agent) {
        int ends[2];

        if (agent->pid > 0 || geteuid() == 0 || !isatty(STDIN_FILENO))
                return;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return;
        pid_t parent = getpid(), pid = fork();
        if (pid == 0)
                agent_run(parent, ends[1]);
        (void) close(ends[1]);
        if (pid > 0) {
                struct pollfd ready = {.fd = ends[0], .events = POLLIN};
                /* It closes its end when it is registered. */
                (void) poll(&ready, 1, READY_TIMEOUT_MSEC);
                agent->pid = pid;
        }
        (void) close(ends[0]);
}

void agent_stop(Agent *agent) {
        if (agent->pid <= 0)
                return;
        (void) kill(agent->pid, SIGTERM);
        (void) kill(agent->pid, SIGCONT);
        while (waitpid(agent->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        agent->pid = 0;
}
