#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# What memctld does of itself: drift, conflicts, the boot guard and the hold, as the command shows
# them.

load common
load daemon

setup() {
        make_tree x86-16g-zram-6.12 base calm
        start_daemon
}

teardown() {
        stop_daemon
}

# watchful: the daemon looks at the knobs each second.
watchful() {
        printf '[Daemon]\nSampleInterval=1s\nDriftInterval=1s\n' >"$TREE/etc/memctl/memctld.conf"
        stop_daemon USR1
        start_daemon
}

# until_event TYPE: memctld has told it within 5 s; the events are in $output.
until_event() {
        local attempt
        for ((attempt = 0; attempt < 50; attempt++)); do
                memctl events --json=short
                [[ $output == *"\"type\":\"$1\""* ]] && return 0
                sleep 0.1
        done
        echo "never $1: $output"
        return 1
}

# held WHY: a state file of three automatic reverts a minute ago.
held() {
        python3 -c 'import json, sys, time, zlib
tree, why = sys.argv[1:]
with open(tree + "/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
    boot_id = file.read().strip()
at = int((time.clock_gettime(time.CLOCK_BOOTTIME) - 60) * 1e6)
reverts = [{"id": id, "profile": "calm", "why": why, "at": at} for id in (7, 8, 9)]
text = json.dumps({"boot-id": boot_id, "reverts": reverts}, separators=(",", ":"))
with open(tree + "/var/lib/memctl/hold", "w", encoding="ascii") as file:
    file.write(f"memctl1 {zlib.crc32(text.encode()):08x} {text}\n")' "$TREE" "$1"
}

@test "drift is told once, with who else sets the knob; apply and status name the conflict" {
        mkdir -p "$TREE/etc/sysctl.d"
        echo "vm.swappiness = 77" >"$TREE/etc/sysctl.d/50-x.conf"
        watchful
        memctl apply calm
        expect output "sysctl.d sets vm.swappiness to 77 ($TREE/etc/sysctl.d/50-x.conf:1)"
        echo 77 >"$TREE/proc/sys/vm/swappiness"
        until_event drift
        json '[e["fields"]["live"] for e in d if e["type"] == "drift"] == ["77"]'
        json 'all("50-x.conf:1" in e["fields"]["writers"] for e in d if e["type"] == "drift")'
        memctl status
        expect output "Set otherwise by others:" "vm.swappiness was set to 1, is 77 since " \
                "    sysctl.d sets vm.swappiness to 77 ($TREE/etc/sysctl.d/50-x.conf:1)"
        memctl status --json=short
        json 'len(d["conflicts"]) == 1 and d["drift"][0]["since-realtime-usec"] > 0'
        json 'd["drift"][0]["writers"] == d["conflicts"][0]'
}

@test "drift: repair and yield, for a profile and for one of its values" {
        cat >"$TREE/etc/memctl/profiles/fights.yaml" <<'END'
profile: fights
summary: Sets again what somebody else changes, but for one
drift: repair
sysctl:
  vm.swappiness: 1
  vm.page-cluster: {value: 0, drift: yield}
END
        memctl show fights
        expect output "a value that is changed from outside: repair" \
                "vm.page-cluster, when it is changed from outside: yield"
        memctl show fights --json=short
        json 'd["drift"] == "repair" and sorted(s["drift"] for s in d["settings"]) == ["repair", "yield"]'
        watchful
        memctl apply fights
        echo 77 >"$TREE/proc/sys/vm/swappiness"
        echo 5 >"$TREE/proc/sys/vm/page-cluster"
        until_event repaired
        until_event yielded
        [[ $(knob swappiness) == 1 && $(knob page-cluster) == 5 ]]
        memctl revert
        [[ $(knob swappiness) == 60 && $(knob page-cluster) == 5 ]]
}

@test "a kept profile whose machine went down soon after is quarantined, told at each start" {
        memctl apply calm
        memctl keep
        stop_daemon KILL
        echo 00000000-0000-4000-8000-00000000beef >"$TREE/proc/sys/kernel/random/boot_id"
        start_daemon
        memctl status
        expect output "no profile is in force" "Quarantined" "memctl release calm" "BootGuard="
        memctl apply calm
        expect_status 3
        expect stderr "within 10min of its apply" "memctl release calm"
        stop_daemon USR1
        start_daemon
        memctl events --json=short
        json '[e["type"] for e in d].count("quarantined") == 2'
        memctl release calm
        memctl apply calm
        expect_status 0
}

@test "a hold is shown with its reverts, refuses with 3, and release without a name ends it" {
        stop_daemon USR1
        held "stalls rose after it was applied"
        start_daemon
        memctl status
        expect output "Held: nothing is applied for 5" "(memctl release)" \
                "calm (transaction 9): stalls rose after it was applied"
        memctl status --json=short
        json 'len(d["hold"]["reverts"]) == 3 and 3400e6 < d["hold"]["left-usec"] <= 3600e6'
        memctl apply calm
        expect_status 3
        expect stderr "3 automatic reverts within an hour" "memctl release"
        memctl trial calm
        expect_status 3
        memctl release
        expect_status 0
        memctl release
        expect_status 3
        memctl status --json=short
        json 'd["hold"] is None'
        memctl apply calm
        expect_status 0
}
