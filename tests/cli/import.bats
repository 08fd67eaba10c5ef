#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Other managers: their settings as a profile, a profile as their files, and who else sets a knob.

# shellcheck disable=SC2016,SC2154 # tuned's own ${...}; bats sets stderr

load common

setup() {
        make_tree x86-24g-6.18
        mkdir -p "$TREE"/etc/{tuned,sysctl.d,tmpfiles.d} "$TREE"/usr/lib/{tuned,sysctl.d}
}

# tuned NAME: a profile of tuned's in the tree, from standard input.
tuned() {
        mkdir -p "$TREE/usr/lib/tuned/$1"
        cat >"$TREE/usr/lib/tuned/$1/tuned.conf"
}

tuned_family() {
        tuned parent <<'END'
[main]
summary=a parent
[variables]
size=40%
[vm]
dirty_bytes=${size}
dirty_background_bytes=10%
transparent_hugepages=always
[sysctl]
vm.swappiness=10 # a comment
vm.min_free_kbytes=>135168
kernel.numa_balancing=0
[cpu]
governor=performance
END
        tuned child <<'END'
[main]
include=parent
[sysctl]
vm.swappiness = "30"
vm.stat_interval=${isolated}
vm.drop_caches=3
[vm]
transparent_hugepages=never
[sysfs]
/sys/kernel/mm/ksm/run=1
/sys/kernel/mm/transparent_hugepage/khugepaged/defrag=0
[vm.other]
type=vm
uname_regex=aarch64
transparent_hugepage.defrag=always
END
}

@test "a profile of tuned with its parent, its aliases and its modifiers" {
        tuned_family
        memctl import tuned child
        expect_status 0
        expect output "profile: child" "vm.swappiness: 30 # /usr/lib/tuned/child/tuned.conf:4" \
                "vm.dirty_ratio: 40% #" "vm.dirty_background_ratio: 10% #" \
                "vm.min_free_kbytes: {value: 135168, only: raise} #" \
                "enabled: {value: never, optional: true} #" "khugepaged:" "defrag: {value: 0," \
                "run: {value: 1, optional: true}"
        [[ $output != *dirty_bytes* && $output != *stat_interval* ]]
        expect stderr 'kernel.numa_balancing = 0: memctl knows no such memory knob' \
                'vm.stat_interval: its value ${isolated} can be worked out by tuned only' \
                'vm.drop_caches = 3: it drops caches once' '[cpu]: it is not about memory' \
                '[vm.other]: its condition uname_regex cannot be worked out here'
        echo "$output" >"$BATS_TEST_TMPDIR/child.yaml"
        memctl validate "$BATS_TEST_TMPDIR/child.yaml"
        expect_status 0
}

@test "what a child drops and replaces is gone" {
        tuned_family
        tuned other <<'END'
[main]
include=parent
[sysctl]
drop=vm.swappiness
[vm]
replace=1
dirty_bytes=100000000
END
        memctl import tuned other --json=short
        expect_status 0
        [[ $output != *swappiness* && $output != *transparent_hugepage* ]]
        expect output 'vm.dirty_bytes: 100000000' 'vm.min_free_kbytes' '"left-out":['
}

@test "tuned's files that lead nowhere are named" {
        tuned lost <<<$'[main]\ninclude=nobody\n'
        tuned odd <<<$'[main]\nthis is no option\n'
        tuned loop <<<$'[main]\ninclude=loop\n[sysctl]\nvm.swappiness=1\n'
        tuned asks <<<$'[main]\ninclude=${f:exec:hostname}\n'
        memctl import tuned lost
        expect_status 1
        expect stderr 'lost/tuned.conf: error: it includes "nobody", and there is no such profile'
        memctl import tuned odd
        expect_status 1
        expect stderr 'odd/tuned.conf:2: error: it is neither "[unit]" nor "option = value"'
        memctl import tuned loop
        expect_status 0
        memctl import tuned asks
        expect_status 1
        expect stderr 'include=${f:exec:hostname} cannot be worked out without tuned'
        memctl import tuned nobody
        expect_status 1
        expect stderr 'there is no tuned profile "nobody"'
        memctl import tuned ../../etc/passwd
        expect_status 1
}

