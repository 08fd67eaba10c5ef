#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# memctl oom: a log as text, and the system journal.

load common

WRITER=/usr/lib/systemd/systemd-journal-remote
# 2026-11-27 00:00 UTC
DAY=1795737600

setup() {
        TREE=$BATS_TEST_TMPDIR/tree
        mkdir -p "$TREE"
        DUMP=$MEMCTL_SOURCE_ROOT/tests/dumps/memcg1-6.18.log
}

# entries BOOT HOUR [FILE]: a log as the kernel's entries of that hour, in the journal's own format;
# without a file one message that is no OOM.
entries() {
        local boot line n=0
        boot=$(printf "%.0s$1" {1..32})
        while IFS= read -r line; do
                printf '__REALTIME_TIMESTAMP=%d\n' $(((DAY + $2 * 3600) * 1000000 + n++))
                printf '__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n' "$n" "$boot"
                printf '_TRANSPORT=kernel\nMESSAGE=%s\n\n' "$line"
        done < <(sed 's/^\[[ 0-9.]*\] //' "${3:-/dev/stdin}" <<<"usb 1-1: new device")
}

# journal: entries on standard input become the tree's system journal.
journal() {
        local folder=$TREE/var/log/journal/0123456789abcdef0123456789abcdef
        [[ -x $WRITER ]] || skip "systemd-journal-remote is not installed"
        mkdir -p "$folder"
        "$WRITER" -o "$folder/system.journal" - >"$BATS_TEST_TMPDIR/writer" 2>&1
}

