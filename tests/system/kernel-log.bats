#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A cgroup that is full: the kernel kills, and what it says of it is read from the journal that
# journald made of it, and from dmesg.

load common

readonly LIMIT_KB=16384

setup() {
        local folder=/memctl-test/memcg

        { : </dev/kmsg; } 2>/dev/null || skip "the kernel's log may not be read here"
        hog=hog-$BASHPID-$SRANDOM
        if [ -e "$folder/memory.limit_in_bytes" ]; then
                mkdir "$folder/$hog"
                echo "${LIMIT_KB}k" >"$folder/$hog/memory.limit_in_bytes"
                echo 0 >"$folder/$hog/memory.swappiness"
        else
                folder=/sys/fs/cgroup
                grep -qw memory "$folder/cgroup.subtree_control" || skip 'no memory controller'
                mkdir "$folder/$hog"
                echo "${LIMIT_KB}k" >"$folder/$hog/memory.max"
                echo 0 >"$folder/$hog/memory.swap.max"
        fi
        cgroup=$folder/$hog
        since=$(date +%s)
        run timeout 20 /memctl-test/system/load touch 64 1 "$cgroup"
        [ "$status" -eq 137 ]
}

teardown() {
        [ -z "${cgroup:-}" ] || until_true 5 rmdir "$cgroup"
}

# A kill of our cgroup in the JSON on standard input, and only one. The process's number is of this
# container, the kernel tells the host's; but no other cgroup has the name.
has_kill() {
        python3 -c '
import json, sys
hog, limit = sys.argv[1], int(sys.argv[2])
found = [e for e in json.load(sys.stdin) if (e["oom_memcg"] or "").endswith("/" + hog)]
print(json.dumps(found, indent=1))
assert len(found) == 1
e = found[0]
assert (e["kind"], e["constraint"], e["order"]) == ("oom-kill", "memcg", 0)
assert e["invoker"]["comm"] == e["victim"]["comm"] == "load"
assert e["invoker"]["pid"] == e["victim"]["pid"]
assert limit / 2 < e["victim"]["anon_rss_kb"] <= limit
assert e["memcg"]["limit_kb"] == limit and limit - 1024 < e["memcg"]["usage_kb"] <= limit
assert [t["pid"] for t in e["tasks"] if t["comm"] == "load"] == [e["victim"]["pid"]]
assert "GFP_KERNEL" in "".join(e["gfp_flags"]) and not e["gfp_flags_implied"]
assert e["kernel"] in (None, sys.argv[3]) and e["complete"]
assert e["diagnosis"]["class"] == "memcg-limit" and hog in e["diagnosis"]["sentence"]
' "$hog" "$LIMIT_KB" "$(uname -r)"
}

journal_has_kill() {
        memctl oom --json --since "@$since" >"$BATS_TEST_TMPDIR/events" &&
                has_kill <"$BATS_TEST_TMPDIR/events" >"$BATS_TEST_TMPDIR/found" 2>&1
}

@test "a kill on the live kernel is read from the journal, and from dmesg" {
        # journald needs a moment for the ring buffer.
        until_true 20 journal_has_kill || {
                cat "$BATS_TEST_TMPDIR/found"
                return 1
        }
        memctl oom --json | has_kill
        dmesg | memctl oom --json - | has_kill
}

@test "the journal has the time of a kill, and only the kill's time has it" {
        until_true 20 journal_has_kill
        run memctl oom --list --since "@$since" --until now
        echo "$output"
        [[ $output == *"$(date -d "@$since" +%Y-%m-%d)"*"oom-kill killed load ("*"), memcg-limit"* ]]
        run memctl oom --json --until "@$((since - 1))"
        [[ $output != *"$hog"* ]]
        run memctl oom --json --boot=0 --since "@$(($(date +%s) + 1))"
        [ "$status" -eq 0 ]
        [ "$output" = "[]" ]
}

@test "an ordinary user is told that the journal is not for them" {
        until_true 20 journal_has_kill
        run as_ordinary_user memctl oom
        echo "$output"
        [ "$status" -eq 5 ]
        [[ $output == *'is for root and the groups systemd-journal and adm'* ]]
}
