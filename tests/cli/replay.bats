#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# Traces that this makes: what is recorded is judged, and what is no trace is refused.

load common

setup_file() {
        TRACES=$(mktemp -d)
        export TRACES
        # An hour of calm, then half an hour: 0.5 % of time stalled before, so much since.
        for since in 5000 20000 900000; do
                make_trace 5400 3600 5000 "$since" >"$TRACES/$since.csv"
        done
        make_trial 60 5000 25000 >"$TRACES/trial.csv"
        make_trial 60 5000 5000 >"$TRACES/same.csv"
}

setup() {
        TREE=/
}

teardown_file() {
        rm -rf "$TRACES"
}

# make_trace SECONDS CHANGE BEFORE SINCE: microseconds stalled each second, more or less.
make_trace() {
        awk -v n="$1" -v change="$2" -v before="$3" -v since="$4" 'BEGIN {
                srand(7)
                print "# made by a test"
                print "time_us,memory_some_total,memory_full_total,io_full_total,what_ever,pgfault"
                for (i = 0; i <= n; i++) {
                        printf "%.0f,%.0f,%.0f,%.0f,x,%d\n", i * 1000000, total, total / 2, total / 4, i * 1000
                        total += (i < change ? before : since) * 2 * rand()
                }
        }'
}

# make_trial BLOCKS OLD NEW: blocks of 30 s, by a coin.
make_trial() {
        awk -v n="$1" -v old="$2" -v new="$3" 'BEGIN {
                srand(11)
                print "time_us,memory_some_total,arm"
                for (i = 0; i < n * 30; i++) {
                        if (i % 30 == 0) arm = rand() < 0.5
                        printf "%.0f,%.0f,%d\n", i * 1000000, total, arm
                        total += (arm ? new : old) * 2 * rand()
                }
        }'
}

@test "a rise is reverted, with when, how much, and the evidence" {
        memctl replay "$TRACES/20000.csv" --change-at 1h --json=short
        expect_status 0
        json 'd["verdict"] == "revert" and d["reason"] == "regression" and 0 < d["at_s"] < 200'
        json 'd["metric"] == "memory.full" and 0.2 < d["before"] < 0.3 < 0.8 < d["after"] < 1.2'
        json 'd["before_interval"][0] < d["before"] < d["before_interval"][1]'
        json 'd["evidence"]["e_value"] >= 100'
        memctl replay "$TRACES/20000.csv" --change-at 3600
        expect output "after the change (regression)" "went from 0." "against chance"
}

@test "the same pressure is kept" {
        memctl replay "$TRACES/5000.csv" --change-at 1h --json=short
        json 'd["verdict"] == "keep" and d["at_s"] is None and d["reason"] is None'
        memctl replay "$TRACES/5000.csv" --change-at 1h
        expect output "keep" "rose by at most" "below the harm of 0.50"
}

@test "without a time before it is judged by itself" {
        memctl replay "$TRACES/900000.csv" --json=short
        json 'd["verdict"] == "inconclusive" or d["before"] is None'
        awk -F, -v OFS=, 'NR <= 2 || $1 >= 3600000000' "$TRACES/900000.csv" >"$TRACES/late.csv"
        memctl replay "$TRACES/late.csv" --json=short
        json 'd["verdict"] == "revert" and d["before"] is None and d["at_s"] < 200'
        memctl replay "$TRACES/late.csv"
        expect output "judged absolutely"
        [[ $stderr == *"no time before"* ]]
}

@test "limits of a profile end it at once" {
        make_tree x86-2g-6.1
        printf '%s\n' 'profile: strict' 'summary: s' 'watch:' '  limits: {memory.full: 30% over 2s}' \
                '  regressions: {}' >"$TREE/etc/memctl/profiles/strict.yaml"
        memctl replay "$TRACES/900000.csv" --change-at 1h --profile strict --json=short
        json 'd["verdict"] == "revert" and d["reason"] == "limit" and d["at_s"] <= 4'
        # Half of 2 % is below the limit, and nothing else is judged.
        memctl replay "$TRACES/20000.csv" --change-at 1h --profile strict --json=short
        json 'd["verdict"] == "keep" and d["reason"] is None and "no limit" in d["sentence"]'
}

