#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# bats runs each test in a subshell, and its run sets these variables.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
# What inspect shows of a copied machine tree. Its figures are compared in test-inspect-figures.py.

load common

VIEWS=(zones buddy slab thp reclaim writeback overcommit processes cgroups)

setup() {
        make_tree x86-16g-zram-6.12
}

# put PATH TEXT: replaces a file of the tree.
put() {
        mkdir -p "$TREE/${1%/*}"
        printf '%s\n' "$2" >"$TREE/$1"
}

# meminfo NAME KIB: changes a line of proc/meminfo.
meminfo() {
        sed -i "s/^$1:.*/$1: $2 kB/" "$TREE/proc/meminfo"
}

# vmstat NAME COUNT: changes a line of proc/vmstat.
vmstat() {
        sed -i "s/^$1 .*/$1 $2/" "$TREE/proc/vmstat"
}

# thrashing_cgroup: a cgroup at its limit whose tasks wait.
thrashing_cgroup() {
        put sys/fs/cgroup/cgroup.controllers 'cpu memory'
        put sys/fs/cgroup/shop.slice/web.service/memory.max 67108864
        put sys/fs/cgroup/shop.slice/web.service/memory.current 67100672
        put sys/fs/cgroup/shop.slice/web.service/memory.pressure \
                'some avg10=62.50 avg60=9.00 avg300=1.00 total=100
full avg10=51.00 avg60=8.00 avg300=1.00 total=90'
}

