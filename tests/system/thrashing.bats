#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bats: knobs_at_start is of common.bash.
# shellcheck disable=SC2154
# The worst of times: the daemon in a cgroup that thrashes, the disk of its state full, and each
# request of it for memory refused. It takes the change back, and lives.

load common

memcg=/memctl-test/memcg flag=/memctl-test/no-memory state=/var/lib/memctl

setup() {
        [[ -e $memcg/memory.limit_in_bytes ]] || skip 'no memory cgroup of version 1 here'
        grep -q memctl-test /proc/swaps || skip 'no swap file could be made here'
        rm -f "$flag"
        mkdir -p "$state"
        mount -t tmpfs -o size=128k,mode=0700 tmpfs "$state"
        unit_override <<<$'[Service]\nEnvironment=LD_PRELOAD=/memctl-test/system/no-memory.so'
        systemctl start memctld.service
        pid=$(main_pid)
        echo $((64 * 1024 * 1024)) >"$memcg/memory.limit_in_bytes"
        profile harm <<'END2'
profile: harm
summary: a limit that somebody else's thrashing exceeds
sysctl:
  vm.swappiness: 61
  vm.dirty_bytes: 64MiB
  vm.min_free_kbytes: 40MiB
transparent_hugepage:
  enabled: never
watch:
  probation: 10min
  limits:
    memory.some: 5% over 2s
END2
}

teardown() {
        rm -f "$flag"
        [[ -z ${thrash_pid:-} ]] || kill "$thrash_pid" 2>/dev/null || true
        systemctl stop memctld.service
        while mountpoint --quiet "$state"; do umount --lazy "$state"; done
        rm -rf /etc/memctl/profiles "$state" /run/systemd/system/memctld.service.d
        systemctl daemon-reload
        restore_knobs
}

is_as_before() {
        [[ -z $(knobs_changed "$knobs_at_start") ]]
}

# What memctld is charged from now on is reclaimed from its neighbour, or is waited for.
thrash_with_memctld() {
        echo "$pid" >"$memcg/cgroup.procs"
        /memctl-test/system/load touch 128 4000 "$memcg" 3>&- &
        thrash_pid=$!
}

fill_disk() {
        dd if=/dev/zero of="$state/fill" bs=4k 2>/dev/null || true
        run dd if=/dev/zero of="$state/more" bs=4k count=1
        [ "$status" -ne 0 ]
}

@test "with no memory, no disk and in a cgroup that thrashes the change is taken back" {
        memctl apply harm
        [ "$(knob swappiness)" = 61 ]
        fill_disk
        : >"$flag"
        thrash_with_memctld
        begin=${EPOCHREALTIME/./}
        until_true 40 is_as_before || { knobs_changed "$knobs_at_start"; false; }
        echo "# taken back $(((${EPOCHREALTIME/./} - begin) / 1000)) ms after the thrashing began" >&3
        # The watchdog is fed meanwhile: twice in its 30 s.
        sleep 32
        [ "$(main_pid)" = "$pid" ]
        rm "$flag" "$state/fill"
        state_is reverted
        [ "$(main_pid)" = "$pid" ]
        no_knob_changed
        journalctl --sync
        journalctl --quiet --output=cat _PID="$pid" | grep 'Reverted harm: '

        # And the next process finds nothing that it would have to undo.
        systemctl restart memctld.service
        state_is idle
        no_knob_changed
}

@test "in the same place with memory and disk the event tells all of it" {
        memctl apply harm
        thrash_with_memctld
        begin=${EPOCHREALTIME/./}
        until_true 40 is_as_before
        echo "# taken back $(((${EPOCHREALTIME/./} - begin) / 1000)) ms after the thrashing began" >&3
        until_true 20 state_is reverted
        journal_has MEMCTL_EVENT=limit MEMCTL_PROFILE=harm
        journal_has MEMCTL_EVENT=reverted MEMCTL_PROFILE=harm
}
