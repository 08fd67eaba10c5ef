#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bats: knobs_at_start is of common.bash.
# shellcheck disable=SC2154
# Real regressions below any limit, found by the comparison with the time before, and by a trial.
# Samples are taken each 2 s, so that two minutes are a time to compare with.

load common

setup_file() {
        knob dirty_ratio 20
        knob dirty_background_ratio 10
        knobs_save "$knobs_at_start"
        mkdir -p /etc/memctl/memctld.conf.d
        printf '[Daemon]\nSampleInterval=2s\n' >/etc/memctl/memctld.conf.d/test.conf
        profile tiny <<'END'
profile: tiny
summary: dirty limits so small that writers wait
sysctl:
  vm.dirty_bytes: 64KiB
  vm.dirty_background_bytes: 32KiB
watch:
  probation: 10min
  # Not io.full: that is zero while any other program of the machine finds work to do.
  regressions:
    io.some: {}
  on-regression: confirm
END
        profile equal <<'END'
profile: equal
summary: nothing that a writer could feel
sysctl:
  vm.dirty_writeback_centisecs: 501
watch:
  probation: 90s
END
        /memctl-test/system/load write /memctl-test/disk/judged 3>&- &
        echo $! >/run/memctl-test.load
        systemctl start memctld.service
        sleep 120
}

teardown_file() {
        kill "$(</run/memctl-test.load)" 2>/dev/null || true
        systemctl stop memctld.service
        rm -rf /etc/memctl/profiles /etc/memctl/memctld.conf.d /var/lib/memctl
        restore_knobs
}

# The daemon goes on from test to test: its samples are what the next is compared with.
teardown() {
        restore_knobs
}

# last_event TYPE EXPRESSION: of the last event of that type (e, its fields f).
last_event() {
        memctl events --json=short >/run/memctl-test.events
        python3 -c 'import json, sys
e = [e for e in json.load(sys.stdin) if e["type"] == sys.argv[1]][-1]
f = e["fields"]
print(e["message"])
sys.exit(not eval(sys.argv[2]))' "$1" "$2" </run/memctl-test.events
}

dirty_is_tiny() {
        [[ $(knob dirty_bytes) == 65536 ]]
}

@test "an equal profile under the same bursty load is kept" {
        run timeout 150 memctl apply --wait equal
        echo "$output"
        [ "$status" -eq 0 ]
        last_event kept 'f["verdict"] in ("keep", "inconclusive") and "io.full-mean-before" in f'
        memctl revert
}

@test "a tiny dirty limit is reverted by the comparison, over a restart of the daemon" {
        sleep 70 # what settles after a change is no time to compare with
        memctl apply tiny
        sleep 6
        systemctl restart memctld.service
        state_is probation
        until_true 240 state_is reverted
        last_event reverted 'f["reason"] in ("regression", "budget") and f["metric"].startswith("io.")'
        no_knob_changed
        memctl report | head -n 30
        memctl report --html /run/memctl-test.html
        grep -q '<svg' /run/memctl-test.html
}

@test "the daemon's own trial confirms that regression" {
        until_true 120 state_is trial
        # 14 blocks of 30 s if nothing else writes; a trial looks again after 17, 20, 24, 29 and 35
        until_true 1100 state_is idle
        last_event regression 'f["confirmation"] == "confirmed"'
        no_knob_changed
}

@test "a trial of the two finds the worse one, and puts back what was in force" {
        run timeout 900 memctl trial tiny equal --metric io.some --block 20s --wait --json=short
        echo "$output"
        [ "$status" -eq 0 ]
        last_event trial 'f["effect"] == "worse" and f["metric"] == "io.some" and float(f["p"]) < 0.001'
        no_knob_changed
}

@test "a killed daemon leaves no trial behind" {
        memctl trial tiny --block 20s
        until_true 300 dirty_is_tiny
        systemctl kill --signal=KILL memctld.service
        until_true 20 no_knob_changed
        until_true 20 state_is reverted
        last_event recovered '"trial" in e["message"]'
}