@test "one screen says how the memory is, and that all is well" {
        memctl inspect
        expect_status 0
        [[ ${lines[0]} == "● WELL  Linux 6.12."*", 15.5 GiB of RAM" ]]
        expect output "8.5 GiB available" "7.9 GiB on zram, 208 MiB used" "madvise: 0 B of" \
                "written from 880 MiB on" "WAITED FOR" "memory.full" "A SECOND" "Order" \
                "a limit that is not enforced"
        ((${#lines[@]} < 45))
        [[ $stderr == "What happens now is not known: a recorded machine was read once." ]]
}

@test "a view shows its part" {
        memctl inspect zones
        expect output "272 MiB free, above high" "min " "are kept free in all (vm.min_free_kbytes)"
        memctl inspect buddy
        expect output "Block         4K" "unusable" "0.801" "fragment.     -1"
        memctl inspect slab
        expect output "can be reclaimed" "97 %    192 B  dentry"
        # As for whoever is not root.
        rm "$TREE/proc/slabinfo"
        memctl inspect slab
        expect output "can be reclaimed"
        expect stderr "there is no proc/slabinfo"
        memctl inspect thp
        expect output "madvise, defrag" "5021 got one, 31 fell back" \
                $'\n POOL  PAGES  FREE' $'\n2 MiB      0     0'
        memctl inspect reclaim
        expect output "allocations that stalled" "1214" "kswapd       freed - of what it scanned now, 85.9 % since boot"
        memctl inspect writeback
        expect output "below the background limit" "(vm.dirty_ratio: 20 %"
        memctl inspect overcommit
        expect output "guess (0)" "6.8 GiB of 15.7 GiB" "vm.overcommit_ratio"
        memctl inspect processes
        expect output "No process is recorded here."
        memctl inspect cgroups
        expect output "/system.slice/redis-server.service"
}

@test "every view of every machine fits 80 columns and is JSON as well" {
        local machine view
        for machine in "$MEMCTL_SOURCE_ROOT"/tests/machines/*/; do
                TREE=$machine
                for view in '' "${VIEWS[@]}"; do
                        # shellcheck disable=SC2086 # none or one word
                        memctl inspect $view
                        expect_status 0
                        [[ -n $output ]]
                        # A cgroup's whole path, for grep.
                        if grep -v ' /' <<<"$output" | grep -E '^.{81}'; then
                                return 1
                        fi
                        # shellcheck disable=SC2086
                        memctl inspect $view --json=short
                        expect_status 0
                        [[ -z $stderr ]]
                        ((${#lines[@]} == 1))
                        json 'd is not None'
                done
        done
}

@test "on a terminal, too, and long paths show their end" {
        on_terminal "$MEMCTL" --no-pager --root "$MEMCTL_SOURCE_ROOT/tests/machines/x86-1t-numa-6.12" inspect cgroups
        expect output "…"
        [[ $output == *"17-main.service"* ]]
        # shellcheck disable=SC2001
        if sed 's/\x1b\[[0-9;]*m//g; s/\r//' <<<"$output" | grep -E '^.{81}'; then
                return 1
        fi
}

@test "colour is for a terminal alone" {
        thrashing_cgroup
        memctl inspect
        [[ $output != *$'\033'* ]]
        on_terminal "$MEMCTL" --no-pager --root "$TREE" inspect
        [[ $output == *$'\033[1;31m'*"TROUBLE"* ]]
        on_terminal env NO_COLOR=1 "$MEMCTL" --no-pager --root "$TREE" inspect
        [[ $output != *$'\033'* ]]
}

@test "without UTF-8 the bar is of plain characters" {
        LC_ALL=C memctl inspect zones
        [[ $output == *'##m#'*'#l#'*'#h#'*'>'* ]]
        [[ $output != *█* ]]
        sed -i 's/^  pages free .*/  pages free 0/' "$TREE/proc/zoneinfo"
        LC_ALL=C memctl inspect zones
        [[ $output == *'..m.'*'.l.'*'.h..'* ]]
        expect output "0 B free, below min: who allocates reclaims"
        # Marks that fall together stand side by side.
        sed -i 's/^\( *\)\(min\|low\|high\)  *[0-9]*$/\1\2 100/' "$TREE/proc/zoneinfo"
        LC_ALL=C memctl inspect zones
        expect output ".mlh."
}

@test "a cgroup that thrashes is named, with what to do" {
        thrashing_cgroup
        memctl inspect
        expect_status 0
        [[ ${lines[0]} == "● TROUBLE  "* ]]
        [[ ${lines[1]} == "bad       The cgroup /shop.slice/web.service is thrashing at its limit of 64 MiB" ]]
        expect output "(memory.max)." "62.5 %" "raise its memory.max" "memctl inspect cgroups"
        memctl inspect cgroups
        expect output "64 MiB" "62.5 %" "thrashing at its limit"
        memctl inspect --json=short
        json 'd["findings"][0]["id"] == "cgroup-thrashing"'
        json 'd["findings"][0]["severity"] == "bad" and d["findings"][0]["knob"] is None'
        # Full of page cache is no trouble.
        put sys/fs/cgroup/shop.slice/web.service/memory.pressure \
                'some avg10=0.50 avg60=9.00 avg300=1.00 total=100'
        memctl inspect
        [[ ${lines[0]} == "● WELL "* ]]
}

@test "what is nearly full is a warning with the knob that matters" {
        meminfo MemAvailable 700000
        meminfo SwapFree 1000
        memctl inspect
        [[ ${lines[0]} == "● 2 WARNINGS "* ]]
        expect output "memctl explain vm.swappiness" "Swap is nearly full" "683 MiB of RAM (4.29 %)" \
                "chapter: memctl explain reclaim"
        memctl inspect --json=short
        json '[f["id"] for f in d["findings"]] == ["available-low", "swap-full", "oom-kill"]'
        json 'd["findings"][0]["knob"] == "vm.swappiness" and d["findings"][0]["chapter"] == "reclaim"'
}

@test "mode 2 near its limit, throttled writers, a huge reserve" {
        put proc/sys/vm/overcommit_memory 2
        meminfo Committed_AS 16400000
        vmstat nr_dirty 460000
        put proc/sys/vm/min_free_kbytes 2000000
        memctl inspect
        expect output "In overcommit mode 2" "malloc and fork fail" "memctl explain vm.overcommit_ratio" \
                "memctl explain vm.dirty_ratio" "1.9 GiB (12.2 % of RAM) are kept free" "TROUBLE"
        memctl inspect writeback
        expect output "at the limit: writers stand still" "bad "
        memctl inspect overcommit --json=short
        json 'd["enforced"] and d["mode"] == "never"'
}

@test "every knob that a finding names is one that explain knows" {
        local knob
        for knob in $(grep -oh '"[a-z_]*\.[a-z_.-]*"' "$MEMCTL_SOURCE_ROOT"/core/machine/finding-*.c |
                tr -d '"' | grep -v '^memory\.'); do
                memctl explain "$knob"
                expect_status 0
        done
}

@test "two readings tell of now: something must change between them" {
        (sleep 0.5; vmstat pswpin 91022; vmstat allocstall_normal 1911) &
        memctl inspect --interval 1s --json=short
        wait
        expect_status 0
        json '900000 < d["reclaim"]["interval-usec"] < 3000000'
        json 'd["reclaim"]["counters"]["pswpin"]["delta"] == 50000'
        json '16000 * 1000 < d["reclaim"]["counters"]["pswpin"]["per-1000-seconds"] < 56000 * 1000'
        json '{"swapping-in", "direct-reclaim"} <= {f["id"] for f in d["findings"]}'
        [[ -z $stderr ]]
}

@test "--watch shows a frame each interval until Ctrl-C, and each tells of its own time" {
        run --separate-stderr timeout --foreground --preserve-status -s INT 2 \
                "$MEMCTL" --root "$TREE" inspect reclaim --watch --interval 300ms --json=short
        expect_status 0
        ((${#lines[@]} >= 3))
        local line
        for line in "${lines[@]}"; do
                output=$line
                json '0 < d["interval-usec"] < 2000000'
        done
        run --separate-stderr timeout --foreground --preserve-status -s INT 2 \
                "$MEMCTL" --root "$TREE" inspect overcommit --watch --interval 300ms
        expect_status 0
        (($(grep -c '^Mode' <<<"$output") >= 2))
        [[ $output != *$'\033'* ]]
}

@test "on a terminal --watch draws each frame over the last, no longer than the screen" {
        run script --quiet --return --command \
                "stty cols 80 rows 12; timeout --foreground --preserve-status -s INT 1 $MEMCTL --root $TREE inspect --watch --interval 300ms" /dev/null
        [[ $output == *$'\033[2J'*$'\033[H'*$'\033[H'* ]]
        local frame=${output##*$'\033[H'}
        (($(grep -c . <<<"$frame") <= 12))
}

@test "a hundred cgroups that thrash leave room on the screen" {
        local i
        for i in {1..20}; do
                thrashing_cgroup
                mv "$TREE/sys/fs/cgroup/shop.slice/web.service" "$TREE/sys/fs/cgroup/shop.slice/web-$i.service"
        done
        memctl inspect
        expect output "and 13 more: --all shows them" "RAM"
        (($(grep -c '^bad' <<<"$output") == 8))
        memctl inspect --all
        (($(grep -c '^bad' <<<"$output") == 20))
        memctl inspect --json=short
        json 'len(d["findings"]) == 21'
}

@test "zones --all shows the counters of each zone" {
        rm -r "$TREE"
        make_tree x86-24g-6.18
        memctl inspect zones --all
        expect output "nr_free_pages_blocks       156672"
        if grep -E '^.{81}' <<<"$output"; then
                return 1
        fi
        memctl inspect zones
        [[ $output != *nr_free_pages_blocks* ]]
}

@test "long lists are cut at 20 rows, -n N, or not with --all" {
        local pid
        for pid in {1..30}; do
                put "proc/$pid/status" "Name:	p
Pid:	$pid
VmRSS:	$((pid * 100)) kB
VmSwap:	0 kB"
        done
        memctl inspect processes
        ((${#lines[@]} == 21))
        [[ ${lines[1]} == *30*"2.9 MiB"* ]]
        expect stderr "30 processes in all: --all shows them"
        memctl inspect processes -n 3
        ((${#lines[@]} == 4))
        memctl inspect processes --all --no-legend
        ((${#lines[@]} == 30))
        [[ -z $stderr ]]
        memctl inspect processes --json=short -n 3
        json 'len(d) == 30 and d[0]["rss-bytes"] == 3000 * 1024'
}

@test "names of processes and cgroups cannot act on the terminal, nor break JSON" {
        put proc/5/status $'Name:\txy\033[31m\xff\nPid:\t5\nVmRSS:\t1 kB'
        mkdir -p "$TREE/sys/fs/cgroup/"$'x\033[2Jy\xff'
        memctl inspect processes
        [[ $output != *$'\033'* ]]
        memctl inspect processes --json=short
        json 'd[0]["name"] == "xy\x1b[31m?"'
        memctl inspect cgroups
        [[ $output != *$'\033'* ]]
        memctl inspect cgroups --json=short
        json 'any(c["cgroup"] == "/x\x1b[2Jy?" for c in d)'
}

@test "a machine without PSI, huge pages and cgroups is shown as far as it goes" {
        rm -r "$TREE"
        make_tree no-psi-no-thp-6.1
        memctl inspect
        expect_status 0
        [[ $output != *"WAITED FOR"* && $output != *THP* ]]
        memctl inspect thp
        expect output "This kernel has no transparent huge pages."
        memctl inspect cgroups
        expect output "There are no cgroups here."
        memctl inspect --json=short
        json 'd["pressure"] is None and d["thp"]["present"] is False and d["thp"]["pools"] == []'
}

@test "files that are missing leave gaps, not failures; without meminfo there is nothing" {
        rm "$TREE"/proc/{vmstat,zoneinfo,buddyinfo} "$TREE/proc/sys/vm/overcommit_memory"
        local view
        for view in '' slab thp processes cgroups; do
                # shellcheck disable=SC2086 # none or one word
                memctl inspect $view
                expect_status 0
                # shellcheck disable=SC2086
                memctl inspect $view --json=short
                expect_status 0
                json 'True'
        done
        memctl inspect thp --json=short
        json 'd["fault-fallback-permyriad"] is None and d["anon-bytes"] > 0'
        for view in zones buddy reclaim writeback overcommit; do
                memctl inspect "$view"
                expect_status 1
                expect stderr "what $view is worked out from is not there"
        done
        rm "$TREE/proc/meminfo"
        memctl inspect
        expect_status 1
}

@test "a view that there is not is a usage error with the nearest name" {
        memctl inspect cgroup
        expect_status 2
        expect stderr 'unknown view "cgroup": did you mean "cgroups"?'
        memctl inspect zones buddy
        expect_status 2
}

@test "the live machine is read twice by itself" {
        run --separate-stderr "$MEMCTL" inspect reclaim --json=short
        expect_status 0
        json '900000 < d["interval-usec"] < 5000000'
        json 'd["counters"]["pgmajfault"]["per-1000-seconds"] >= 0'
        run --separate-stderr "$MEMCTL" inspect processes --json=short
        json 'any(p["name"] == "memctl" and p["pss-bytes"] is not None or p["rss-bytes"] > 0 for p in d)'
}