@test "an OOM kill after the change is a reason" {
        awk -F, -v OFS=, 'NR == 1 {print; next} NR == 2 {print $0, "oom_kill"; next}
                {print $0, ($1 >= 3700000000 ? 4 : 3)}' "$TRACES/5000.csv" >"$TRACES/oom.csv"
        memctl replay "$TRACES/oom.csv" --change-at 1h --json=short
        json 'd["verdict"] == "revert" and d["reason"] == "oom" and d["at_s"] == 100'
        json '"killed a process" in d["sentence"] and d["metric"] is None'
}

@test "a profile says how many OOM kills are too many" {
        watched() { # NAME LIMITS
                printf '%s\n' "profile: $1" 'summary: s' 'watch:' "  limits: {$2}" \
                        '  regressions: {}' >"$TREE/etc/memctl/profiles/$1.yaml"
        }
        make_tree x86-2g-6.1
        # One more after 100 s, another after 200 s; those before the change do not count.
        awk -F, -v OFS=, 'NR == 1 {print; next} NR == 2 {print $0, "oom_kill"; next}
                {print $0, ($1 >= 3800000000 ? 5 : $1 >= 3700000000 ? 4 : $1 >= 1000000 ? 3 : 0)}' \
                "$TRACES/5000.csv" >"$TRACES/kills.csv"
        watched none 'memory.full: 90% over 2s'
        watched one 'oom-kill: 1'
        watched two 'oom-kill: 2'
        watched three 'oom-kill: 3'
        memctl replay "$TRACES/kills.csv" --change-at 1h --profile none --json=short
        json 'd["verdict"] == "keep" and d["reason"] is None'
        memctl replay "$TRACES/kills.csv" --change-at 1h --profile one --json=short
        json 'd["verdict"] == "revert" and d["reason"] == "oom" and d["at_s"] == 100'
        memctl replay "$TRACES/kills.csv" --change-at 1h --profile two --json=short
        json 'd["verdict"] == "revert" and d["reason"] == "oom" and d["at_s"] == 200'
        json '"killed 2 processes" in d["sentence"] and "2 are the limit" in d["sentence"]'
        memctl replay "$TRACES/kills.csv" --change-at 1h --profile three --json=short
        json 'd["verdict"] == "keep"'
}

@test "a probation that ends before the rise does not see it" {
        make_trace 5400 4500 5000 40000 >"$TRACES/later.csv"
        memctl replay "$TRACES/later.csv" --change-at 1h --json=short
        json 'd["verdict"] == "revert" and d["at_s"] > 900'
        memctl replay "$TRACES/later.csv" --change-at 1h --probation 14min --json=short
        json 'd["verdict"] == "keep"'
}

@test "a trial finds the worse setting, and no difference where there is none" {
        memctl replay "$TRACES/trial.csv" --trial --json=short
        json 'd["effect"] == "worse" and d["block_s"] == 30 and d["washout_s"] == 10'
        json '1.5 < d["points"] < 2.5 and d["interval"][0] < d["points"] < d["interval"][1]'
        json 'd["p"] < 0.001'
        memctl replay "$TRACES/same.csv" --trial --json=short
        json 'd["effect"] in ("none", "undecided")'
        memctl replay "$TRACES/trial.csv" --trial
        expect output "the new setting is worse"
        memctl replay "$TRACES/5000.csv" --trial
        expect_status 1
        [[ $stderr == *'no column "arm"'* ]]
}

