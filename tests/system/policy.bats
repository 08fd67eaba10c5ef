#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What memctld does of itself on the live kernel: drift, conflicts, the boot guard.

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

# other_boot FILE…: what the state says of this boot was said by another one.
other_boot() {
        python3 -c 'import re, sys, zlib
for name in sys.argv[1:]:
    path = "/var/lib/memctl/" + name
    with open(path, encoding="utf-8") as file:
        records = [line.split(" ", 2)[2].rstrip("\n") for line in file]
    with open(path, "w", encoding="utf-8") as file:
        for text in records:
            text = re.sub(r"(\"boot-id\":\"[0-9a-f]{7})[0-9a-f]", r"\1x", text)
            file.write(f"memctl1 {zlib.crc32(text.encode()):08x} {text}\n")' "$@"
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

@test "a killed service is no crash of the machine; the guard's record goes when it is stopped" {
        profile_small
        systemctl start memctld.service
        memctl apply small
        memctl keep
        [ -e /var/lib/memctl/boot-guard ]
        pid=$(main_pid)
        kill -KILL "$pid"
        until_true 10 is_restarted_after "$pid"
        state_is kept
        [ -e /var/lib/memctl/boot-guard ]
        systemctl stop memctld.service
        [ ! -e /var/lib/memctl/boot-guard ]
        systemctl start memctld.service
        memctl revert
        no_knob_changed
}

@test "what was kept is quarantined when the boot before ended soon after without a shutdown" {
        unit_override <<<$'[Service]\nRestart=no'
        profile_small
        systemctl start memctld.service
        memctl apply small
        memctl keep
        kill -KILL "$(main_pid)"
        until_true 5 systemctl is-failed --quiet memctld.service
        other_boot boot-guard kept
        restore_knobs

        systemctl start memctld.service
        state_is idle
        no_knob_changed
        journal_has MEMCTL_EVENT=quarantined MEMCTL_PROFILE=small
        run memctl apply small
        echo "$output"
        [ "$status" -eq 3 ]
        [[ $output == *"memctl release small"* ]]
        memctl release small
        memctl apply small
        memctl revert
        no_knob_changed
        systemctl restart memctld.service
        state_is idle
        no_knob_changed
}
