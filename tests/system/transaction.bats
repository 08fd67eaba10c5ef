#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# All or nothing, on the real kernel.

load common

setup() {
        systemctl start memctld.service
}

@test "ten settings, the seventh refused by the kernel: none stays changed" {
        [ -e /proc/sys/vm/mmap_rnd_bits ] || skip 'this kernel has no mmap_rnd_bits'
        # 33 bits are right on other machines than x86, so only the kernel can know. The settings
        # stand in the order in which they are written.
        profile ten <<'END'
profile: ten
summary: nine that work and one that does not
sysctl:
  vm.min_free_kbytes: 70000
  vm.watermark_boost_factor: 15001
  vm.watermark_scale_factor: 11
  vm.compaction_proactiveness: 21
  vm.extfrag_threshold: 501
  vm.max_map_count: 65531
  vm.mmap_rnd_bits: 33
  vm.oom_dump_tasks: 0
  vm.stat_interval: 2
  vm.swappiness: 61
END
        run memctl apply ten
        echo "$output"
        [ "$status" -eq 3 ]
        [[ $output == *'vm.mmap_rnd_bits = 33: Invalid argument (step 7 of 10, '*'ten.yaml:10)'* ]]
        [[ $output == *'undone: '*'; nothing stays changed'* ]]
        for name in min_free_kbytes watermark_boost_factor watermark_scale_factor \
                compaction_proactiveness extfrag_threshold max_map_count; do
                [[ $output == *"vm.$name to $(knob "$name")"* ]]
        done
        no_knob_changed
        state_is idle
        journal_has MEMCTL_EVENT=refused MEMCTL_PROFILE=ten
}

@test "dirty_bytes over a live dirty_ratio, reverted, gives the ratio back" {
        [ "$(knob dirty_ratio)" -gt 0 ]
        profile bytes <<'END'
profile: bytes
summary: bytes in the place of ratios
sysctl:
  vm.dirty_bytes: 400MiB
  vm.dirty_background_bytes: 100MiB
END
        memctl apply bytes
        [ "$(knob dirty_bytes)" = 419430400 ]
        [ "$(knob dirty_ratio)" = 0 ]
        memctl revert
        no_knob_changed
}

@test "a knob changed from outside is left alone and named" {
        profile_small
        memctl apply small
        knob swappiness 77
        [[ $(property Drift) == *vm.swappiness* ]]
        run memctl revert
        echo "$output"
        [ "$status" -eq 0 ]
        [[ $output == *vm.swappiness* ]]
        [ "$(knob swappiness)" = 77 ]
        [ "$(knob vfs_cache_pressure)" = 100 ]
        journal_has MEMCTL_EVENT=left-alone
        knob swappiness 60
}

@test "a profile with an error changes nothing and says where it is" {
        profile bad <<'END'
profile: bad
summary: one good line, one bad
sysctl:
  vm.vfs_cache_pressure: 101
  vm.swapiness: 61
END
        run memctl apply bad
        echo "$output"
        [ "$status" -eq 3 ]
        [[ $output == *bad.yaml:5:3* ]]
        [[ $output == *vm.swappiness* ]]
        no_knob_changed
}

@test "every shipped profile is applied and reverted without a trace" {
        n=0
        for file in /usr/share/memctl/profiles/*.yaml; do
                name=$(basename "$file" .yaml)
                run memctl apply "$name"
                # 3: not for this machine, and says so.
                [ "$status" -eq 0 ] || [ "$status" -eq 3 ] || { echo "$name: $output"; false; }
                if [ "$status" -eq 0 ]; then
                        : $((++n))
                        memctl revert
                fi
                no_knob_changed || { echo "$name"; false; }
        done
        [ "$n" -gt 0 ]
}

@test "without keep in time a confirmed change is reverted" {
        profile_small
        memctl apply --confirm-within 3s small
        [ "$(knob swappiness)" = 61 ]
        until_true 10 state_is reverted
        no_knob_changed
}

@test "killed at any moment of apply and revert, it is never half" {
        profile_small
        for delay in 0.000 0.001 0.002 0.003 0.004 0.006 0.008 0.010 0.015 0.020; do
                (memctl apply small; memctl revert) >/dev/null 2>&1 &
                client=$!
                sleep "$delay"
                systemctl kill --signal=KILL memctld.service
                wait "$client" || true
                systemctl reset-failed
                systemctl restart memctld.service
                both="$(knob swappiness) $(knob vfs_cache_pressure)"
                [ "$both" = '60 100' ] || [ "$both" = '61 101' ] || { echo "$delay: $both"; false; }
                if [ "$both" = '61 101' ]; then
                        memctl revert
                fi
                no_knob_changed
        done
}
