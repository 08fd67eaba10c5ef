# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# A memctld that serves the copied tree in $TREE, whose files take writes as a kernel does.

: "${MEMCTL_TREE:?the memctld for copied trees}"

# start_daemon: returns when it answers.
start_daemon() {
        local attempt
        "$MEMCTL_TREE" --root "$TREE" >>"$BATS_TEST_TMPDIR/memctld.log" 2>&1 3>&- &
        DAEMON=$!
        for ((attempt = 0; attempt < 100; attempt++)); do
                "$MEMCTL" --root "$TREE" status >/dev/null 2>&1 && return 0
                sleep 0.05
        done
        cat "$BATS_TEST_TMPDIR/memctld.log"
        return 1
}

# stop_daemon [SIGNAL]: TERM stops the service, USR1 leaves all in force for the next one, KILL is
# a crash.
stop_daemon() {
        [[ -n ${DAEMON:-} ]] || return 0
        kill -s "${1:-TERM}" "$DAEMON" 2>/dev/null || true
        wait "$DAEMON" || true
        DAEMON=
}

# knob PATH: what the tree's file holds, the chosen word of a list.
knob() {
        sed 's/.*\[\(.*\)\].*/\1/' "$TREE/proc/sys/vm/$1"
}

# in_background COMMAND…: its output goes to $BATS_TEST_TMPDIR/background, its number to $JOB.
in_background() {
        # A script starts its background jobs with SIGINT ignored.
        python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$@" >"$BATS_TEST_TMPDIR/background" 2>&1 3>&- &
        JOB=$!
}

# finish_background: waits, and sets $output and $status.
finish_background() {
        status=0
        wait "$JOB" || status=$?
        output=$(cat "$BATS_TEST_TMPDIR/background")
        stderr=
}

# until_output STRING: the background command has printed it within 5 s.
until_output() {
        local attempt
        for ((attempt = 0; attempt < 100; attempt++)); do
                grep -qF -- "$1" "$BATS_TEST_TMPDIR/background" && return 0
                sleep 0.05
        done
        echo "never printed: $1"
        return 1
}

# until_status STATE: the daemon is in that state within 5 s.
until_status() {
        local attempt
        for ((attempt = 0; attempt < 100; attempt++)); do
                memctl status --json=short
                [[ $output == *"\"state\":\"$1\""* ]] && return 0
                sleep 0.05
        done
        echo "never $1: $output"
        return 1
}
