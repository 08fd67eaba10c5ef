/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * To be loaded into memctld with LD_PRELOAD: while the file FLAG exists, every request for memory
 * is refused, as on a machine that has none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FLAG "/memctl-test/no-memory"

static bool ask(void) {
        int saved_errno = errno;

        if (syscall(SYS_faccessat, AT_FDCWD, FLAG, F_OK) == 0) {
                errno = ENOMEM;
                return false;
        }
        errno = saved_errno;
        return true;
}

#include "tests/support/own-malloc.h"
