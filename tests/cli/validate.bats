#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What "validate" says beyond mistakes: the rules, --strict, another machine.

# shellcheck disable=SC2153,SC2154 # common.bash sets TREE, bats stderr

load common

setup() {
        make_tree x86-24g-6.18
}

# profile NAME: from standard input, into a file of its own.
profile() {
        FILE=$BATS_TEST_TMPDIR/$1.yaml
        cat >"$FILE"
}

@test "a warning names its rule, and the profile is good" {
        profile zero <<'END'
profile: zero
summary: swappiness 0
sysctl: {vm.swappiness: 0}
watch: {limits: {memory.full: 10% over 2s}}
END
        memctl validate "$FILE"
        expect_status 0
        expect stderr "$FILE:3:10: warning: vm.swappiness = 0 brings the OOM killer" "[swappiness-zero]" \
                $'\n    sysctl: {vm.swappiness: 0}\n             ^\n'
        expect output "good"
        memctl validate "$FILE" --json=short
        expect output '"id":"swappiness-zero"' '"valid":true'
        memctl validate --strict "$FILE"
        expect_status 1
        expect stderr "[swappiness-zero]" "[no-source]"
}

@test "another machine: its kernel, memory, swap and nodes" {
        profile other <<'END'
profile: other
summary: for large machines
sysctl:
  vm.min_free_kbytes: {value: 2GiB, only: raise}
  vm.defrag_mode: 1
  vm.swappiness: 150
  vm.zone_reclaim_mode: 1
watch: {limits: {memory.full: 10% over 2s}}
END
        memctl validate --kernel 5.10 "$FILE"
        expect_status 1
        expect stderr "vm.defrag_mode cannot be set: this kernel (5.10) is too old for it: it came with 6.15"
        memctl validate --kernel 6.18 --ram 1TiB --swap zram --nodes 2 "$FILE"
        expect_status 0
        [[ -z $stderr ]]
        memctl validate --kernel 6.18 --ram 16GiB --swap disk --nodes 1 "$FILE"
        expect_status 1
        expect stderr "[min-free-share-huge]" "[swappiness-high]" "[zone-reclaim-one-node]"
        memctl validate --kernel 6.18 --check "$FILE"
        expect_status 2
        expect stderr "--check compares with this machine"
}

@test "another machine has as many nodes as it is said to have" {
        profile pools <<'END'
profile: pools
summary: a pool of node 3
hugepages:
  node3:
    hugepages-2048kB:
      nr_hugepages: 16
watch: {limits: {memory.full: 10% over 2s}}
END
        memctl validate --nodes 4 "$FILE"
        expect_status 0
        memctl validate --nodes 3 "$FILE"
        expect_status 1
        expect stderr "$FILE:6:7: error" \
                "nr_hugepages cannot be set: a machine with 3 NUMA nodes has no node 3" "optional: true"
        memctl validate --kernel 6.12 "$FILE"
        expect_status 1
        expect stderr "a machine with 1 NUMA node has no node 3"
        sed -i 's/: 16$/: {value: 16, optional: true}/' "$FILE"
        memctl validate --nodes 3 "$FILE"
        expect_status 0
}

@test "--explain tells of one rule, of all, and of none" {
        memctl validate --explain swappiness-zero
        expect_status 0
        expect output "get_scan_count()"
        memctl validate --explain list --no-legend
        expect_status 0
        local id n=0
        while read -r id _; do
                memctl validate --explain "$id"
                expect_status 0
                : $((++n))
        done <<<"$output"
        [[ $n -gt 30 ]]
        memctl validate --explain swapiness-zero
        expect_status 1
        [[ $stderr == 'memctl: no rule "swapiness-zero": did you mean "swappiness-zero"?' ]]
}

@test "the shipped profiles are clean for strict eyes, on each recorded machine" {
        local machine tree=$BATS_TEST_TMPDIR/strict
        for machine in "$MEMCTL_SOURCE_ROOT"/tests/machines/*/; do
                cp -r "$machine" "$tree"
                mkdir -p "$tree/usr/share/memctl"
                cp -r "$MEMCTL_SOURCE_ROOT/profiles" "$tree/usr/share/memctl/profiles"
                TREE=$tree memctl validate --strict --quiet
                echo "$machine: $stderr"
                expect_status 0
                rm -r "$tree"
        done
}

@test "a file's parents are looked for beside it first, then among the installed" {
        profile ours <<<$'profile: ours\nsummary: s\nsysctl: {vm.swappiness: 7}\nwatch: {limits: {io.full: 10% over 2s}}\n'
        profile child <<<$'profile: child\nsummary: s\ninherits: [ours]\n'
        mkdir -p "$TREE/etc/memctl/profiles"
        echo $'profile: ours\nsummary: s\nsysctl: {vm.nonsense: 7}\n' >"$TREE/etc/memctl/profiles/ours.yaml"
        memctl validate "$FILE"
        expect_status 0
        (cd "$BATS_TEST_TMPDIR" && memctl validate child.yaml && expect_status 0)
        rm "$BATS_TEST_TMPDIR/ours.yaml"
        memctl validate "$FILE"
        expect_status 1
        expect stderr vm.nonsense
}

@test "parents that lie beside a file are compared too" {
        profile memory <<<$'profile: memory\nsummary: s\nsysctl: {vm.dirty_ratio: 30}\n'
        profile disk <<<$'profile: disk\nsummary: s\nsysctl: {vm.dirty_bytes: 1GiB}\nwatch: {limits: {io.full: 10% over 2s}}\n'
        profile child <<<$'profile: child\nsummary: s\ninherits: [memory, disk]\n'
        memctl validate "$FILE"
        expect_status 0
        expect stderr "memory wants vm.dirty_ratio = 30, disk wants vm.dirty_bytes = 1073741824" \
                "[parents-disagree]" \
                "$BATS_TEST_TMPDIR/disk.yaml:3:10: warning" $'\n    sysctl: {vm.dirty_bytes: 1GiB}\n             ^\n'
}
