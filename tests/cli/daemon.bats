#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# The verbs that go through memctld, with a real one on a copied machine tree.

load common
load daemon

setup() {
        make_tree x86-16g-zram-6.12 base calm broken giant same
        start_daemon
}

teardown() {
        stop_daemon
}

@test "status of a daemon that has done nothing" {
        memctl status
        expect_status 0
        [[ ${lines[0]} == "● IDLE  no profile is in force" ]]
        memctl status --json=short
        expect_status 0
        ((${#lines[@]} == 1))
        json 'd["state"] == "idle" and d["profile"] is None and d["probation"] is None'
        json 'd["drift"] == [] and d["quarantined"] == [] and d["damaged"] == [] and [e["type"] for e in d["events"]] == ["started"]'
}

@test "apply puts a profile on probation, keep keeps it, revert puts everything back" {
        memctl apply calm
        expect_status 0
        expect output "Applied calm: 4 knobs changed." "10min"
        [[ $(knob swappiness) == 1 && $(knob dirty_bytes) == 268435456 && $(knob dirty_ratio) == 0 ]]
        memctl status
        [[ ${lines[0]} =~ ^●\ ON\ PROBATION\ \ calm\ \ 9min\ 5[0-9]s\ left$ ]]
        expect output "Kept when the time is up, unless stalls rise."
        memctl keep
        expect_status 0
        expect output "Kept calm"
        memctl status
        [[ ${lines[0]} == "● KEPT  calm" ]]
        memctl revert --reason "latency since noon"
        expect_status 0
        expect output "Reverted calm" "latency since noon"
        [[ $(knob swappiness) == 60 && $(knob dirty_bytes) == 0 && $(knob dirty_ratio) == 20 ]]
        memctl status
        [[ ${lines[0]} == "● REVERTED  calm" ]]
        expect output "latency since noon"
}

@test "each changing verb has one JSON object and nothing else" {
        memctl apply calm --json=short
        expect_status 0
        ((${#lines[@]} == 1))
        json 'd["profile"] == "calm" and d["transaction"] > 0 and d["verdict"] is None'
        json '"applied" in [e["type"] for e in d["events"]] and d["message"]'
        memctl status --json=short
        json 'd["state"] == "probation" and d["probation"]["confirm"] is False'
        json '0 < d["probation"]["left-usec"] <= 600000000'
        memctl keep --json=short
        json 'd["done"] == "kept" and [e["type"] for e in d["events"]] == ["kept"]'
        memctl revert --json=short
        json 'd["done"] == "reverted" and "reverted" in [e["type"] for e in d["events"]]'
        memctl reload --json=short
        json 'd["done"] == "reloaded"'
        [[ -z $stderr ]]
}

@test "--quiet says nothing when all is well" {
        memctl apply calm --quiet
        expect_status 0
        [[ -z $output$stderr ]]
        memctl keep -q
        [[ -z $output$stderr ]]
        memctl revert -q
        [[ -z $output$stderr ]]
}

@test "apply --wait ends with 0 when the profile was kept" {
        memctl apply calm --wait --probation 2s
        expect_status 0
        expect output "Applied calm" "Kept calm"
        [[ ${lines[-1]} == "Kept calm"* ]]
        memctl apply base --wait --probation 1s --json=short
        expect_status 0
        json 'd["verdict"] == "kept" and d["message"].startswith("Kept base")'
        json '[e["type"] for e in d["events"]] == ["applied", "kept"]'
}

@test "apply --wait ends with 3 when nobody confirms" {
        memctl apply calm --wait --confirm-within 1s
        expect_status 3
        expect output "Reverted calm"
        [[ $(knob swappiness) == 60 ]]
        memctl apply calm --wait --confirm-within 1s --json=short
        expect_status 3
        json 'd["verdict"] == "reverted"'
}

@test "apply --wait ends with 3 when somebody reverts, and with 0 when somebody keeps" {
        in_background "$MEMCTL" --root "$TREE" apply calm --wait
        until_status probation
        memctl revert --reason "no good"
        finish_background
        expect_status 3
        expect output "no good"

        in_background "$MEMCTL" --root "$TREE" apply calm --wait --confirm-within 1h
        until_status probation
        memctl status
        expect output "Taken back when the time is up, unless you say: memctl keep"
        memctl keep
        finish_background
        expect_status 0
}

@test "Ctrl-C leaves the probation running, says so, and ends with 130" {
        in_background "$MEMCTL" --root "$TREE" apply calm --wait
        until_output "Applied calm"
        sleep 1
        kill -INT "$JOB"
        finish_background
        expect_status 130
        expect output "The probation of calm goes on without this command." "memctl keep"
        until_status probation
}

@test "apply --wait waits for a daemon that is restarted" {
        in_background "$MEMCTL" --root "$TREE" apply calm --wait --probation 3s
        until_status probation
        stop_daemon USR1
        start_daemon
        finish_background
        expect_status 0
        expect output "memctld went away; waiting for it to come back" "memctld is back" "Kept calm"
}

@test "apply --wait tells the verdict that fell while the connection was away" {
        in_background "$MEMCTL" --root "$TREE" apply calm --wait --confirm-within 1s
        until_status probation
        stop_daemon USR1
        sleep 1.2
        start_daemon
        finish_background
        expect_status 3
        expect output "Reverted calm"
}

@test "apply --wait gives up a daemon that does not come back" {
        in_background "$MEMCTL" --root "$TREE" apply calm --wait
        until_status probation
        stop_daemon KILL
        finish_background
        expect_status 6
        expect output "memctld did not come back within 10s"
}

@test "on a terminal apply --wait draws a live line over itself" {
        command -v script >/dev/null || skip "no script(1)"
        TERM=xterm on_terminal "$MEMCTL" --root "$TREE" apply calm --wait --probation 4s
        expect_status 0
        expect output "s left   memory " $'\r\e[K' "Kept calm"
}

@test "a second apply while one is pending is refused, and names it" {
        memctl apply calm
        memctl apply base
        expect_status 3
        expect stderr "memctl: " "calm"
        [[ -z $output && $(knob swappiness) == 1 ]]
}

@test "what the kernel refuses is named, undone, and ends with 3" {
        echo "vm.swappiness EPERM" >"$TREE/fake-kernel.refuse"
        memctl apply calm
        expect_status 3
        expect stderr "vm.swappiness" "Operation not permitted"
        [[ -z $output && $(knob dirty_ratio) == 20 && $(knob dirty_bytes) == 0 ]]
}

@test "profiles that cannot be applied: 1 unknown, 3 invalid or not applicable" {
        memctl apply clam
        expect_status 1
        expect stderr 'there is no profile "clam"' 'did you mean "calm"?'
        memctl apply broken
        expect_status 3
        expect stderr "broken.yaml:5:3: error: " 'did you mean "vm.swappiness"?' "      ^"
        memctl apply giant
        expect_status 3
        expect stderr "needs ram >= 512TiB"
        memctl status --json=short
        json 'd["state"] == "idle"'
}

@test "keep, revert and release with nothing to do end with 3, a wrong number too" {
        memctl keep
        expect_status 3
        [[ -n $stderr && -z $output ]]
        memctl revert
        expect_status 3
        memctl release calm
        expect_status 3
        memctl apply calm
        memctl keep 4711
        expect_status 3
        memctl status --json=short
        json 'd["state"] == "probation"'
}

@test "apply --dry-run asks the daemon and changes nothing" {
        memctl diff calm
        local wanted=$output
        memctl apply calm --dry-run
        expect_status 4
        [[ $output == "$wanted" && $(knob swappiness) == 60 ]]
        memctl apply giant --dry-run
        expect_status 3
        memctl apply clam --dry-run
        expect_status 1
}

@test "apply --dry-run shows what leaving the profile in force puts back" {
        memctl apply calm
        memctl keep
        memctl apply base --dry-run --json=short
        expect_status 4
        json 'any(s["knob"] == "vm.dirty_bytes" or s["knob"] == "vm.dirty_ratio" for s in d["steps"])'
        memctl diff base --json=short
        json 'all(not s["knob"].startswith("vm.dirty_b") for s in d["steps"])'
}

@test "status shows pressure before and since" {
        memctl apply calm
        # The kernel's counters are read once a second at most.
        sleep 1.1
        memctl status
        [[ $output =~ Stalled\ +before\ +since ]]
        [[ $output =~ memory\.some\ +[-0-9.]+\ ?%?\ +0\ % ]]
        memctl status --json=short
        json 'd["probation"]["pressure"]["memory.some"] == 0'
}

@test "drift is shown by status" {
        memctl apply calm
        echo 77 >"$TREE/proc/sys/vm/swappiness"
        memctl status
        expect output "vm.swappiness was set to 1, is 77"
        memctl status --json=short
        json 'd["drift"] == [{"knob": "vm.swappiness", "set": "1", "live": "77", "since-realtime-usec": 0, "writers": ""}]'
        json 'd["conflicts"] == [] and d["hold"] is None'
}

@test "a profile on probation when the machine went down is quarantined until released" {
        memctl apply calm
        stop_daemon KILL
        echo 00000000-0000-4000-8000-00000000beef >"$TREE/proc/sys/kernel/random/boot_id"
        start_daemon
        memctl status
        expect output "Quarantined" "memctl release calm"
        memctl status --json=short
        json 'd["quarantined"] == ["calm"]'
        memctl apply calm
        expect_status 3
        expect stderr "calm" "release"
        memctl release calm
        expect_status 0
        memctl apply calm
        expect_status 0
}

@test "a damaged state file is set aside, and status shows it until it is deleted" {
        memctl apply calm
        memctl keep
        stop_daemon KILL
        sed -i s/calm/clam/ "$TREE/var/lib/memctl/kept"
        start_daemon
        memctl status
        expect_status 0
        expect output "IDLE" "Damaged state" "kept.damaged-" "Which profile was kept is not known"
        memctl status --json=short
        json 'len(d["damaged"]) == 1 and d["damaged"][0].startswith("kept.damaged-")'
        rm "$TREE"/var/lib/memctl/kept.damaged-*
        memctl status
        [[ $output != *"Damaged state"* ]]
}

@test "events lists, counts, and begins where it is told to" {
        memctl apply calm
        memctl keep
        memctl events
        expect_status 0
        [[ ${lines[0]} =~ ^[A-Z][a-z]{2}\ [0-9]{2}\ [0-9:]{8}\ \ started\  ]]
        [[ ${lines[1]} =~ \ \ applied\ +Applied\ calm ]]
        [[ ${lines[2]} =~ \ \ kept\ +Kept\ calm ]]
        memctl events -n 1
        ((${#lines[@]} == 1))
        expect output "Kept calm"
        memctl events -n 0
        [[ -z $output ]]
        memctl events --json=short
        json '[e["type"] for e in d] == ["started", "applied", "kept"] and "vm.swappiness 60 -> 1" in d[1]["fields"]["changed"]'
        memctl events --since 2 --json=short
        json '[e["seq"] for e in d] == [3]'
}

@test "events --follow prints what happens, as JSON one object a line" {
        in_background "$MEMCTL" --root "$TREE" events --follow --json=short
        until_output '"started"'
        memctl apply calm
        memctl keep
        until_output '"kept"'
        kill -INT "$JOB"
        finish_background
        local line
        while read -r line; do
                python3 -c 'import json, sys; json.loads(sys.argv[1])["seq"]' "$line"
        done <<<"$output"
        expect output '"type":"started"' '"type":"applied"' '"type":"kept"'
        (($(grep -c . <<<"$output") == 3))
}

@test "events --follow ends with 6 when the daemon goes away" {
        in_background "$MEMCTL" --root "$TREE" events -f
        until_output started
        stop_daemon KILL
        finish_background
        expect_status 6
        expect output "memctld went away"
}

@test "reload names what is wrong in the configuration" {
        memctl reload
        expect_status 0
        printf '[Daemon]\nRevertOnStopp=yes\n' >"$TREE/etc/memctl/memctld.conf"
        memctl reload
        expect_status 1
        expect stderr "memctld.conf:2:" "RevertOnStop"
}

@test "the private socket is not for others" {
        ((EUID == 0)) || skip "needs two users"
        run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
                "$MEMCTL" --root "$TREE" status
        expect_status 5
        expect stderr "Permission denied"
}
