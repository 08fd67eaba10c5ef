/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/pager.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/base/util.h"

/* Run for another user (sudo), a pager must not offer a shell. */
static bool is_elevated(void) {
        return getenv("SUDO_UID") || geteuid() != getuid();
}

/* $SYSTEMD_PAGER, $PAGER, then less; NULL when the person wants none. */
static const char *pager_command(void) {
        const char *command = getenv("SYSTEMD_PAGER");

        if (!command)
                command = getenv("PAGER");
        if (command && (command[0] == '\0' || streq(command, "cat")))
                return NULL;
        /* Of other pagers nobody knows whether they can be kept from starting a shell. */
        return command && !is_elevated() ? command : "less";
}

static _Noreturn void pager_run(const char *command, int input) {
        const char *less = getenv("SYSTEMD_LESS");

        if (dup2(input, STDIN_FILENO) < 0)
                _exit(EXIT_FAILURE);
        /* F: leave at once when it fits, R: colours, S: cut long lines, X: keep the screen. */
        (void) setenv("LESS", less ? less : "FRSXMK", 1);
        if (is_elevated())
                (void) setenv("LESSSECURE", "1", 1);
        (void) execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
}

/* sh would tell only after the output is gone that there is no less. */
static bool command_exists(const char *command) {
        const char *path = getenv("PATH");
        size_t n = strcspn(command, " ");

        if (memchr(command, '/', n))
                return true;
        for (const char *p = path ? path : "/usr/bin:/bin"; *p; p += *p == ':') {
                size_t m = strcspn(p, ":");
                _cleanup_(freep) char *file =
                        text_format("%.*s/%.*s", (int) m, p, (int) n, command);
                if (file && access(file, X_OK) == 0)
                        return true;
                p += m;
        }
        return false;
}

pid_t pager_start(void) {
        const char *command = pager_command();
        int ends[2];

        if (!command || !command_exists(command) || pipe2(ends, O_CLOEXEC) < 0)
                return 0;
        (void) fflush(stdout);
        pid_t pid = fork();
        if (pid == 0)
                pager_run(command, ends[0]);
        (void) close(ends[0]);
        /* Leaving the pager early is no error, and Ctrl-C belongs to the pager. */
        if (pid > 0 && dup2(ends[1], STDOUT_FILENO) >= 0) {
                (void) signal(SIGPIPE, SIG_IGN);
                (void) signal(SIGINT, SIG_IGN);
        }
        (void) close(ends[1]);
        return pid > 0 ? pid : 0;
}

void pager_finish(pid_t pager) {
        (void) fclose(stdout);
        while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
                ;
}
