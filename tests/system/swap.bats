#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bats: knobs_at_start is of common.bash.
# shellcheck disable=SC2154
# A real regression of swap, below any limit, in a cgroup that is too small for its load.

load common

cgroup=/memctl-test/memcg

setup() {
        [[ -e $cgroup/memory.limit_in_bytes ]] || skip 'no memory cgroup of version 1 here'
        grep -q memctl-test /proc/swaps || skip 'no swap file could be made here'
        knob page-cluster 3
        knobs_save "$knobs_at_start"
        mkdir -p /etc/memctl/memctld.conf.d
        printf '[Daemon]\nSampleInterval=2s\n' >/etc/memctl/memctld.conf.d/test.conf
        profile readahead <<'END'
profile: readahead
summary: each page from swap by itself
sysctl:
  vm.page-cluster: 0
watch:
  probation: 10min
  baseline: 3min
  # Not io.full: that is zero while any other program of the machine finds work to do.
  regressions:
    io.some: {}
END
        echo $((64 * 1024 * 1024)) >"$cgroup/memory.limit_in_bytes"
        /memctl-test/system/load touch 128 4000 "$cgroup" 3>&- &
        touch_pid=$!
        sleep 60 # to be compared with is what it does when all of it has been in swap once
        systemctl start memctld.service
}

@test "swap without readahead is reverted by the comparison" {
        sleep 150
        run timeout 500 memctl apply --wait readahead
        kill "$touch_pid"
        echo "$output"
        memctl report
        [ "$status" -eq 3 ]
        memctl events --json=short | grep -q '"reason":"\(regression\|budget\)"'
        [[ $(knob page-cluster) == 3 ]]
}