@test "files of sysctl.d: later wins, a pair is one setting" {
        cat >"$BATS_TEST_TMPDIR/60-a.conf" <<'END'
# a comment
; another
vm.swappiness = 10
-vm/dirty_ratio=40
vm.dirty_bytes = 100000000
vm.swappiness=300
net.core.somaxconn = 1024
vm.dirty_*= 3
no assignment
END
        memctl import sysctl "$BATS_TEST_TMPDIR/60-a.conf"
        expect_status 0
        expect output "profile: 60-a" "vm.dirty_bytes: 100000000 #"
        [[ $output != *dirty_ratio* && $output != *swappiness* ]]
        expect stderr 'vm.swappiness = 300: it is 300, above the maximum 200' \
                'net.core.somaxconn = 1024: memctl knows no such memory knob' \
                'vm.dirty_*: it is a pattern of names' 'it is not "NAME = VALUE"'
        memctl import sysctl "$BATS_TEST_TMPDIR/60-a.conf" --name 'Not Good'
        expect_status 2
        memctl import sysctl "$BATS_TEST_TMPDIR/nothing.conf"
        expect_status 1
        echo 'kernel.panic = 1' >"$BATS_TEST_TMPDIR/p.conf"
        memctl import sysctl "$BATS_TEST_TMPDIR/p.conf"
        expect_status 1
        expect stderr 'nothing in it is a memory setting'
        memctl import yaml x
        expect_status 2
}

@test "export and import again give the same values" {
        cat >"$TREE/etc/memctl/profiles/both.yaml" <<'END'
profile: both
summary: sysctls and more
sysctl:
  vm.swappiness: 7
  vm.dirty_bytes: {of-ram: 10%, at-most: 1GiB}
  vm.max_map_count: {value: 100000, only: raise}
transparent_hugepage: {enabled: madvise, khugepaged: {defrag: 0}}
ksm: {run: 1}
END
        memctl export sysctl both
        expect_status 0
        expect output "vm.swappiness = 7" "vm.dirty_bytes = 1073741824"
        [[ $output != *transparent_hugepage* ]]
        expect stderr 'transparent_hugepage.enabled: no sysctl: export tmpfiles has it' \
                'vm.max_map_count: "only" is lost' 'watch: nobody watches'
        echo "$output" >"$BATS_TEST_TMPDIR/back.conf"
        memctl import sysctl "$BATS_TEST_TMPDIR/back.conf"
        expect output "vm.swappiness: 7" "vm.dirty_bytes: 1073741824" "vm.max_map_count: {value: 100000"
        memctl export tmpfiles both
        expect_status 0
        expect output "w /sys/kernel/mm/transparent_hugepage/enabled - - - - madvise" \
                "w /sys/kernel/mm/ksm/run - - - - 1"
        memctl export ini both
        expect_status 2
}

@test "explain and diff name who else sets a knob, and which of them wins" {
        tuned_family
        echo child >"$TREE/etc/tuned/active_profile"
        echo 'vm.swappiness = 20' >"$TREE/usr/lib/sysctl.d/50-default.conf"
        echo 'vm.swappiness = 40' >"$TREE/etc/sysctl.d/99-mine.conf"
        echo 'vm.swappiness = 90' >"$TREE/usr/lib/sysctl.d/99-mine.conf"
        echo 'w /sys/kernel/mm/transparent_hugepage/enabled - - - - always' >"$TREE/etc/tmpfiles.d/thp.conf"
        echo 'root=/dev/sda transparent_hugepage=never sysctl.vm.swappiness=5 hugepagesz=1G hugepages=2' >"$TREE/proc/cmdline"
        memctl explain vm.swappiness
        expect output "vm.swappiness = 20 (overridden)" "/usr/lib/sysctl.d/50-default.conf:1" \
                "/etc/sysctl.d/99-mine.conf:1" "tuned" "tuned/child/tuned.conf:4" "kernel command line"
        [[ $output != *90* ]]
        memctl explain transparent_hugepage.enabled --json=short
        expect output '"manager":"tmpfiles.d"' '"manager":"kernel command line"'
        memctl explain hugepages.hugepages-1048576kB.nr_hugepages
        expect output "/proc/cmdline:1"
        cat >"$TREE/etc/memctl/profiles/mine.yaml" <<'END'
profile: mine
summary: swaps late
sysctl: {vm.swappiness: 40}
END
        memctl diff mine
        expect stderr "tuned sets vm.swappiness to 30, this profile to 40: take it out there"
        [[ $stderr != *99-mine* ]]
}
