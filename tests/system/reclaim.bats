#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bats: knobs_at_start is of common.bash.
# shellcheck disable=SC2154
# A real regression of reclaim, below any limit: huge pages for a program that uses its memory here
# and there, in a cgroup that is too small for all of it. Each is then made room for in the fault
# itself. That is work of the processor more than of the disk, whose speed is so not what is tested.

load common

cgroup=/memctl-test/memcg
thp=/sys/kernel/mm/transparent_hugepage

setup() {
        [[ -e $cgroup/memory.limit_in_bytes ]] || skip 'no memory cgroup of version 1 here'
        grep -q memctl-test /proc/swaps || skip 'no swap file could be made here'
        mkdir -p /etc/memctl/memctld.conf.d
        printf '[Daemon]\nSampleInterval=2s\n' >/etc/memctl/memctld.conf.d/test.conf
        profile huge <<'END'
profile: huge
summary: huge pages for everybody
transparent_hugepage:
  enabled: always
  defrag: always
watch:
  probation: 10min
  baseline: 2min
  regressions:
    memory.some: {}
END
        echo $((64 * 1024 * 1024)) >"$cgroup/memory.limit_in_bytes"
        /memctl-test/system/load sparse 192 "$cgroup" 3>&- &
        load_pid=$!
        systemctl start memctld.service
}

@test "huge pages in a cgroup that is too small for them are reverted by the comparison" {
        sleep 120
        run timeout 500 memctl apply --wait huge
        kill "$load_pid"
        echo "$output"
        memctl report
        [[ $status == 3 ]]
        memctl events --json=short | grep -q '"reason":"\(regression\|budget\)"'
        [[ $(<"$thp/enabled") == *"[madvise]"* && $(<"$thp/defrag") == *"[madvise]"* ]]
}