@test "a trial's trace may begin and end amid a block, and need not have a single one" {
        awk -F, '/[a-z]/ || $1 >= 22e6 && $1 < 1712e6' "$TRACES/trial.csv" >"$TRACES/amid.csv"
        memctl replay "$TRACES/amid.csv" --trial --json=short
        json 'd["effect"] == "worse" and d["block_s"] == 30 and 1.5 < d["points"] < 2.5'
        # Runs of two and three blocks of 20 s.
        awk 'BEGIN { print "time_us,memory_some_total,arm"
                for (i = 0; i < 1200; i++) {
                        arm = i % 100 < 40
                        printf "%.0f,%.0f,%d\n", i * 1000000, total, arm
                        total += arm ? 30000 : 10000
                } }' >"$TRACES/pairs.csv"
        memctl replay "$TRACES/pairs.csv" --trial --json=short
        json 'd["effect"] == "worse" and d["block_s"] == 20'
        awk -F, -v OFS=, '/[a-z]/ {print; next} {print $1, $2, (NR > 10 && NR < 60 || NR > 97 && NR < 168)}' \
                "$TRACES/trial.csv" >"$TRACES/wild.csv"
        memctl replay "$TRACES/wild.csv" --trial
        expect_status 1
        [[ $stderr == *"no multiples of one length"* ]]
}

@test "a recording ends well with Ctrl-C, and each row is written at once" {
        make_tree x86-2g-6.1
        "$MEMCTL" --root "$TREE" record "$BATS_TEST_TMPDIR/x.csv" 2>"$BATS_TEST_TMPDIR/err" &
        local pid=$!
        sleep 1.5
        (($(grep -c '^[0-9]' "$BATS_TEST_TMPDIR/x.csv") == 2))
        kill -INT "$pid"
        wait "$pid"
        grep -q '2 readings recorded' "$BATS_TEST_TMPDIR/err"
}

@test "what cannot be read or written makes no file, and takes none away" {
        make_tree no-psi-no-thp-6.1
        echo precious >"$BATS_TEST_TMPDIR/x.csv"
        memctl record "$BATS_TEST_TMPDIR/x.csv" --force
        expect_status 1
        [[ $stderr == *"it needs CONFIG_PSI"* && $(<"$BATS_TEST_TMPDIR/x.csv") == precious ]]
        memctl record "$BATS_TEST_TMPDIR/y.csv" --pressure-of none.service
        expect_status 1
        [[ ! -e $BATS_TEST_TMPDIR/y.csv ]]
        rm -r "$TREE"
        make_tree x86-2g-6.1
        memctl record /dev/full --force
        expect_status 1
        [[ $stderr == *"No space left on device"* ]]
}

@test "Windows line ends, a byte order mark and ten-second rows are read" {
        { printf '\xef\xbb\xbf'; sed 's/$/\r/' "$TRACES/20000.csv"; } >"$TRACES/windows.csv"
        memctl replay "$TRACES/windows.csv" --change-at 1h --json=short
        json 'd["verdict"] == "revert"'
        awk -F, 'NR <= 2 || $1 % 10000000 == 0' "$TRACES/20000.csv" >"$TRACES/slow.csv"
        memctl replay - --change-at 1h --json=short <"$TRACES/slow.csv"
        json 'd["verdict"] == "revert" and d["at_s"] < 200'
}

@test "rows a minute apart, and metrics that are not there, are judged all the same" {
        awk -F, -v OFS=, 'NR <= 2 {print $1, $2; next} $1 % 60000000 == 0 {print $1, $2}' \
                "$TRACES/20000.csv" >"$TRACES/minutes.csv"
        memctl replay "$TRACES/minutes.csv" --change-at 1h --json=short
        json 'd["verdict"] == "revert" and d["evidence"]["block_s"] % 60 == 0'
        memctl replay "$TRACES/minutes.csv" --change-at 1h
        [[ $stderr == *"io.full is not judged: the trace does not have it"* ]]
        [[ $stderr == *"in blocks of 1min"* ]]
        cut -d, -f 1,2 "$TRACES/5000.csv" >"$TRACES/some.csv"
        memctl replay "$TRACES/some.csv" --change-at 1h --json=short
        json 'd["verdict"] == "keep" and d["metric"] == "memory.some"'
}

@test "pressure that never varies is a time before, too" {
        awk 'BEGIN { print "time_us,memory_some_total"
                for (i = 0; i <= 2400; i++) {
                        printf "%.0f,%.0f\n", i * 1000000, total
                        total += i < 600 ? 2000 : 20000
                } }' >"$TRACES/even.csv"
        memctl replay "$TRACES/even.csv" --change-at 10min --json=short
        json 'd["verdict"] == "revert" and d["reason"] == "regression" and d["at_s"] <= 300'
}

