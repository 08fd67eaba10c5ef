#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bats runs each test in a subshell; knobs_at_start is of common.bash.
# shellcheck disable=SC2030,SC2031,SC2154
# What the shipped unit lets the daemon do, seen from within the running service.

load common

setup() {
        systemctl start memctld.service
        pid=$(main_pid)
}

# As root with all capabilities, but in the mounts of the service: only they are in the way.
within() {
        nsenter --target "$pid" --mount -- "$@"
}

# status_of FIELD: of /proc/PID/status.
status_of() {
        sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"
}

# A knob of each folder that this kernel has, as lines of a profile: each set to another value than
# it has.
another_value() {
        local live

        live=$(<"$1")
        case $live in
        Y) echo no ;;
        N) echo yes ;;
        *) echo $((live == 1 ? 0 : live + 1)) ;;
        esac
}

section() {
        local heading=$1 name=$2 file=$3

        [[ -w $file ]] || return 0
        printf '%s:\n  %s: %s\n' "$heading" "$name" "$(another_value "$file")"
        echo "$file" >>/run/memctl-test.touched
}

# "  a.b: 1" as a block each.
nest() {
        sed -E 's/^  (node0)\.(.*)\.(.*)/  \1:\n    \2:\n      \3/; s/^  ([^:]*)\.(.*)/  \1:\n    \2/'
}

profile_everywhere() {
        local node=/sys/devices/system/node/node0/hugepages/hugepages-2048kB mm=/sys/kernel/mm

        : >/run/memctl-test.touched
        {
                printf 'profile: everywhere\nsummary: a knob of each folder\n'
                section sysctl vm.swappiness /proc/sys/vm/swappiness
                section transparent_hugepage use_zero_page $mm/transparent_hugepage/use_zero_page
                section ksm sleep_millisecs $mm/ksm/sleep_millisecs
                section lru_gen min_ttl_ms $mm/lru_gen/min_ttl_ms
                section zswap max_pool_percent /sys/module/zswap/parameters/max_pool_percent
                section hugepages hugepages-2048kB.nr_overcommit_hugepages \
                        $mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages | nest
                section hugepages node0.hugepages-2048kB.nr_hugepages $node/nr_hugepages |
                        tail -n 1 | nest
        } | profile everywhere
}

@test "a knob of each folder is written and restored by the service" {
        profile_everywhere
        cat /etc/memctl/profiles/everywhere.yaml
        run memctl apply everywhere
        echo "$output"
        [ "$status" -eq 0 ]
        run knobs_changed "$knobs_at_start"
        echo "$output"
        while read -r file; do
                [[ $output == *"$file: was"* ]] || { echo "$file was not written"; false; }
        done </run/memctl-test.touched
        memctl revert
        no_knob_changed
}

@test "no mount is writable but the state, the runtime folder, the knobs, the cgroups" {
        # /proc itself is the processes; what is below it and no process is mounted over.
        expected='^(/proc|/var/lib/memctl|/run/memctl|/proc/sys/vm|/sys/fs/cgroup(/.*)?'
        expected+='|/sys/kernel/mm/(transparent_hugepage|hugepages|ksm|lru_gen)'
        expected+='|/sys/module/zswap/parameters|/sys/devices/system/node'
        # What nspawn itself puts into a container; no machine has it.
        expected+='|/run/host/(os-release|incoming))$'
        # What lies below a later mount is out of reach: the last of a mount point counts.
        run awk '{ options[$5] = $6 } END { for (m in options) if (options[m] ~ /^rw/) print m }' \
                "/proc/$pid/mountinfo"
        echo "$output"
        while read -r mount; do
                [[ $mount =~ $expected ]] || { echo "$mount is writable"; false; }
        done <<<"$output"
        for folder in /proc/sys/vm /sys/kernel/mm/transparent_hugepage /var/lib/memctl /run/memctl; do
                grep -qx "$folder" <<<"$output"
        done
}

