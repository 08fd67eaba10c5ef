#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# An ordinary user on a system bus of the test's own, with a fake polkit.
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154

load common
load daemon

: "${FAKE_POLKIT:?the polkit of the bus tests}"

setup() {
        ((EUID == 0)) || skip "needs two users"
        command -v dbus-daemon >/dev/null || skip "no dbus-daemon"
        make_tree x86-16g-zram-6.12 base calm broken
        # The other user cannot look into what bats made.
        OPEN=$(mktemp -d)
        chmod 755 "$OPEN"
        cp "$MEMCTL" "$OPEN/memctl"
        export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$OPEN/bus
        cat >"$OPEN/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path=$OPEN/bus</listen><auth>EXTERNAL</auth>
<servicedir>$OPEN/services</servicedir>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>
END
        # It tells its address when it listens.
        dbus-daemon --config-file="$OPEN/bus.conf" --nofork --nopidfile --print-address=4 \
                3>&- 4>"$OPEN/address" &
        BUS=$!
        local attempt
        for ((attempt = 0; attempt < 100; attempt++)); do
                [[ ! -s $OPEN/address ]] || break
                sleep 0.05
        done
        polkit_says no
        "$FAKE_POLKIT" "$OPEN/answer" "$OPEN/polkit.log" 3>&- &
        POLKIT=$!
}

teardown() {
        stop_daemon
        [[ -z ${POLKIT:-} ]] || kill "$POLKIT"
        [[ -z ${BUS:-} ]] || kill "$BUS"
        [[ -z ${OPEN:-} ]] || rm -r "$OPEN"
}

polkit_says() {
        echo "$1" >"$OPEN/answer"
}

# user ARGUMENT…: memctl as an ordinary user, without --root.
user() {
        run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups "$OPEN/memctl" "$@"
}

# Both have their names on the bus.
start_all() {
        local attempt
        start_daemon
        for ((attempt = 0; attempt < 100; attempt++)); do
                user status -q
                polkit_says yes
                ((status == 0)) && user reload
                polkit_says no
                ((status == 0)) && return 0
                sleep 0.05
        done
        echo "never there: $stderr"
        return 1
}

@test "an ordinary user may look, and is refused with 5 what changes something" {
        start_all
        user status
        expect_status 0
        [[ ${lines[0]} == "● IDLE  no profile is in force" ]]
        user events --json=short
        expect_status 0
        json 'd[0]["type"] == "started"'
        local verb
        for verb in "apply calm" keep revert "release calm" reload; do
                # shellcheck disable=SC2086 # two words
                user $verb
                expect_status 5
                [[ -n $stderr && -z $output ]]
        done
        [[ $(knob swappiness) == 60 ]]
}

@test "an ordinary user whom polkit trusts may apply, wait, and be told" {
        start_all
        polkit_says yes
        user apply calm --wait --probation 2s
        expect_status 0
        expect output "Applied calm" "Kept calm"
        [[ $(knob swappiness) == 1 ]]
        user revert
        expect_status 0
        user apply broken
        expect_status 3
        expect stderr "broken.yaml:5:3: error: "
        user apply base --dry-run
        expect_status 4
}

@test "without a daemon on the bus, looking ends with 6 and starts none, acting does" {
        mkdir "$OPEN/services"
        printf '%s\n' '[D-BUS Service]' Name=org.memctl "Exec=/bin/sh $OPEN/start" \
                >"$OPEN/services/org.memctl.service"
        printf 'touch %s/started; exit 1\n' "$OPEN" >"$OPEN/start"
        kill -HUP "$BUS"
        sleep 0.5
        user events
        expect_status 6
        user status
        expect_status 6
        [[ ! -e $OPEN/started ]]
        [[ $stderr == "memctl: memctld does not run (or went away just now); start it with: systemctl start memctld" ]]
        # This one only says that it was called for, and leaves.
        user apply calm
        expect_status 6
        [[ -e $OPEN/started ]]
}

@test "with --root only that tree's daemon is talked to" {
        start_all
        polkit_says yes
        mkdir "$OPEN/empty"
        run -6 --separate-stderr "$MEMCTL" --root "$OPEN/empty" apply calm
        user --root "$OPEN/empty" apply calm
        expect_status 6
        expect stderr "no memctld serves $OPEN/empty"
        user status --json=short
        json 'd["state"] == "idle"'
}

@test "apply --wait waits for a daemon that leaves the bus and comes back" {
        start_all
        polkit_says yes
        in_background "$(command -v setpriv)" --reuid=65534 --regid=65534 --clear-groups \
                "$OPEN/memctl" apply calm --wait --probation 4s
        until_status probation
        stop_daemon USR1
        sleep 2.5
        start_daemon
        finish_background
        expect_status 0
        expect output "memctld went away; waiting for it to come back" "memctld is back" "Kept calm"
}