@test "it tells of a kill in a few lines, on one, and as JSON" {
        local dump=$MEMCTL_SOURCE_ROOT/tests/dumps/memcg1-6.18.log
        memctl oom "$dump"
        expect_status 0
        expect output "1. OOM kill" "killed     python3 (9295)" "its limit of 20480 kB" \
                "at         [7578.173381] seconds after boot"
        memctl oom --list "$dump"
        [[ $output == "1 [7578.173381] oom-kill killed python3 (9295), memcg-limit" ]]
        memctl oom --json=short "$dump"
        ((${#lines[@]} == 1))
        json 'len(d) == 1 and d[0]["victim"]["anon_rss_kb"] == 20096'
        json 'd[0]["gfp_flags"] == ["GFP_KERNEL"] and d[0]["memcg"] == {"usage_kb": 20480, "limit_kb": 20480}'
        json 'd[0]["time"] is None and d[0]["time_printed"] == "[7578.173381]"'
        json 'd[0]["kernel"] == "6.18.44-fc-v669" and d[0]["gfp_flags_implied"] is False'
        json 'd[0]["swap"] is None and d[0]["zones"] is None and d[0]["group_victims"] is None'
        memctl oom --json=pretty "$dump"
        json 'd[0]["tasks"][0]["rss_pages"] == 6661 and d[0]["complete"]'
}

@test "it reads standard input, and says when there is no event" {
        # shellcheck disable=SC2016 # for the inner shell
        run --separate-stderr bash -c '"$1" oom --list - <"$2"' bash "$MEMCTL" \
                "$MEMCTL_SOURCE_ROOT/tests/dumps/memcg1-6.18.log"
        expect_status 0
        expect output "python3"
        memctl oom /dev/null
        expect_status 0
        [[ -z $output ]]
        expect stderr "no OOM kill"
        memctl oom --json=short /dev/null
        [[ $output == "[]" && -z $stderr ]]
}

@test "it says which log it cannot read" {
        memctl oom /nowhere/at/all
        expect_status 1
        expect stderr "/nowhere/at/all"
        memctl oom /
        expect_status 1
}

@test "nothing in a log reaches the terminal as it is" {
        printf '[    1.000000] Out of memory: Killed process 7 (\033[31m\377\233x) total-vm:1kB, anon-rss:2kB\n' \
                >"$BATS_TEST_TMPDIR/log"
        memctl oom "$BATS_TEST_TMPDIR/log"
        [[ $output != *$'\033'* ]]
        memctl oom --json=short "$BATS_TEST_TMPDIR/log"
        json 'd[0]["victim"]["comm"] == "\x1b[31m??x"'
}

@test "without a file it reads the journal of the last boot" {
        { entries a 1 "$DUMP"; entries b 20 "$DUMP"; } | journal
        memctl oom
        expect_status 0
        expect output "1. OOM kill" "at         Fri 2026-11-27 20:00:00 UTC" "killed     python3 (9295)"
        [[ $output != *"2. OOM"* && $output != *"(cut"* ]]
        memctl oom --list
        [[ $output == "1 2026-11-27 20:00:00 oom-kill killed python3 (9295), memcg-limit" ]]
        memctl oom --json
        json 'len(d) == 1 and d[0]["time"] == "2026-11-27T20:00:00.000000Z"'
        json 'd[0]["time_printed"] is None and d[0]["complete"] and len(d[0]["tasks"]) > 0'
}

@test "the journal says the same as the log that it was made of" {
        entries a 1 "$DUMP" | journal
        memctl oom --json "$DUMP"
        local log
        log=$(python3 -c 'import json, sys
d = json.load(sys.stdin)
for e in d: del e["time"], e["time_printed"]
print(d)' <<<"$output")
        memctl oom --json
        json "[{k: v for k, v in e.items() if not k.startswith('time')} for e in d] == $log"
}

@test "another boot is asked for as of journalctl" {
        { entries a 1 "$DUMP"; entries b 2; entries c 20 "$DUMP"; } | journal
        local boot
        for boot in --boot=-2 "--boot -2" "-b -2" -b-2 "-b 1" "--boot=$(printf 'a%.0s' {1..32})"; do
                # shellcheck disable=SC2086 # one word or two
                memctl oom --list $boot
                [[ $output == "1 2026-11-27 01:00:00 "* && ${#lines[@]} == 1 ]]
        done
        memctl oom --list -b
        [[ $output == "1 2026-11-27 20:00:00 "* && ${#lines[@]} == 1 ]]
        memctl oom --list --boot all
        ((${#lines[@]} == 2))
        memctl oom -b -1
        expect_status 0
        [[ -z $output ]]
        expect stderr "no OOM kill and no failed allocation in that part of the kernel's log"
        memctl oom -b -3
        expect_status 1
        expect stderr "has no such boot"
        memctl oom --boot=never
        expect_status 2
        expect stderr "--boot takes a boot's number like 0, -1 or 2, its id, or all, not \"never\""
}

@test "a time is of all boots, unless one is named" {
        { entries a 1 "$DUMP"; entries b 10 "$DUMP"; entries c 20 "$DUMP"; } | journal
        memctl oom --list --since "2026-11-27 09:00"
        expect output "1 2026-11-27 10:00:00" "2 2026-11-27 20:00:00"
        memctl oom --list --since "2026-11-27 09:00" --until 2026-11-27T11:00Z
        [[ $output == "1 2026-11-27 10:00:00 "* && ${#lines[@]} == 1 ]]
        memctl oom --list --until "2026-11-27 11:00" -b all
        ((${#lines[@]} == 2))
        memctl oom --list --since "2026-11-27 09:00" --boot
        [[ $output == "1 2026-11-27 20:00:00 "* && ${#lines[@]} == 1 ]]
        memctl oom --since @1 --until yesterday
        expect_status 0
        memctl oom --since yestreday
        expect_status 2
        expect stderr '--since takes a time like "2026-11-27 20:00"' 'not "yestreday"'
        memctl oom --since now --until -1h
        expect_status 2
        expect stderr "--since is later than --until"
        memctl oom --since today "$DUMP"
        expect_status 2
        expect stderr "are about the system journal and go with no FILE"
}

@test "a journal without the kernel, or none, is said to be so" {
        memctl oom
        expect_status 1
        expect stderr "there is no system journal; give the log itself: dmesg | memctl oom -"
        memctl oom --json
        expect_status 1
        [[ $output == "[]" ]]
        entries a 1 | sed 's/TRANSPORT=kernel/TRANSPORT=stdout/' | journal
        memctl oom
        expect_status 1
        expect stderr "no message of the kernel from that boot, as in a container; give the log itself"
}

@test "whoever may not read the journal is told who may" {
        ((EUID == 0)) || skip "needs root, to be somebody else"
        entries a 1 "$DUMP" | journal
        cp "$MEMCTL" "$BATS_TEST_TMPDIR/memctl"
        local folder
        for folder in "$BATS_TEST_TMPDIR"{,/..,/../..}; do
                [[ $(realpath "$folder") == "$(realpath "$BATS_RUN_TMPDIR")"* ]] && chmod o+x "$folder"
        done
        run --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups \
                "$BATS_TEST_TMPDIR/memctl" --root "$TREE" oom
        expect_status 5
        expect stderr "is for root and the groups systemd-journal and adm"
}
