#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# memctld as a unit: start, stop, restart, reload, watchdog, activation.

load common

@test "start makes the service ready and writes no knob" {
        systemctl start memctld.service
        [ "$(systemctl is-active memctld.service)" = active ]
        state_is idle
        no_knob_changed
}

@test "once it is started whoever asks finds it, also where the bus starts with it" {
        for _ in 1 2 3; do
                systemctl stop memctld.service dbus.service
                systemctl start dbus.socket
                systemctl start memctld.service
                as_ordinary_user memctl status
                systemctl restart memctld.service
                as_ordinary_user memctl status
        done
}

@test "the bus starts the service when somebody asks" {
        run systemctl is-active memctld.service
        [ "$output" = inactive ]
        state_is idle
        [ "$(systemctl is-active memctld.service)" = active ]
}

@test "introspection shows the interface" {
        systemctl start memctld.service
        run busctl introspect org.memctl /org/memctl org.memctl.Manager1
        [ "$status" -eq 0 ]
        for member in .Apply .Keep .Revert .Plan .ListProfiles .GetProfile .ListEvents .Release \
                .Reload .State .Profile .Transaction .Probation .Drift .Quarantined .Event; do
                [[ $output == *"$member "* ]] || { echo "no $member in: $output"; false; }
        done
}

@test "restart writes no knob and the probation goes on" {
        profile small <<'END'
profile: small
summary: a probe for writes
sysctl:
  vm.swappiness: 61
transparent_hugepage:
  enabled: always
END
        systemctl start memctld.service
        memctl apply small
        state_is probation
        id=$(property Transaction)

        # Any write to "enabled", even of the same value, makes the kernel compute this one anew.
        knob min_free_kbytes 70001
        # And no other value of ours appears, however shortly.
        (while [ "$(</proc/sys/vm/swappiness)" = 61 ]; do :; done; echo changed >/run/changed) &
        watcher=$!
        systemctl restart memctld.service
        kill "$watcher"
        [ ! -e /run/changed ]
        [ "$(knob min_free_kbytes)" = 70001 ]

        state_is probation
        [ "$(property Transaction)" = "$id" ]
        journal_has MEMCTL_EVENT=adopted MEMCTL_PROFILE=small
        memctl revert
        [ "$(knob swappiness)" = 60 ]
}

@test "stop reverts a profile on probation" {
        profile_small
        systemctl start memctld.service
        memctl apply small
        [ "$(knob swappiness)" = 61 ]
        systemctl stop memctld.service
        no_knob_changed
}

@test "a kept profile stays in force over stop and start" {
        profile_small
        systemctl start memctld.service
        memctl apply small
        memctl keep
        state_is kept
        systemctl stop memctld.service
        [ "$(knob swappiness)" = 61 ]
        [ "$(knob vfs_cache_pressure)" = 101 ]
        systemctl start memctld.service
        state_is kept
        [ "$(property Profile)" = small ]
        memctl revert
        no_knob_changed
}

@test "with RevertOnStop=yes stop reverts a kept profile too" {
        profile_small
        install -D -m 0644 /dev/stdin /etc/memctl/memctld.conf.d/test.conf \
                <<<$'[Daemon]\nRevertOnStop=yes'
        systemctl start memctld.service
        memctl apply small
        memctl keep
        systemctl stop memctld.service
        no_knob_changed
}

@test "a killed daemon is started again and takes the probation over" {
        profile_small
        systemctl start memctld.service
        memctl apply small
        id=$(property Transaction) pid=$(main_pid)
        kill -KILL "$pid"
        until_true 10 is_restarted_after "$pid"
        [ "$(knob swappiness)" = 61 ]
        state_is probation
        [ "$(property Transaction)" = "$id" ]
        memctl revert
        no_knob_changed
}

@test "the watchdog is fed" {
        unit_override <<<$'[Service]\nWatchdogSec=2s'
        systemctl start memctld.service
        pid=$(main_pid)
        [ "$(systemctl show -p WatchdogUSec --value memctld.service)" = 2s ]
        sleep 5
        [ "$(main_pid)" = "$pid" ]
        [ "$(systemctl show -p NRestarts --value memctld.service)" = 0 ]
}

@test "a daemon that hangs is killed by the watchdog and started again" {
        unit_override <<<$'[Service]\nWatchdogSec=2s\nTimeoutAbortSec=1s\nLimitCORE=0'
        systemctl start memctld.service
        pid=$(main_pid)
        kill -STOP "$pid"
        until_true 15 is_restarted_after "$pid"
        state_is idle
}

@test "reload takes a new configuration and refuses a bad one" {
        systemctl start memctld.service
        pid=$(main_pid)
        install -D -m 0644 /dev/stdin /etc/memctl/memctld.conf.d/test.conf \
                <<<$'[Daemon]\nLogLevel=debug'
        systemctl reload memctld.service
        journal_has MEMCTL_EVENT=reloaded

        echo 'LogLevel=loud' >>/etc/memctl/memctld.conf.d/test.conf
        run systemctl reload memctld.service
        [ "$status" -ne 0 ]
        run memctl reload
        [ "$status" -ne 0 ]
        [[ $output == *memctld.conf.d/test.conf:3* ]]
        [ "$(main_pid)" = "$pid" ]
        state_is idle
}

@test "the journal has each event with its fields and its text from the catalog" {
        profile_small
        systemctl start memctld.service
        memctl apply small
        memctl revert
        journal_has MEMCTL_EVENT=applied MEMCTL_PROFILE=small _SYSTEMD_UNIT=memctld.service \
                MESSAGE_ID=377d4271d691455484d880fe6eccfe99
        journal_has MEMCTL_EVENT=reverted MEMCTL_PROFILE=small \
                MESSAGE_ID=432379d2b9db428c91aa364080f6e1c4
        run journalctl --catalog --unit memctld.service
        [[ $output == *'Profile small is in force and on probation'* ]]
}