@test "a change between two rows harms not the time before" {
        # The row after the change has 5 s of it; it may not tell what was usual.
        awk 'BEGIN { print "time_us,memory_some_total"
                for (i = 0; i <= 360; i++) {
                        printf "%.0f,%.0f\n", i * 10000000, total
                        total += i < 120 ? 20000 : i == 120 ? 5000000 : 300000
                } }' >"$TRACES/between.csv"
        memctl replay "$TRACES/between.csv" --change-at 1205 --json=short
        json 'd["verdict"] == "revert" and d["before"] < 0.21'
}

@test "a limit counts from the change on, before its window is full" {
        make_tree x86-2g-6.1
        printf '%s\n' 'profile: strict' 'summary: s' 'watch:' '  limits: {memory.some: 50% over 10s}' \
                '  regressions: {}' >"$BATS_TEST_TMPDIR/strict.yaml"
        awk 'BEGIN { print "time_us,memory_some_total"
                for (i = 0; i <= 100; i++) {
                        printf "%.0f,%.0f\n", i * 1000000, total
                        total += i < 60 ? 900000 : 1000000
                } }' >"$TRACES/full.csv"
        memctl replay "$TRACES/full.csv" --change-at 1min --profile "$BATS_TEST_TMPDIR/strict.yaml" --json=short
        json 'd["reason"] == "limit" and d["at_s"] == 5'
        json 'd["before"] == 90 and d["after"] == 100 and d["before_interval"] is None'
        json 'd["sentence"].startswith("memory.some exceeded its limit of 50 % over 10s, 5s after the change")'
}

@test "what is no trace is refused with its line" {
        local -A bad=(
                [empty]='' [header]='a,b' [number]=$'time_us,io_full_total\n0,0\n5,x'
                [back]=$'time_us,io_full_total\n5,0\n4,1' [short]=$'time_us,io_full_total\n0,0\n9'
                [long]=$'time_us,io_full_total\n0,0\n9,9,9' [twice]=$'time_us,io_full_total,time_us\n0,0,0'
                [one]=$'time_us,io_full_total\n0,0' [binary]=$'\x01\x02time_us'
        )
        for name in "${!bad[@]}"; do
                printf '%s' "${bad[$name]}" >"$TRACES/bad.csv"
                memctl replay "$TRACES/bad.csv" --change-at 0
                expect_status 1
                [[ $stderr == *"bad.csv:"*": error: "* || $stderr == *"bad.csv: error: "* ]] || {
                        echo "$name: $stderr"
                        return 1
                }
        done
        memctl replay "$TRACES/5000.csv" --change-at 2h
        expect_status 1
        [[ $stderr == *"ends before the change"* ]]
        memctl replay "$TRACES/none.csv"
        expect_status 1
        memctl replay "$TRACES"
        expect_status 1
        [[ $stderr == *"Is a directory"* ]]
}

@test "what is recorded can be judged" {
        [[ -r /proc/pressure/memory ]] || skip "this kernel has no PSI"
        memctl record "$TRACES/live.csv" --duration 2s
        expect_status 0
        (($(grep -vc '^#' "$TRACES/live.csv") == 4))
        memctl record "$TRACES/live.csv" --duration 1s
        expect_status 1
        [[ $stderr == *"--force"* ]]
        memctl replay "$TRACES/live.csv" --json=short
        json 'd["verdict"] in ("keep", "inconclusive")'
        memctl record "$TRACES/new.csv" --interval 100ms
        expect_status 2
        [[ $stderr == *"more often changes"* && ! -e $TRACES/new.csv ]]
        memctl record "$TRACES/new.csv" --pressure-of none-such.service
        expect_status 1
        [[ ! -e $TRACES/new.csv ]]
        memctl record /dev/full --force --duration 1s
        expect_status 1
        [[ -c /dev/full ]]
}
