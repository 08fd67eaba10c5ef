#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The main job: real pressure, a real trigger, and the daemon acts by itself.

load common

# shellcheck source=SCRIPTDIR/workload.sh
. /memctl-test/system/workload.sh

# A third of the time at most, whatever the disk.
stall_a_little() {
        while :; do
                timeout 0.3 dd if=/dev/zero of=/memctl-test/disk/little conv=notrunc oflag=dsync \
                        bs=4k count=4096 status=none || true
                sleep 0.7
        done
}

# has_stalled_for USEC SINCE
has_stalled_for() {
        (($(stalled_usec) - $2 >= $1))
}

setup() {
        # A folder of the host's disk: the root here is in memory.
        workload_start /memctl-test/disk/file /nonexistent 64
        systemctl start memctld.service
}

teardown() {
        [[ -z ${little:-} ]] || kill "$little"
        workload_stop
        systemctl stop memctld.service
        rm -rf /etc/memctl/profiles /var/lib/memctl
        restore_knobs
}

profile_throttle() {
        profile throttle <<'END'
profile: throttle
summary: a dirty limit so small that writers crawl
sysctl:
  vm.dirty_bytes: 64KiB
  vm.dirty_background_bytes: 32KiB
watch:
  probation: 1min
  limits:
    io.some: 5% over 2s
END
}

@test "a throttled writer makes the daemon revert by itself" {
        profile_throttle
        run timeout 50 memctl apply --wait throttle
        echo "$output"
        [ "$status" -eq 3 ]
        state_is reverted
        no_knob_changed
        journal_has MEMCTL_EVENT=limit MEMCTL_PROFILE=throttle
        journal_has MEMCTL_EVENT=reverted MEMCTL_PROFILE=throttle
}

@test "a harmless profile with the same limit is kept" {
        profile calm <<'END'
profile: calm
summary: nothing that a writer could feel
sysctl:
  vm.swappiness: 61
watch:
  probation: 5s
  limits:
    io.some: 50% over 2s
END
        run timeout 50 memctl apply --wait calm
        echo "$output"
        [ "$status" -eq 0 ]
        state_is kept
        [ "$(knob swappiness)" = 61 ]
        memctl revert
}

@test "a restart takes no stalls from before for new ones" {
        profile calm <<'END'
profile: calm
summary: nothing that a writer could feel
sysctl:
  vm.swappiness: 61
watch:
  probation: 5min
  limits:
    io.some: 40% over 2s
END
        stall_a_little 3>&- & # bats waits for whoever holds 3
        little=$!
        memctl apply calm
        # More in all than the limit allows in a window, but never in one window.
        until_true 180 has_stalled_for 1000000 "$(stalled_usec)"
        systemctl restart memctld.service
        sleep 5
        state_is probation
        memctl revert
}
