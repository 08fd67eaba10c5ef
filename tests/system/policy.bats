#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What memctld does of itself on the live kernel: drift and conflicts.

load common

setup() {
        install -D -m 0644 /dev/stdin /etc/memctl/memctld.conf.d/test.conf \
                <<<$'[Daemon]\nSampleInterval=1s\nDriftInterval=1s'
}

conflict_file=/etc/sysctl.d/90-memctl-test.conf

# knobs_read SWAPPINESS DIRTY_BYTES DIRTY_RATIO
knobs_read() {
        [[ "$(knob swappiness) $(knob dirty_bytes) $(knob dirty_ratio)" == "$*" ]]
}

told() {
        memctl events --json=short | grep -q "\"type\":\"$1\""
}

@test "systemd-sysctl sets a knob again: the apply names its file, the drift says who" {
        echo 'vm.swappiness = 62' >"$conflict_file"
        profile_small
        systemctl start memctld.service
        run memctl apply small
        echo "$output"
        [[ $output == *"sysctl.d sets vm.swappiness to 62 ($conflict_file:1)"* ]]

        /usr/lib/systemd/systemd-sysctl "$conflict_file"
        [ "$(knob swappiness)" = 62 ]
        until_true 5 journal_has MEMCTL_EVENT=drift MEMCTL_FIELD_KNOB=vm.swappiness \
                MEMCTL_FIELD_LIVE=62
        run memctl status
        echo "$output"
        [[ $output == *"vm.swappiness was set to 61, is 62 since "* ]]
        [[ $output == *"$conflict_file:1"* ]]

        rm "$conflict_file"
        memctl revert
        [ "$(knob swappiness)" = 62 ]
        [ "$(knob vfs_cache_pressure)" = 100 ]
        knob swappiness 60
        no_knob_changed
}

@test "a repair sets knobs of every kind again, and leaves vm.min_free_kbytes alone" {
        profile fights <<'END'
profile: fights
summary: a plain knob, a pair, huge pages
drift: repair
sysctl:
  vm.swappiness: 61
  vm.dirty_bytes: 400MiB
  vm.dirty_background_bytes: 100MiB
transparent_hugepage:
  enabled: always
END
        free_before=$(knob min_free_kbytes)
        systemctl start memctld.service
        memctl apply fights
        knob swappiness 62
        knob dirty_ratio 30
        echo never >/sys/kernel/mm/transparent_hugepage/enabled
        knob min_free_kbytes 70001 # after the kernel has made it anew
        until_true 5 grep -q '\[always\]' /sys/kernel/mm/transparent_hugepage/enabled
        until_true 5 knobs_read 61 419430400 0
        [ "$(knob min_free_kbytes)" = 70001 ]

        memctl revert
        [ "$(knob min_free_kbytes)" = 70001 ]
        knob min_free_kbytes "$free_before"
        no_knob_changed
}

@test "two that fight over a knob: three repairs, then it is left alone and told" {
        profile fights <<'END'
profile: fights
summary: one knob
sysctl:
  vm.swappiness: {value: 61, drift: repair}
END
        systemctl start memctld.service
        memctl apply fights
        for ((i = 0; i < 60; i++)); do
                knob swappiness 62
                ! told drift || break
                sleep 0.2
        done
        told drift
        [ "$(memctl events --json=short | grep -o '"type":"repaired"' | wc -l)" = 3 ]
        sleep 2
        [ "$(knob swappiness)" = 62 ]
        memctl revert
        knob swappiness 60
        no_knob_changed
}
