#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# What memctld makes of pressure that rises after a change, on a copied tree whose pressure files a
# loop writes; and how a trial is begun and ended. Blocks are of 2 s, the shortest there are.

load common
load daemon

setup() {
        make_tree x86-16g-zram-6.12
        mkdir -p "$TREE/etc/memctl/memctld.conf.d"
        printf '[Daemon]\nSampleInterval=1s\n' >"$TREE/etc/memctl/memctld.conf.d/test.conf"
}

teardown() {
        [[ -z ${STALLS:-} ]] || kill "$STALLS" 2>/dev/null || true
        stop_daemon
}

# write_profile NAME KNOB-LINES [WATCH-LINES]
write_profile() {
        printf 'profile: %s\nsummary: A profile for this test\n%b\nwatch:\n  probation: 5min\n%b\n' \
                "$1" "$2" "${3:-}" >"$TREE/etc/memctl/profiles/$1.yaml"
}

# The share in $TREE/stalled (1/1000 of the time) is what io.full is stalled from now on.
begin_stalls() {
        echo "$1" >"$TREE/stalled"
        python3 - "$TREE" 3>&- <<'END' &
import random, sys, time
tree, total, last = sys.argv[1], 0.0, time.monotonic()
random.seed(5)
while True:
    now = time.monotonic()
    with open(tree + "/stalled", encoding="ascii") as file:
        share = int(file.read() or 0) / 1000
    total += (now - last) * min(1.0, share * (0.5 + random.random()))
    last = now
    zero = "avg10=0.00 avg60=0.00 avg300=0.00 total="
    with open(tree + "/pressure.new", "w", encoding="ascii") as file:
        file.write(f"some {zero}{int(total * 1e6)}\nfull {zero}{int(total * 1e6)}\n")
    with open(tree + "/pressure.new", encoding="ascii") as new:
        text = new.read()
    with open(tree + "/proc/pressure/io", "w", encoding="ascii") as file:
        file.write(text)
    time.sleep(0.1)
END
        STALLS=$!
}

# until_event TYPE SECONDS: the last event of that type is in $output then, as JSON.
until_event() {
        local attempt
        for ((attempt = 0; attempt < $2 * 4; attempt++)); do
                memctl events --json=short
                output=$(python3 -c 'import json, sys
found = [e for e in json.load(sys.stdin) if e["type"] == sys.argv[1]]
print(json.dumps(found[-1]) if found else "")' "$1" <<<"$output")
                [[ -z $output ]] || return 0
                sleep 0.25
        done
        memctl events
        echo "no $1: $output"
        return 1
}

@test "stalls that rise after a change are reverted, with the evidence in event and report" {
        write_profile worse 'sysctl:\n  vm.swappiness: 1'
        begin_stalls 2
        start_daemon
        sleep 40
        memctl apply worse
        expect_status 0
        memctl status
        expect output "unless stalls rise"
        echo 400 >"$TREE/stalled"
        until_event reverted 100
        json 'd["fields"]["reason"] in ("regression", "budget") and d["fields"]["metric"] == "io.full"'
        json '"io.full-mean-before" in d["fields"] and "it regressed" in d["message"]'
        [[ $(knob swappiness) == 60 ]]
        memctl report --json=short
        expect_status 0
        json 'd["profile"] == "worse" and d["state"] == "reverted" and len(d["blocks"]) > 20'
        memctl report
        expect output "io.full" "vm.swappiness"
}

@test "on-regression: report tells and changes nothing; a restart in between loses nothing" {
        write_profile told 'sysctl:\n  vm.swappiness: 1' '  on-regression: report'
        begin_stalls 2
        start_daemon
        sleep 40
        memctl apply told
        echo 400 >"$TREE/stalled"
        sleep 4
        stop_daemon USR1
        start_daemon
        memctl status --json=short
        json 'd["state"] == "probation" and d["probation"]["baseline-blocks"] > 10'
        until_event regression 100
        json '"stays in force" in d["message"] and d["fields"]["verdict"] == "revert"'
        [[ $(knob swappiness) == 1 ]]
        memctl keep
        memctl report --json=short
        json 'd["state"] == "kept" and d["profile"] == "told"'
}

@test "on-regression: confirm says what no trial can confirm" {
        write_profile sticky 'transparent_hugepage:\n  enabled: never' '  on-regression: confirm'
        begin_stalls 2
        start_daemon
        sleep 40
        memctl apply sticky
        echo 400 >"$TREE/stalled"
        until_event regression 100
        json 'd["fields"]["confirmation"] == "not confirmed" and "no proof" in d["message"]'
        memctl status --json=short
        json 'd["state"] == "reverted"'
}

@test "a trial begins, shows itself, and a stop puts back what was in force" {
        write_profile fast 'sysctl:\n  vm.dirty_expire_centisecs: 500'
        start_daemon
        memctl trial fast --block 20s
        expect_status 0
        expect output "The trial of fast against what is in force began: io.full in blocks of 20s"
        memctl status
        expect output "ON TRIAL  fast" "against what was in force, block 1 of 60" "memctl trial --stop"
        memctl status --json=short
        json 'd["state"] == "trial" and d["trial"]["blocks"] == 60 and d["trial"]["metric"] == "io.full"'
        memctl apply fast
        expect_status 3
        expect stderr "on trial"
        memctl keep
        expect_status 3
        memctl trial --stop
        expect_status 0
        expect output "void: a person stopped it"
        [[ $(knob dirty_expire_centisecs) == 3000 ]]
        memctl report --json=short
        json 'd["trial"]["effect"] is None and d["profile"] == "fast" and d["state"] == "trial"'
        memctl trial --stop
        expect_status 3
}

@test "a trial ends with the daemon, by a stop, a restart or a crash" {
        write_profile fast 'sysctl:\n  vm.dirty_expire_centisecs: 500'
        local signal
        for signal in TERM USR1 KILL; do
                start_daemon
                memctl trial fast --block 20s
                expect_status 0
                stop_daemon "$signal"
                start_daemon
                memctl status --json=short
                json 'd["state"] in ("idle", "reverted")'
                [[ $(knob dirty_expire_centisecs) == 3000 ]]
                [[ ! -e $TREE/var/lib/memctl/pending ]]
                stop_daemon
        done
}

@test "what cannot be on trial is refused, with the reason" {
        write_profile slow 'transparent_hugepage:\n  enabled: never'
        write_profile fast 'sysctl:\n  vm.dirty_expire_centisecs: 500'
        write_profile same 'sysctl:\n  vm.dirty_expire_centisecs: 3000'
        start_daemon
        memctl trial slow
        expect_status 3
        expect stderr "transparent_hugepage.enabled takes too long"
        memctl trial same
        expect_status 3
        expect stderr "nothing to compare"
        memctl trial fast --block 15s
        expect_status 1
        expect stderr "the block is too short"
        memctl trial fast --washout 2s
        expect_status 1
        expect stderr "the washout is too short"
        memctl trial fast --duration 3min
        expect_status 1
        expect stderr "the duration is too short"
        memctl trial fast none-such
        expect_status 1
        memctl trial
        expect_status 2
        memctl trial fast --metric io.none
        expect_status 2
        memctl status --json=short
        json 'd["state"] == "idle" and d["trial"] is None'
}
