#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Real OOM kills in a cgroup: the daemon sees them by the kernel's counter, reverts, and the report
# has what the kernel said.

load common

name=memctl-oom
limit=$((16 * 1024 * 1024))
cgroup=/sys/fs/cgroup

# Where version 1 has the memory controller memctld is shown what such a machine looks like: its own
# /sys/fs/cgroup, with both versions.
use_hybrid() {
        [[ -e /memctl-test/memcg/memory.limit_in_bytes ]] || skip 'no memory controller of cgroups here'
        memory=/memctl-test/memcg
        limit_file=memory.limit_in_bytes
        unit_override <<'UNIT'
[Service]
TemporaryFileSystem=/sys/fs/cgroup
BindPaths=/sys/fs/cgroup:/sys/fs/cgroup/unified /memctl-test/memcg:/sys/fs/cgroup/memory
UNIT
}

setup() {
        if grep -qw memory $cgroup/cgroup.controllers; then
                echo +memory >$cgroup/cgroup.subtree_control || skip 'no cgroup may have a limit here'
                memory=$cgroup
                limit_file=memory.max
        else
                use_hybrid
        fi
        for group in "$name" "$name-other"; do
                mkdir -p "$cgroup/$group" "$memory/$group"
                echo $limit >"$memory/$group/$limit_file"
                # No way out by swap.
                if [[ -e $memory/$group/memory.swap.max ]]; then
                        echo 0 >"$memory/$group/memory.swap.max"
                elif [[ -e $memory/$group/memory.swappiness ]]; then
                        echo 0 >"$memory/$group/memory.swappiness"
                fi
        done
        mkdir -p /etc/memctl/memctld.conf.d
        printf '[Daemon]\nSampleInterval=1s\n' >/etc/memctl/memctld.conf.d/test.conf
        systemctl start memctld.service
        profile limited <<'PROFILE'
profile: limited
summary: a harmless knob, and no kill is allowed
sysctl:
  vm.swappiness: 61
watch:
  pressure-of: /memctl-oom
  probation: 5min
  regressions: {}
  limits:
    oom-kill: 1
PROFILE
}

teardown() {
        systemctl stop memctld.service
        rm -rf /etc/memctl /var/lib/memctl /run/systemd/system/memctld.service.d
        systemctl daemon-reload
        for group in "$name" "$name-other"; do
                rmdir "$memory/$group" 2>/dev/null || true
                rmdir "$cgroup/$group" 2>/dev/null || true
        done
        restore_knobs
}

# kill_in GROUP: a process there takes more than there is; the kernel kills it.
kill_in() {
        local status=0

        # shellcheck disable=SC2016 # for the inner shell
        bash -c 'for folder; do echo $$ >"$folder/cgroup.procs"; done
                exec python3 -c "b = bytearray(256 << 20)"' \
                bash "$memory/$1" "$cgroup/$1" || status=$?
        echo "the process in $1 ended with $status"
        ((status == 137))
}

# report EXPRESSION: of r, the latest report.
report() {
        local r

        r=$(memctl report --json=short) || return
        python3 -c 'import json, sys
r = json.loads(sys.argv[1])
sys.exit(not eval(sys.argv[2]))' "$r" "$1"
}

@test "a process that is killed in the profile's cgroup has it reverted, with the kernel's account" {
        local begin

        kill_in "$name" # before the change
        sleep 1         # for the journal to have it
        memctl apply limited
        kill_in "$name-other"
        sleep 2
        state_is probation
        begin=${EPOCHREALTIME/./}
        kill_in "$name"
        until_true 10 state_is reverted
        echo "reverted $(((${EPOCHREALTIME/./} - begin) / 1000)) ms after the process was started" >&3
        no_knob_changed
        journal_has MEMCTL_EVENT=oom-kill MEMCTL_PROFILE=limited
        journal_has MEMCTL_EVENT=reverted MEMCTL_PROFILE=limited
        until_true 60 report '"not read yet" not in str(r["oom"]["note"])'
        memctl events
        memctl report
        report 'r["verdict"] == "revert" and r["reason"] == "oom" and r["oom"]["killed"] == 1'
        if ! journalctl --quiet --dmesg --lines=1 --output=cat | grep -q .; then
                # As on any machine whose journal has nothing of the kernel.
                report '"no message of the kernel" in r["oom"]["note"] and not r["oom"]["events"]'
                skip 'the journal of a container without /dev/kmsg has no account of the kernel'
        fi
        report 'r["oom"]["note"] is None and len(r["oom"]["events"]) == 1'
        report 'r["oom"]["events"][0]["victim"]["comm"] == "python3"'
        report 'r["oom"]["events"][0]["diagnosis"]["class"] == "memcg-limit"'
        report 'r["oom"]["events"][0]["memcg"]["limit_kb"] == 16384'
        run memctl report
        [[ $output == *"python3 ("*"at the limit of "*"/$name"* ]]
}

@test "a restart in the middle of a probation loses no kill and counts none twice" {
        sed -i 's/oom-kill: 1/oom-kill: 3/' /etc/memctl/profiles/limited.yaml
        memctl apply limited
        kill_in "$name"
        until_true 10 report 'r["oom"] and r["oom"]["killed"] == 1'
        systemctl restart memctld.service
        sleep 2
        state_is probation
        report 'r["oom"]["killed"] == 1'
        kill -KILL "$(main_pid)"
        kill_in "$name"
        until_true 20 report 'r["oom"]["killed"] == 2'
        state_is probation
        kill_in "$name"
        until_true 10 state_is reverted
        report 'r["reason"] == "oom" and r["oom"]["killed"] == 3'
        no_knob_changed
}
