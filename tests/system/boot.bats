#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The ground the other system tests stand on.

load common

@test "systemd is PID 1 and nothing failed" {
        [ "$(cat /proc/1/comm)" = systemd ]
        until_true 20 test "$(systemctl is-system-running)" != starting
        run systemctl is-system-running
        [ "$output" = running ] || { systemctl --failed --no-legend; false; }
}

@test "the system bus answers" {
        busctl --system call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus GetId
}

@test "polkit is activated and knows the actions of memctl" {
        run pkaction
        [ "$status" -eq 0 ]
        for action in apply keep revert release reload; do
                [[ $output == *"org.memctl.$action"* ]]
        done
}

@test "a knob of the live kernel can be written" {
        before=$(knob swappiness)
        knob swappiness 61
        [ "$(knob swappiness)" -eq 61 ]
        knob swappiness "$before"
        [ "$(knob swappiness)" -eq "$before" ]
}
