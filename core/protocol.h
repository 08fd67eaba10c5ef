/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every name that crosses a border between programs, once. */

#define MEMCTL_BUS_NAME "org.memctl"
#define MEMCTL_OBJECT_PATH "/org/memctl"
#define MEMCTL_INTERFACE "org.memctl.Manager1"

/* Relative to the root. */
#define MEMCTL_RUNTIME_DIR "run/memctl"
#define MEMCTL_STATE_DIR "var/lib/memctl"
#define MEMCTL_PRIVATE_SOCKET MEMCTL_RUNTIME_DIR "/private"
#define MEMCTL_CONFIG_FILE "etc/memctl/memctld.conf"

/* Errors; the command's exit code is behind each. */
#define MEMCTL_ERROR_NO_SUCH_PROFILE "org.memctl.Error.NoSuchProfile"  /* 1 */
#define MEMCTL_ERROR_INVALID_PROFILE "org.memctl.Error.InvalidProfile" /* 3: refused */
#define MEMCTL_ERROR_NOT_APPLICABLE "org.memctl.Error.NotApplicable"   /* 3 */
#define MEMCTL_ERROR_QUARANTINED "org.memctl.Error.Quarantined"        /* 3 */
#define MEMCTL_ERROR_HELD "org.memctl.Error.Held"       /* 3: after too many automatic reverts */
#define MEMCTL_ERROR_BUSY "org.memctl.Error.Busy"       /* 3: another is pending */
#define MEMCTL_ERROR_REFUSED "org.memctl.Error.Refused" /* 3: the kernel said no, undone */
#define MEMCTL_ERROR_NOTHING "org.memctl.Error.Nothing" /* 3: nothing to keep or revert */
#define MEMCTL_ERROR_INVALID_ARGUMENT "org.memctl.Error.InvalidArgument" /* 1 */
#define MEMCTL_ERROR_NOT_AUTHORIZED "org.memctl.Error.NotAuthorized"     /* 5 */
#define MEMCTL_ERROR_TOO_MANY "org.memctl.Error.TooMany"                 /* 1: a limit below */
#define MEMCTL_ERROR_FAILED "org.memctl.Error.Failed"                    /* 1 */

/* polkit: one action a verb that changes something. */
#define MEMCTL_ACTION_APPLY "org.memctl.apply"
#define MEMCTL_ACTION_KEEP "org.memctl.keep"
#define MEMCTL_ACTION_REVERT "org.memctl.revert"
#define MEMCTL_ACTION_TRIAL "org.memctl.trial"
#define MEMCTL_ACTION_RELEASE "org.memctl.release"
#define MEMCTL_ACTION_RELOAD "org.memctl.reload"

/* What the methods, properties and signals take and give: docs/dbus.md. */

/* Bounds on what a client can make the daemon do. */
#define MEMCTL_CLIENTS_MAX 64                             /* connections to the private socket */
#define MEMCTL_AUTHORIZATIONS_MAX 32                      /* polkit questions under way */
#define MEMCTL_REASON_MAX 256                             /* bytes in a revert's reason */
#define MEMCTL_EVENTS_MAX 1000                            /* in one ListEvents answer: the newest */
#define MEMCTL_TIME_MAX_USEC (7 * 24 * 3600 * 1000000ull) /* probation, confirm-within */
#define MEMCTL_TIME_MIN_USEC (1000000ull)

/* Exit codes of memctl. */
typedef enum ExitCode {
        EXIT_CODE_DONE = 0,
        EXIT_CODE_FAILED = 1,
        EXIT_CODE_USAGE = 2,
        EXIT_CODE_REFUSED = 3, /* or reverted */
        EXIT_CODE_DIFFERS = 4,
        EXIT_CODE_NOT_AUTHORIZED = 5,
        EXIT_CODE_NO_DAEMON = 6,
} ExitCode;