@test "nothing can be made in /etc, /usr, /var, /run, /tmp, /dev, /home or /root" {
        for folder in / /etc /etc/memctl /usr /usr/share/memctl/profiles /var /var/lib /var/log \
                /var/log/journal /run /run/systemd /run/log/journal /dev /boot /home /root /srv; do
                [[ -d $folder ]] || continue
                run within touch "$folder/memctl-test"
                [ "$status" -ne 0 ] || { echo "$folder is writable"; false; }
        done
        for folder in /tmp /var/tmp /dev/shm; do
                # An empty, read-only folder of mode 000 lies over it.
                run within touch "$folder/memctl-test"
                [ "$status" -ne 0 ] || { echo "$folder is writable"; false; }
        done
        for file in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/fs/file-max \
                /sys/kernel/profiling /sys/power/state; do
                [[ -e $file ]] || continue
                run within sh -c "exec 3>>$file"
                [ "$status" -ne 0 ] || { echo "$file can be opened for writing"; false; }
        done
        within touch /var/lib/memctl/memctl-test /run/memctl/memctl-test
        rm /var/lib/memctl/memctl-test /run/memctl/memctl-test
}

@test "one capability, no new privileges, a system call filter, no network" {
        # CAP_SYS_RESOURCE, unless whoever runs this container has it not.
        has=0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/1/status)
        [ $((0x$(status_of CapBnd))) = $((has & 1 << 24)) ]
        [ $((0x$(status_of CapEff))) = $((has & 1 << 24)) ]
        [ "$(status_of CapAmb)" = 0000000000000000 ]
        [ "$(status_of NoNewPrivs)" = 1 ]
        [ "$(status_of Seccomp)" = 2 ]
        [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/1/ns/net)" ]
        # Lowering it asks for the same capability.
        if ((has & 1 << 24)); then
                [ "$(cat "/proc/$pid/oom_score_adj")" = -900 ]
        fi
        [[ $(<"/proc/$pid/cgroup") == *0::*/memctld.service* ]]
        [[ $(<"/proc/$pid/cgroup") != *system.slice* ]]
}

# memory_kb FIELD: of status, in KiB.
memory_kb() {
        status_of "$1" | sed 's/ kB$//'
}

@test "its memory is locked, and little" {
        # A container that may not raise limits gives the service none of its LimitMEMLOCK=.
        if ! ((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/1/status) & 1 << 24)); then
                unit_override <<<$'[Service]\nCapabilityBoundingSet=CAP_IPC_LOCK'
                systemctl restart memctld.service
                pid=$(main_pid)
        fi
        echo "locked $(memory_kb VmLck) kB of $(memory_kb VmSize), resident $(memory_kb VmRSS)"
        # All but what the kernel itself maps.
        [ "$(memory_kb VmLck)" -ge $(($(memory_kb VmSize) - 64)) ]
        [ "$(memory_kb VmRSS)" -le 12288 ]
        run journalctl --quiet --output=cat _PID="$pid"
        [[ $output != *'cannot lock'* ]]
}

@test "without its capability a knob is refused, and the message names the drop-in" {
        [ -e /proc/sys/vm/mmap_min_addr ] || skip 'this kernel has no mmap_min_addr'
        profile hardening <<'END'
profile: hardening
summary: a knob that asks for CAP_SYS_RAWIO
sysctl:
  vm.swappiness: 61
  vm.mmap_min_addr: 65537
END
        run memctl apply hardening
        echo "$output"
        [ "$status" -eq 3 ]
        [[ $output == *'vm.mmap_min_addr = 65537: Operation not permitted'*CAP_SYS_RAWIO*memctld\(8\)* ]]
        no_knob_changed

        # The drop-in of memctld(8).
        unit_override <<<$'[Service]\nCapabilityBoundingSet=CAP_SYS_RAWIO\nPrivateDevices=no'
        systemctl restart memctld.service
        memctl apply hardening
        [ "$(knob mmap_min_addr)" = 65537 ]
        memctl revert
        no_knob_changed
}

