#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Who may do what, over the real bus, asked of the real polkit.

load common

setup() {
        profile_small
        systemctl start memctld.service
}

@test "an ordinary user reads" {
        run as_ordinary_user memctl status
        [ "$status" -eq 0 ]
        [[ $output == *idle* ]]
        run as_ordinary_user memctl list
        [ "$status" -eq 0 ]
        [[ $output == *small* ]]
        as_ordinary_user memctl events
        run as_ordinary_user memctl diff small
        [ "$status" -eq 4 ]
}

@test "an ordinary user is refused what changes something, with exit code 5" {
        run as_ordinary_user memctl apply small
        [ "$status" -eq 5 ]
        no_knob_changed
        state_is idle

        memctl apply small
        for verb in keep revert reload 'release small' 'trial small' 'trial --stop'; do
                # shellcheck disable=SC2086 # the argument of release
                run as_ordinary_user memctl $verb
                [ "$status" -eq 5 ] || { echo "$verb: $status: $output"; false; }
        done
        state_is probation
        [ "$(knob swappiness)" = 61 ]
}

@test "an ordinary user is refused each method that changes something, asked directly" {
        local call

        memctl apply small
        for call in 'Apply sa{sv} small 0' 'Keep t 0' 'Revert ts 0 x' 'Release s small' Reload \
                'StartTrial sssttt small small memory.some 0 0 0' 'StopTrial t 0'; do
                # shellcheck disable=SC2086 # a method and its arguments
                run as_ordinary_user busctl --allow-interactive-authorization=no call \
                        org.memctl /org/memctl org.memctl.Manager1 $call
                [ "$status" -ne 0 ]
                [[ $output == *'needs authentication'* || $output == *'does not allow'* ]] ||
                        { echo "$call: $output"; false; }
        done
        run as_ordinary_user busctl set-property org.memctl /org/memctl org.memctl.Manager1 \
                State s idle
        [ "$status" -ne 0 ]
        state_is probation
        [ "$(knob swappiness)" = 61 ]
}

@test "an ordinary user who asks at full speed is told to wait, and root is not" {
        local i

        for ((i = 0; i < 4; i++)); do
                # One connection that asks all the time.
                as_ordinary_user /memctl-test/system/ask 6 >"$BATS_TEST_TMPDIR/asked-$i" &
        done
        sleep 2
        memctl apply small
        [ "$(knob swappiness)" = 61 ]
        memctl revert
        wait
        cat "$BATS_TEST_TMPDIR"/asked-*
        grep -q 'LimitsExceeded: [1-9]' "$BATS_TEST_TMPDIR"/asked-*
        until_true 10 as_ordinary_user memctl status
}

@test "an ordinary user may when polkit says so" {
        install -D -m 0644 /dev/stdin /etc/polkit-1/rules.d/memctl-test.rules <<'END'
polkit.addRule(function(action, subject) {
        if (action.id == "org.memctl.apply" && subject.user == "memctl-ordinary")
                return polkit.Result.YES;
});
END
        until_true 5 as_ordinary_user memctl apply small
        [ "$(knob swappiness)" = 61 ]
        run as_ordinary_user memctl revert
        [ "$status" -eq 5 ]
}

@test "an ordinary user does not reach the private socket" {
        run as_ordinary_user busctl --address=unix:path=/run/memctl/private call \
                org.memctl /org/memctl org.memctl.Manager1 Apply 'sa{sv}' small 0
        [ "$status" -ne 0 ]
        [ "$(knob swappiness)" = 60 ]
}

@test "an ordinary user cannot take the name on the bus" {
        systemctl stop memctld.service
        run as_ordinary_user busctl call org.freedesktop.DBus /org/freedesktop/DBus \
                org.freedesktop.DBus RequestName su org.memctl 4
        [ "$status" -ne 0 ]
        [[ $output == *'not allowed'* || $output == *denied* ]]
}

@test "root applies over the bus and without it" {
        busctl call org.memctl /org/memctl org.memctl.Manager1 Apply 'sa{sv}' small 0
        [ "$(knob swappiness)" = 61 ]
        memctl revert

        systemctl stop dbus.service dbus.socket
        memctl apply small
        [ "$(knob swappiness)" = 61 ]
        memctl revert
        [ "$(knob swappiness)" = 60 ]
        systemctl start dbus.socket
        until_true 10 state_is reverted
}