@test "a pressure file of a cgroup can be opened for a trigger, and the journal's files be read" {
        within sh -c 'exec 3<>/proc/pressure/memory'
        cgroup=/sys/fs/cgroup/system.slice/memory.pressure
        [ ! -e "$cgroup" ] || within sh -c "exec 3<>$cgroup"
        # By the owner's own permission: the service has no CAP_DAC_READ_SEARCH.
        file=$(find /run/log/journal /var/log/journal -name system.journal 2>/dev/null | head -n 1)
        [ -n "$file" ]
        [ "$(stat -c %u "$file")" = 0 ]
        within setpriv --bounding-set=-all --inh-caps=-all head -c 8 "$file" | grep -q LPKSHHRH
}

@test "the loaded unit is exposed by at most 1.5" {
        run systemd-analyze security --no-pager memctld.service
        overall=$(grep 'Overall exposure' <<<"$output")
        echo "$overall"
        [[ $overall =~ :\ ([0-9]+)\.([0-9]) ]]
        ((BASH_REMATCH[1] * 10 + BASH_REMATCH[2] <= 15))
}

# sandboxed COMMAND…: in a service with each setting of the shipped one but what it starts and its
# own folders, and the line $sandboxed_with. Its output is $output.
sandboxed() {
        local unit=memctl-sandboxed.service file=/run/memctl-test.output

        sed -E -e '/^(Type|NotifyAccess|Exec|Restart|Watchdog|StateD|RuntimeD|\[Install|WantedBy)/d' \
                -e "/^\\[Service\\]/a Type=oneshot\\nStandardOutput=truncate:$file" \
                -e "/^\\[Service\\]/a ExecStart=$*\\n${sandboxed_with:-}" \
                /usr/lib/systemd/system/memctld.service >"/run/systemd/system/$unit"
        systemctl daemon-reload
        if ! systemctl start "$unit"; then
                journalctl --quiet --output=cat _SYSTEMD_UNIT="$unit"
                return 1
        fi
        output=$(<"$file")
        rm "/run/systemd/system/$unit" "$file"
}

@test "a kill is read from the journal in it, be it on a disk or not" {
        { : </dev/kmsg; } 2>/dev/null || skip "the kernel's log may not be read here"
        [ -e /memctl-test/memcg/memory.limit_in_bytes ] || skip 'no memory cgroup of version 1 here'
        memcg=/memctl-test/memcg/kill-$SRANDOM
        mkdir "$memcg"
        echo 16M >"$memcg/memory.limit_in_bytes"
        echo 0 >"$memcg/memory.swappiness"
        since=@$(date +%s)
        run timeout 20 /memctl-test/system/load touch 64 1 "$memcg"
        [ "$status" -eq 137 ]
        until_true 5 rmdir "$memcg"
        has_kill() {
                memctl oom --list --since "$since" | grep -q 'killed load'
        }
        until_true 20 has_kill

        sandboxed /usr/bin/memctl oom --list --since "$since"
        echo "$output"
        grep 'killed load' <<<"$output"
        # As on a machine that keeps its journal.
        mkdir -p /var/log/journal
        cp -a /run/log/journal/. /var/log/journal/
        sandboxed_with=InaccessiblePaths=/run/log/journal
        sandboxed /usr/bin/memctl oom --list --since "$since"
        rm -rf /var/log/journal
        echo "$output"
        grep 'killed load' <<<"$output"
}

@test "in it: apply, drift, keep, reload, trial, revert" {
        profile_small
        sed 's/small/other/; s/61/62/' /etc/memctl/profiles/small.yaml | profile other
        memctl apply small
        knob swappiness 63
        memctl status | grep 'vm.swappiness'
        knob swappiness 61
        memctl keep
        state_is kept
        memctl reload
        systemctl reload memctld.service
        memctl trial other
        state_is trial
        memctl trial --stop
        until_true 10 state_is kept
        memctl revert
        no_knob_changed
        memctl report >/dev/null
        memctl events >/dev/null
        # Nothing was refused on the way.
        journalctl --sync
        run journalctl --quiet --output=cat _PID="$pid"
        echo "$output"
        [[ $output != *'Operation not permitted'* && $output != *'Read-only file system'* ]]
}
